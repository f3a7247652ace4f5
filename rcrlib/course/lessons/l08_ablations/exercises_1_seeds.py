"""Exercises of 08, first part: numbers over seeds, and differences of two rows."""

from __future__ import annotations

from typing import Any

import torch
from scipy import stats
from torch import Tensor

from rcrlib.course.exercise import Draw, Exercise, Mistake, Property, shape_of
from rcrlib.course.lessons.l08_ablations import LESSON
from rcrlib.experiments import over_seeds


def numbers(answer: Any) -> Tensor | tuple[Tensor, ...]:
    """Return an answer in float32, whatever kinds of numbers it is made of."""
    if isinstance(answer, (tuple, list)):
        return tuple(torch.as_tensor(part).float() for part in answer)
    return torch.as_tensor(answer).float()


# ---- mean and deviation


def mean_and_deviation(scores: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and sample deviation of each row (rows, seeds)."""
    return scores.mean(dim=1), scores.std(dim=1)


MEAN_AND_DEVIATION = Exercise(
    name="mean_and_deviation",
    notebook=LESSON.stem,
    asks="Write the ± of a table: mean and deviation over seeds.",
    difficulty=1,
    minutes=5,
    reference=mean_and_deviation,
    properties=(
        Property(
            "give two numbers for each row: (rows,) each",
            lambda draw: (draw.uniform(4, 3),),
            of=shape_of,
        ),
        Property(
            "give a deviation of 0 where all seeds agree",
            lambda draw: (draw.uniform(4, 1).expand(4, 3).contiguous(),),
        ),
        Property(
            "divide the squares by n - 1 before the root is taken",
            lambda draw: (draw.uniform(4, 3),),
        ),
    ),
    mistakes=(
        Mistake(
            "population deviation",
            "Your deviation divides by n. The mean was fitted to the same seeds, which takes one"
            " of them away: divide by n - 1.",
            lambda scores: (scores.mean(dim=1), scores.std(dim=1, correction=0)),
        ),
        Mistake(
            "standard error in place of the deviation",
            "You also divide by the root of n. That is the uncertainty of the mean; the deviation"
            " says how far single seeds lie apart.",
            lambda scores: (scores.mean(dim=1), scores.std(dim=1) / scores.shape[1] ** 0.5),
        ),
        Mistake(
            "variance in place of the deviation",
            "This is the variance; its unit is points squared. Take the root.",
            lambda scores: (scores.mean(dim=1), scores.var(dim=1)),
        ),
        Mistake(
            "over rows in place of seeds",
            "You average over the rows of the table. Seeds are dimension 1.",
            lambda scores: (scores.mean(dim=0), scores.std(dim=0)),
        ),
    ),
    hints=(
        "Two lines of PyTorch: a mean and a deviation, both over `dim=1`.",
        "`scores.std(dim=1)` divides by n - 1 already; NumPy's `std` does not.",
    ),
    solution="Three seeds are a sample of all seeds there could be. Divided by n, their spread"
    " comes out too small on average; n - 1 mends that for the variance.",
)

# ---- the interval of a paired difference


def paired_interval(first: Tensor, second: Tensor) -> tuple[float, float, float]:
    """Return mean, low and high of first less second, paired by seed, at 95 %."""
    found = over_seeds(first.tolist(), second.tolist())
    assert found.low is not None
    assert found.high is not None
    return found.mean, found.low, found.high


def _around(mean: Tensor, half: Tensor | float) -> tuple[Tensor, Tensor, Tensor]:
    return mean, mean - half, mean + half


def _interval(
    first: Tensor,
    second: Tensor,
    *,
    lost: int = 1,
    share: float = 0.975,
    correction: int = 1,
    root: float = 0.5,
    normal: bool = False,
) -> tuple[Tensor, Tensor, Tensor]:
    d = first - second
    n = len(d)
    quantile = stats.norm.ppf(share) if normal else stats.t.ppf(share, n - lost)
    return _around(d.mean(), float(quantile) * d.std(correction=correction) / n**root)


def _unpaired(first: Tensor, second: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    n = len(first)
    error = ((first.var() + second.var()) / n) ** 0.5
    return _around((first - second).mean(), float(stats.t.ppf(0.975, n - 1)) * error)


def _pair(seeds: int, draw: Draw) -> tuple[Tensor, Tensor]:
    """Draw two rows that share the luck of their seeds."""
    luck = draw.uniform(seeds, low=0.4, high=0.6)
    return luck + draw.normal(seeds, scale=0.02), luck + draw.normal(seeds, scale=0.02)


def _shifted(draw: Draw) -> tuple[Tensor, Tensor]:
    second = draw.uniform(4, low=0.4, high=0.6)
    return second + 0.125, second


PAIRED_INTERVAL = Exercise(
    name="paired_interval",
    notebook=LESSON.stem,
    asks="Write the 95 % interval of a difference, paired by seed.",
    difficulty=2,
    minutes=8,
    reference=paired_interval,
    properties=(
        Property(
            "give the mean of first less second as the first of three numbers",
            lambda draw: _pair(3, draw),
            of=lambda answer: numbers(answer)[0],
        ),
        Property(
            "shrink to a point where first leads by the same at every seed",
            _shifted,
            expected=lambda first, second: numbers((0.125, 0.125, 0.125)),
            of=numbers,
        ),
        Property("be Student's interval of three seeds", lambda draw: _pair(3, draw), of=numbers),
        Property("be Student's interval of eight seeds", lambda draw: _pair(8, draw), of=numbers),
    ),
    mistakes=(
        Mistake(
            "not paired",
            "You take the deviation of each row and add the two. What seeds have in common is in"
            " both; subtract seed by seed first, then look at the spread.",
            _unpaired,
        ),
        Mistake(
            "1.96 in place of Student's t",
            "1.96 is for a deviation that one knows. Yours was estimated from a few seeds; with"
            " three, Student's t asks for 4.30.",
            lambda first, second: _interval(first, second, normal=True),
        ),
        Mistake(
            "the root of n is missing",
            "Your interval is for one more seed. The mean of n differences is more certain, by"
            " the root of n.",
            lambda first, second: _interval(first, second, root=0),
        ),
        Mistake(
            "one tail",
            "You leave out 5 % on each side, which is 10 %. For 95 % leave 2.5 % on either.",
            lambda first, second: _interval(first, second, share=0.95),
        ),
        Mistake(
            "n degrees of freedom",
            "The mean has used up one of your differences: n - 1 degrees of freedom.",
            lambda first, second: _interval(first, second, lost=0),
        ),
        Mistake(
            "population deviation",
            "Your deviation of the differences divides by n; a sample's divides by n - 1.",
            lambda first, second: _interval(first, second, correction=0),
        ),
        Mistake(
            "second less first",
            "The sign is turned round: positive has to mean that first is better.",
            lambda first, second: _interval(second, first),
        ),
    ),
    hints=(
        "Begin with `d = first - second`, one number a seed; from there on forget the two rows.",
        "Half the width is `stats.t.ppf(0.975, n - 1) * d.std() / n ** 0.5`. Give the mean, the"
        " mean less that, and the mean plus that.",
    ),
    solution="Subtracting seed by seed removes all luck that both rows share. What is left is"
    " small, but known from n - 1 degrees of freedom only, and Student's t pays for that.",
)

EXERCISES = (MEAN_AND_DEVIATION, PAIRED_INTERVAL)
