"""Exercises of 10, fourth part: how much of a dilated kernel reads anything."""

from __future__ import annotations

from rcrlib.course.exercise import Exercise, Mistake, Property
from rcrlib.course.lessons.l10_fast import LESSON


def useful_share(side: int, rate: int) -> float:
    """Return the share of a dilated 3 x 3 kernel's reads that fall on the map, over all outputs."""
    return ((side + 2 * max(0, side - rate)) / (3 * side)) ** 2


def _inside(side: int, rate: int) -> int:
    """Count the outputs along an axis of which all taps read the map."""
    return max(0, side - 2 * rate)


USEFUL_SHARE = Exercise(
    name="useful_share",
    notebook=LESSON.stem,
    asks="Give the share of all reads of a dilated 3 x 3 convolution that fall on the map.",
    difficulty=2,
    minutes=7,
    reference=useful_share,
    properties=(
        Property(
            "be (7/9)² at rate 1 on a map of 3 x 3",
            lambda draw: (3, 1),
            expected=lambda side, rate: (7 / 9) ** 2,
        ),
        Property(
            "be 1/9 where only the middle tap is ever on the map",
            lambda draw: (draw.integer(5, 12), draw.integer(12, 18)),
            expected=lambda side, rate: 1 / 9,
        ),
        Property(
            "be right for any side and rate",
            lambda draw: (draw.integer(20, 40), draw.integer(2, 9)),
        ),
    ),
    mistakes=(
        Mistake(
            "one axis only",
            "You count along one axis. The kernel has two, and a tap must be inside along both.",
            lambda side, rate: useful_share(side, rate) ** 0.5,
        ),
        Mistake(
            "the share of the padding",
            "You give the share that reads padding; what is asked is the rest.",
            lambda side, rate: 1 - useful_share(side, rate),
        ),
        Mistake(
            "negative counts",
            "Beyond a rate as large as the map a shifted tap has no place left to read, not a"
            " negative number of places.",
            lambda side, rate: ((side + 2 * (side - rate)) / (3 * side)) ** 2,
        ),
        Mistake(
            "whole kernels counted",
            "You count outputs whose nine taps are all inside. Near the border some taps still"
            " read the map.",
            lambda side, rate: (_inside(side, rate) / side) ** 2,
        ),
        Mistake(
            "one shifted tap too few",
            "Along an axis two of the three taps are shifted, one to each side; you let only one"
            " of them lose places.",
            lambda side, rate: ((2 * side + max(0, side - rate)) / (3 * side)) ** 2,
        ),
    ),
    hints=(
        "Along one axis first: the kernel has three taps and the map `side` outputs. Of how many"
        " outputs does the tap that is shifted by `rate` lie on the map?",
        "The middle tap is always inside: `side` reads. Each shifted one is inside for"
        " `max(0, side - rate)`. The share of all `3 * side` reads, along both axes, is a square.",
    ),
    solution="The axes are independent, so the share is a square: at rate 18 on 28 x 28 a shifted"
    " tap finds the map for 10 of 28 outputs along an axis, and of all reads a third is left.",
)

EXERCISES = (USEFUL_SHARE,)
