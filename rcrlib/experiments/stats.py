"""Means over seeds, and differences between cells with the interval that they may lie in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CONFIDENCE = 0.95


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
    """Return mean and deviation of at least one value."""
    deviation = float(np.std(values, ddof=1)) if len(values) > 1 else None
    return Spread(float(np.mean(values)), deviation, len(values))


def over_seeds(first: Sequence[float], second: Sequence[float]) -> Difference:
    """Compare two cells seed by seed: Student's t interval of the mean difference.

    Args:
        first, second: a number for each of at least two seeds, in the same order.
    """
    differences = np.subtract(first, second)
    n = len(differences)
    mean, half = _t_interval(differences)
    how = f"paired over {n} seeds, t interval"
    return Difference(mean, mean - half, mean + half, n, how)


def over_videos(first: Sequence[float], second: Sequence[float]) -> Difference:
    """Compare two cells of one seed video by video: Student's t interval of the mean difference.

    It says what other videos might have given, and nothing about other seeds. (A percentile
    bootstrap would be too narrow: of 8 normal differences it covers the truth in 87 % of cases.)

    Args:
        first, second: a number for each video, in the same order.
    """
    differences = np.subtract(first, second)
    n = len(differences)
    if n < 2:
        return Difference(float(differences.mean()), None, None, n, "one seed and one video")
    mean, half = _t_interval(differences)
    how = f"one seed, paired over {n} videos, t interval"
    return Difference(mean, mean - half, mean + half, n, how)


def over_seeds_and_videos(first: NDArray[np.float64], second: NDArray[np.float64]) -> Difference:
    """Compare two cells that several seeds judged on the same videos.

    Both are a matter of chance: which seeds were run, and which videos are in the set. The variance
    of the mean is that of a two-way random-effects model without replication, (MS_seeds +
    MS_videos - MS_rest) / (S V), but at least what either of the two alone would say; the degrees
    of freedom are Satterthwaite's. tests/experiments/test_experiments_stats.py simulates how often
    the interval covers the truth: in at least 94 % of cases, whichever effect is the larger.

    Args:
        first, second: (S, V) numbers of S seeds, at least 2, on V videos, at least 2.

    Source: Satterthwaite, An approximate distribution of estimates of variance components, 1946.
    """
    from scipy.stats import t

    table = first - second
    seeds, videos = table.shape
    mean = table.mean()
    rest = table - table.mean(axis=1, keepdims=True) - table.mean(axis=0) + mean
    squares = np.array(
        [
            videos * table.mean(axis=1).var(ddof=1),
            seeds * table.mean(axis=0).var(ddof=1),
            (rest**2).sum() / ((seeds - 1) * (videos - 1)),
        ]
    )
    freedom = np.array([seeds - 1, videos - 1, (seeds - 1) * (videos - 1)])
    both = squares[0] + squares[1] - squares[2]
    spread_of = (squares**2 / freedom).sum()
    df = max(1.0, both**2 / spread_of) if spread_of > 0 else 1.0
    variance = max(both, squares[0], squares[1]) / (seeds * videos)
    half = float(t.ppf(0.5 + CONFIDENCE / 2, df) * np.sqrt(variance))
    how = f"paired over {seeds} seeds and {videos} videos, two-way t interval"
    return Difference(float(mean), float(mean) - half, float(mean) + half, seeds, how)


def pseudo_values(
    parts: Sequence[NDArray[np.float64]], number: Callable[..., float]
) -> NDArray[np.float64]:
    """Return the jackknife's pseudo-values: what each video adds to a number of the whole set.

    Their mean is the number itself where that is a mean over videos, and close to it where it is
    not: F is taken of the mean precision and the mean recall.

    Args:
        parts: arrays (V,), a value for each video.
        number: computes the set's number of such arrays.

    Source: Tukey, Bias and confidence in not-quite large samples, 1958.
    """
    videos = len(parts[0])
    whole = number(*parts)
    if videos == 1:
        return np.array([whole])
    without = [number(*(np.delete(part, v) for part in parts)) for v in range(videos)]
    return videos * whole - (videos - 1) * np.array(without)


def _t_interval(values: NDArray[np.float64]) -> tuple[float, float]:
    """Return the mean of values (n,) and half the width of its t interval."""
    from scipy.stats import t

    n = len(values)
    half = t.ppf(0.5 + CONFIDENCE / 2, n - 1) * values.std(ddof=1) / np.sqrt(n)
    return float(values.mean()), float(half)
