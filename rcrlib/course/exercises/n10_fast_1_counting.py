"""Exercises of 10, first part: how many times as fast, and how much of a kernel works."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import mean, median

from rcrlib.bench import Times
from rcrlib.course.exercise import Draw, Exercise, Mistake, Property

NOTEBOOK = "10_fast"

Seconds = Sequence[float]

# ---- how many times as fast


def times_as_fast(slow: Seconds, fast: Seconds) -> float:
    """Give the median over all rounds of how many times as long `slow` took as `fast`."""
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
    notebook=NOTEBOOK,
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

# ---- taps that read padding


def useful_share(side: int, rate: int) -> float:
    """Give the share of a dilated 3 x 3 kernel's reads that fall on the map, over all outputs."""
    return ((side + 2 * max(0, side - rate)) / (3 * side)) ** 2


def _inside(side: int, rate: int) -> int:
    """Count the outputs along an axis of which all taps read the map."""
    return max(0, side - 2 * rate)


USEFUL_SHARE = Exercise(
    name="useful_share",
    notebook=NOTEBOOK,
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

EXERCISES = (TIMES_AS_FAST, USEFUL_SHARE)
