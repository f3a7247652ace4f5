"""Means over seeds, and differences between cells with the interval that they may lie in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

CONFIDENCE = 0.95
RESAMPLES = 10_000


@dataclass(frozen=True)
class Spread:
    """A number over seeds."""

    mean: float
    deviation: float | None
    """Of the sample (n - 1); None for one seed."""

    n: int


@dataclass(frozen=True)
class Difference:
    """How much higher the first of two cells is, and between which bounds, at 95 %."""

    mean: float
    low: float | None
    high: float | None
    """None where one pair says nothing about the spread."""

    n: int
    how: str
    """What was paired, and how the interval was found."""


def spread(values: Sequence[float]) -> Spread:
    """Give mean and deviation of at least one value."""
    deviation = float(np.std(values, ddof=1)) if len(values) > 1 else None
    return Spread(float(np.mean(values)), deviation, len(values))


def over_seeds(first: Sequence[float], second: Sequence[float]) -> Difference:
    """Compare two cells seed by seed: Student's t interval of the mean difference.

    Args:
        first, second: a number for each of at least two seeds, in the same order.
    """
    from scipy.stats import t

    differences = np.subtract(first, second)
    n = len(differences)
    mean = float(differences.mean())
    half = t.ppf(0.5 + CONFIDENCE / 2, n - 1) * differences.std(ddof=1) / np.sqrt(n)
    how = f"paired over {n} seeds, t interval"
    return Difference(mean, float(mean - half), float(mean + half), n, how)


def over_videos(first: Sequence[float], second: Sequence[float]) -> Difference:
    """Compare two cells of one seed video by video: percentile bootstrap of the mean difference.

    It tells what other videos might have given, and nothing about other seeds.

    Args:
        first, second: a number for each video, in the same order.
    """
    differences = np.subtract(first, second)
    n, mean = len(differences), float(differences.mean())
    if n < 2:
        return Difference(mean, None, None, n, "one seed and one video: no interval")
    chosen = np.random.default_rng(0).integers(0, n, (RESAMPLES, n))
    tail = 100 * (1 - CONFIDENCE) / 2
    low, high = np.percentile(differences[chosen].mean(axis=1), [tail, 100 - tail])
    how = f"one seed, paired over {n} videos (means of their own numbers), bootstrap"
    return Difference(mean, float(low), float(high), n, how)
