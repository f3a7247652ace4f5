"""Exercises of 10, first part: how many times as fast."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import mean, median

from rcrlib.bench import Times
from rcrlib.course.exercise import Draw, Exercise, Mistake, Property
from rcrlib.course.lessons.l10_fast import LESSON

Seconds = Sequence[float]


def times_as_fast(slow: Seconds, fast: Seconds) -> float:
    """Return the median over all rounds of how many times as long `slow` took as `fast`."""
    return Times(tuple(slow)).over(Times(tuple(fast)))


def _rounds(draw: Draw, count: int) -> tuple[list[float], list[float]]:
    """Draw rounds on a machine that something else makes up to four times as slow."""
    load = [1 + 3 * draw.uniform(1).item() for _ in range(count)]
    gains = [1.5 + draw.uniform(1).item() for _ in range(count)]
    pairs = list(zip(load, gains, strict=True))
    return [busy * gain for busy, gain in pairs], [busy for busy, _ in pairs]


def _one_disturbed(draw: Draw) -> tuple[list[float], list[float]]:
    slow, fast = _rounds(draw, 5)
    fast[draw.integer(0, 4)] *= 20
    return slow, fast


def _always_half(draw: Draw) -> tuple[list[float], list[float]]:
    _, fast = _rounds(draw, 5)
    return [2 * seconds for seconds in fast], fast


TIMES_AS_FAST = Exercise(
    name="times_as_fast",
    notebook=LESSON.stem,
    asks="Say in one number how many times as fast one variant is, from rounds taken in turn.",
    difficulty=1,
    minutes=6,
    reference=times_as_fast,
    properties=(
        Property(
            "give 2 where the fast one takes half as long in every round, however busy the machine",
            _always_half,
            expected=lambda slow, fast: 2.0,
        ),
        Property("hardly move when one of five rounds is disturbed", _one_disturbed),
        Property("be the median of the rounds' own ratios", lambda draw: _rounds(draw, 7)),
    ),
    mistakes=(
        Mistake(
            "the ratio upside down",
            "Your number is below 1 where the second variant is faster. How many times as fast is"
            " something that takes half as long?",
            lambda slow, fast: 1 / times_as_fast(slow, fast),
        ),
        Mistake(
            "means in place of medians",
            "One disturbed round moves your number a lot: a mean follows every outlier. Which"
            " middle does not?",
            lambda slow, fast: mean(slow) / mean(fast),
        ),
        Mistake(
            "the mean of the ratios",
            "You take the ratio of each round, which is right, and then their mean: one disturbed"
            " round is enough to move it.",
            lambda slow, fast: mean(s / f for s, f in zip(slow, fast, strict=True)),
        ),
        Mistake(
            "the ratio of the medians",
            "Your two medians may stem from different rounds, one busy, one quiet. Divide within a"
            " round first.",
            lambda slow, fast: median(slow) / median(fast),
        ),
        Mistake(
            "the ratio of the shortest times",
            "Your two shortest times may stem from different rounds, and say nothing of the rest."
            " Divide within a round first.",
            lambda slow, fast: min(slow) / min(fast),
        ),
    ),
    hints=(
        "Both times of a round were taken under the same load. What does that load do to their"
        " ratio?",
        "Divide round by round: `[s / f for s, f in zip(slow, fast)]`. `median` of that list is not"
        " moved by one odd round.",
    ),
    solution="A load that slows both runs of a round cancels in their ratio, and a median ignores"
    " the odd round in which it hit only one.",
)

EXERCISES = (TIMES_AS_FAST,)
