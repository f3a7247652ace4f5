"""Exercises of 01, first part: precision and recall over thresholds, and F (paper 4.1)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from rcrlib.course.exercise import Draw, Exercise, Mistake, Property
from rcrlib.course.lessons.l01_metrics import LESSON
from rcrlib.metrics import BETA_SQUARED, f_measure

HEIGHT, WIDTH = 5, 7


def single(answer: Any) -> tuple[Tensor, ...] | Tensor:
    """Return an answer in float32: counts may be divided in any type."""
    if isinstance(answer, tuple):
        return tuple(torch.as_tensor(part).float() for part in answer)
    return torch.as_tensor(answer).float()


# ---- precision and recall


def precision_and_recall(levels: Tensor, mask: Tensor, thresholds: Tensor) -> tuple[Tensor, Tensor]:
    """Return precision and recall at each threshold, (N,) both; 0 where nothing is to divide by."""
    return _shares(levels >= thresholds[:, None, None], mask)


def _shares(found: Tensor, mask: Tensor, least: int = 1) -> tuple[Tensor, Tensor]:
    hits = (found & mask).sum(dim=(1, 2))
    return hits / found.sum(dim=(1, 2)).clamp(min=least), hits / mask.sum().clamp(min=least)


def _above(levels: Tensor, mask: Tensor, thresholds: Tensor) -> tuple[Tensor, Tensor]:
    return _shares(levels > thresholds[:, None, None], mask)


def _unguarded(levels: Tensor, mask: Tensor, thresholds: Tensor) -> tuple[Tensor, Tensor]:
    return _shares(levels >= thresholds[:, None, None], mask, least=0)


def _of_all_pixels(levels: Tensor, mask: Tensor, thresholds: Tensor) -> tuple[Tensor, Tensor]:
    _, recall = precision_and_recall(levels, mask, thresholds)
    found = levels >= thresholds[:, None, None]
    return (found == mask).float().mean(dim=(1, 2)), recall


def _soft(levels: Tensor, mask: Tensor, thresholds: Tensor) -> tuple[Tensor, Tensor]:
    kept = levels * (levels >= thresholds[:, None, None])
    hits = (kept * mask).sum(dim=(1, 2))
    return hits / kept.sum(dim=(1, 2)).clamp(min=1), hits / (255 * mask.sum().clamp(min=1))


def _map(draw: Draw, low: int = 0, high: int = 15) -> Tensor:
    """Draw levels that are multiples of 17, so that some lie exactly at a threshold."""
    return 17 * draw.uniform(HEIGHT, WIDTH, low=low, high=high + 1).floor().clamp(max=high)


def _true(draw: Draw) -> Tensor:
    mask = draw.mask(HEIGHT, WIDTH, share=0.4).bool()
    mask[0, 0], mask[0, 1] = True, False  # neither empty nor full, whatever is drawn
    return mask


def _thresholds(draw: Draw) -> Tensor:
    return 51 * torch.arange(6, dtype=draw.dtype)


def _perfect(draw: Draw) -> tuple[Tensor, ...]:
    mask = _true(draw)
    return 255 * mask.to(draw.dtype), mask, torch.tensor([51, 128, 204], dtype=draw.dtype)


def _nothing_found(draw: Draw) -> tuple[Tensor, ...]:
    return _map(draw, high=5), _true(draw), torch.tensor([128, 255], dtype=draw.dtype)


def _nothing_there(draw: Draw) -> tuple[Tensor, ...]:
    return _map(draw, low=1), torch.zeros(HEIGHT, WIDTH, dtype=torch.bool), _thresholds(draw)[:2]


PRECISION_AND_RECALL = Exercise(
    name="precision_and_recall",
    notebook=LESSON.stem,
    asks="Write precision and recall of one map, at several thresholds.",
    difficulty=2,
    minutes=8,
    reference=precision_and_recall,
    properties=(
        Property(
            "give 1 and 1 at every threshold where the map is the mask itself",
            _perfect,
            of=single,
        ),
        Property("give precision 0, not NaN, where nothing is found", _nothing_found, of=single),
        Property("give recall 0, not NaN, where the mask is empty", _nothing_there, of=single),
        Property(
            "be precision and recall of what is at the threshold or above",
            lambda draw: (_map(draw), _true(draw), _thresholds(draw)),
            of=single,
        ),
    ),
    mistakes=(
        Mistake(
            "> in place of >=",
            "A pixel exactly at the threshold is left out, and at 255 you find nothing at all. What"
            " is at the threshold counts as salient.",
            _above,
        ),
        Mistake(
            "precision and recall in the wrong order",
            "Precision and recall have changed places: precision is a share of what was found,"
            " recall a share of what is true.",
            lambda levels, mask, thresholds: precision_and_recall(levels, mask, thresholds)[::-1],
        ),
        Mistake(
            "division by zero",
            "Where nothing is found, or nothing is there, you divide 0 by 0. There are no hits"
            " then: divide by at least 1.",
            _unguarded,
        ),
        Mistake(
            "accuracy in place of precision",
            "Your precision asks of all pixels whether they are right, the background's included;"
            " precision asks only those that were found.",
            _of_all_pixels,
        ),
        Mistake(
            "levels are summed, not pixels counted",
            "You add up the levels of what is found. Once the threshold has decided, each pixel"
            " counts as one, however bright.",
            _soft,
        ),
    ),
    hints=(
        "`levels >= thresholds[:, None, None]` compares the map with each threshold: (N, H, W)."
        " What is found *and* true is a hit.",
        "Count hits by `(found & mask).sum(dim=(1, 2))`. Precision divides them by what is found,"
        " recall by `mask.sum()`; `.clamp(min=1)` keeps a count from being 0.",
    ),
    solution="Three counts are all there is: found, true, and both. Lowering the threshold can only"
    " find more, so recall never falls on the way down; precision may go either way.",
)

# ---- F


def f_beta(precision: Tensor, recall: Tensor) -> Tensor:
    """Return F with beta squared = 0.3, of the shape of its arguments; 0 where both are 0."""
    return f_measure(precision, recall)


def _f_of(beta_squared: float, precision: Tensor, recall: Tensor) -> Tensor:
    below = beta_squared * precision + recall
    return (1 + beta_squared) * precision * recall / torch.where(below > 0, below, 1)


def _f_unguarded(precision: Tensor, recall: Tensor) -> Tensor:
    return 1.3 * precision * recall / (0.3 * precision + recall)


def _shares_with_zeros(draw: Draw) -> tuple[Tensor, Tensor]:
    precision, recall = draw.uniform(2, 6), draw.uniform(2, 6)
    precision[0, 2] = recall[0, 2] = 0
    return precision, recall


F_BETA = Exercise(
    name="f_beta",
    notebook=LESSON.stem,
    asks="Write F: one number for precision and recall.",
    difficulty=1,
    minutes=5,
    reference=f_beta,
    properties=(
        Property(
            "be 1 where precision and recall both are 1",
            lambda draw: (torch.ones(3, dtype=draw.dtype), torch.ones(3, dtype=draw.dtype)),
        ),
        Property(
            "be 0, not NaN, where precision and recall both are 0",
            lambda draw: (torch.zeros(3, dtype=draw.dtype), torch.zeros(3, dtype=draw.dtype)),
        ),
        Property("be F with β² = 0.3, value by value", _shares_with_zeros),
    ),
    mistakes=(
        Mistake(
            "beta in place of beta squared",
            "You square 0.3 once more. It is β² that is 0.3 in the paper, not β.",
            lambda precision, recall: _f_of(BETA_SQUARED**2, precision, recall),
        ),
        Mistake(
            "beta squared = 1",
            "Precision and recall count alike in yours; with β² = 0.3 precision weighs more.",
            lambda precision, recall: _f_of(1.0, precision, recall),
        ),
        Mistake(
            "beta squared on the wrong one",
            "β² stands at recall in your denominator; there it has to multiply precision.",
            lambda precision, recall: _f_of(BETA_SQUARED, recall, precision),
        ),
        Mistake(
            "division by zero",
            "Where precision and recall both are 0 you divide 0 by 0. F is 0 there: see to the"
            " denominator.",
            _f_unguarded,
        ),
        Mistake(
            "1 + beta squared is missing",
            "A perfect map should have F = 1. Which factor stands in front of the fraction?",
            lambda precision, recall: _f_of(BETA_SQUARED, precision, recall) / (1 + BETA_SQUARED),
        ),
        Mistake(
            "an arithmetic mean",
            "You average precision and recall. F is a harmonic mean: where one of the two is near"
            " 0, so is F.",
            lambda precision, recall: (precision + BETA_SQUARED * recall) / (1 + BETA_SQUARED),
        ),
    ),
    hints=(
        "Write the fraction as it stands, with `b2 = 0.3`. Then ask when its denominator is 0.",
        "With `below = b2 * precision + recall`, divide by `below.clamp(min=1e-12)`: where it is"
        " 0, so is what stands above.",
    ),
    solution="F is a weighted harmonic mean, so the smaller of the two decides. With β² = 0.3"
    " precision weighs about three times as much as recall.",
)

EXERCISES = (PRECISION_AND_RECALL, F_BETA)
