"""The measures of one frame from its counts: integer arithmetic on 256 levels, exact and fast.

`rcrlib.metrics.saliency`, `structure` and `alignment` have the same measures pixel by pixel, as the
equations read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rcrlib.metrics.counts import Counts
from rcrlib.metrics.inputs import LEVELS
from rcrlib.metrics.saliency import f_measure
from rcrlib.metrics.structure import ALPHA

Curve = NDArray[np.float64]
"""One value per threshold t = 0..255."""


@dataclass(frozen=True, kw_only=True)
class FrameMeasures:
    """The measures of one frame; all in [0, 1] but E, which ends at N / (N - 1)."""

    precision: Curve
    recall: Curve
    f: Curve
    e: Curve
    adp_f: float
    adp_e: float
    s: float
    mae: float


class Scale(NamedTuple):
    """What a grey level v stands for: (v - low) / span, in [0, 1]."""

    low: int = 0
    span: int = LEVELS - 1

    @property
    def units(self) -> NDArray[np.int64]:
        """v - low of every level, kept within 0..span (levels outside do not occur)."""
        return np.clip(np.arange(LEVELS) - self.low, 0, self.span)

    @property
    def values(self) -> Curve:
        """What every level stands for, by the operations of the field's tools in their order."""
        low, high = self.low / (LEVELS - 1), (self.low + self.span) / (LEVELS - 1)
        return np.clip((np.arange(LEVELS) / (LEVELS - 1) - low) / (high - low), 0, 1)


def level_scale(counts: Counts, min_max: bool) -> Scale:
    """Return the scale of a frame: that of a PNG, or from its lowest to its highest level.

    A constant map is not stretched.
    """
    there = np.flatnonzero(counts.reshape(-1, LEVELS).any(0))
    low, high = int(there[0]), int(there[-1])
    return Scale(low, high - low) if min_max and high > low else Scale()


def measure(counts: Counts, scale: Scale) -> FrameMeasures:
    """Compute all measures of a frame that follow from its counts.

    Args:
        counts: of one frame, see `rcrlib.metrics.counts`.
        scale: what its levels stand for.
    """
    outside, inside = counts.sum((0, 1))
    hits, misses = _at_least(inside, scale), _at_least(outside, scale)
    precision, recall = hits / np.maximum(hits + misses, 1), hits / max(int(inside.sum()), 1)
    adaptive = _at_least_twice_the_mean(inside, outside, scale)
    return FrameMeasures(
        precision=precision,
        recall=recall,
        f=f_measure(precision, recall),
        e=_e(hits, misses, counts),
        adp_f=f_measure(
            *(float(adaptive[0]) / max(int(n), 1) for n in (adaptive.sum(), inside.sum()))
        ),
        adp_e=float(_e(adaptive[0], adaptive[1], counts)),
        s=_s(counts, scale),
        mae=_mae(inside, outside, scale),
    )


def _at_least(levels: NDArray[np.int64], scale: Scale) -> NDArray[np.int64]:
    """Count, for t = 0..255, how many pixels are >= t / 255."""
    cut = (scale.values * (LEVELS - 1)).astype(np.int64)  # what is >= t stays >= t
    from_above = np.append(levels[::-1].cumsum()[::-1], 0)
    return from_above[np.searchsorted(cut, np.arange(LEVELS))]


def _at_least_twice_the_mean(
    inside: NDArray[np.int64], outside: NDArray[np.int64], scale: Scale
) -> NDArray[np.int64]:
    """Count the pixels, inside and outside, that are >= twice the mean (at most 1): `(2,)`."""
    every = inside + outside
    threshold = min(2 * int(every @ scale.units), int(every.sum()) * scale.span)
    salient = scale.units * every.sum() >= threshold
    return np.array([inside[salient].sum(), outside[salient].sum()])


def _e(hits: Any, misses: Any, counts: Counts) -> Curve:
    """Compute E: at one threshold a pixel has one of four values, by prediction and mask."""
    background, object_ = (int(count) for count in counts.sum((0, 1, 3)))
    pixels, predicted = background + object_, hits + misses
    divisor = max(pixels - 1, 1)
    if not object_:
        return (pixels - predicted) / divisor
    if not background:
        return predicted / divisor
    kinds = ((1, 1, hits), (1, 0, misses), (0, 1, object_ - hits), (0, 0, background - misses))
    total = np.zeros(np.shape(hits))
    for salient, truth, count in kinds:
        a, b = salient - predicted / pixels, truth - object_ / pixels
        total += count * (1 + 2 * a * b / (a * a + b * b)) ** 2 / 4
    return total / divisor


def _mae(inside: NDArray[np.int64], outside: NDArray[np.int64], scale: Scale) -> float:
    pixels = int(inside.sum() + outside.sum())
    off = int(inside @ (scale.span - scale.units) + outside @ scale.units)
    return off / (pixels * scale.span)


@dataclass(frozen=True)
class _Moments:
    """Number, sum and sum of squares of some pixels, in units of the scale."""

    count: int
    total: int
    squares: int

    @classmethod
    def of(cls, levels: NDArray[np.int64], units: NDArray[np.int64]) -> _Moments:
        return cls(int(levels.sum()), int(levels @ units), int(levels @ units**2))

    @property
    def spread(self) -> int:
        """N² times the variance, an integer: exactly 0 where all pixels are equal."""
        return self.count * self.squares - self.total**2


def _s(counts: Counts, scale: Scale) -> float:
    outside, inside = counts.sum((0, 1))
    every = _Moments.of(inside + outside, scale.units)
    mean = every.total / (every.count * scale.span)
    if not inside.any():
        return 1 - mean
    if not outside.any():
        return mean
    region = sum(_similarity(quadrant, scale) for row in counts for quadrant in row) / every.count
    return max(0.0, ALPHA * _object_term(inside, outside, scale) + (1 - ALPHA) * region)


def _object_term(inside: NDArray[np.int64], outside: NDArray[np.int64], scale: Scale) -> float:
    bright = _Moments.of(inside, scale.units)
    dark = _Moments.of(outside, scale.span - scale.units)
    parts = (part.count * _likeness(part, scale.span) for part in (bright, dark))
    return sum(parts) / (bright.count + dark.count)


def _likeness(part: _Moments, span: int) -> float:
    """Return 2 x / (x² + 1 + deviation)."""
    mean = part.total / (part.count * span)
    variance = part.spread / (part.count * max(part.count - 1, 1) * span**2)
    return 2 * mean / (mean**2 + 1 + variance**0.5)


def _similarity(quadrant: Counts, scale: Scale) -> float:
    """Compute the structural similarity of a quadrant `(2, 256)`, times its pixel count."""
    outside, inside = quadrant
    x = _Moments.of(inside + outside, scale.units)
    if not x.count:
        return 0.0
    object_ = int(inside.sum())
    covariance = x.count * int(inside @ scale.units) - x.total * object_
    variances = x.spread + scale.span**2 * object_ * (x.count - object_)
    if not variances:
        return float(x.count)
    # Everything in units of the span: the mask's mean is span * object_ / N.
    means = x.total, scale.span * object_
    score = 4 * means[0] * means[1] * covariance * scale.span
    return x.count * (score / ((means[0] ** 2 + means[1] ** 2) * variances))
