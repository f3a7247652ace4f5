"""The measures of one frame: a prediction in [0, 1] against a mask of 0 and 1, both `(H, W)`.

Each reads like its equation. `rcrlib.metrics.frame` computes the same numbers from histograms, many
times as fast; tests hold the two equal.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rcrlib.metrics.inputs import LEVELS, Map, as_pixels, quantise

Values = TypeVar("Values", Tensor, NDArray[np.float64], float)

BETA_SQUARED = 0.3
"""Weight of precision against recall in F, as in the paper (4.1)."""


def stretch(prediction: Tensor) -> Tensor:
    """Stretch a prediction to [0, 1]: (p - min p) / (max p - min p); a constant one stays.

    Some protocols do this to every frame (min-max normalisation).
    """
    low, high = prediction.min(), prediction.max()
    return (prediction - low) / (high - low) if high > low else prediction


def precision_recall(
    prediction: Map, mask: Map, *, min_max: bool = False, void: Map | None = None
) -> tuple[Tensor, Tensor]:
    """Return precision and recall at the 256 thresholds of an 8-bit picture (paper 4.1).

    The prediction is rounded to the levels 0..255 of a PNG; at threshold t, what is >= t counts as
    salient. Nothing predicted: precision 0. Empty mask: both 0.

    Args:
        prediction: float `(H, W)` in [0, 1].
        mask: `(H, W)`, {0, 1}.
        min_max: stretch the prediction to [0, 1] first.
        void: bool `(H, W)`: pixels that are left out, of the minimum and maximum, too. What the
            mask holds there does not matter.

    Returns:
        Precision and recall, float64 `(256,)` each, at t = 0..255.

    Raises:
        DataError: sizes or values other than these.

    Source: Achanta et al., CVPR 2009; the handling of zero denominators follows the field's tools.
    """
    prediction, mask = as_pixels(prediction, mask, void)
    levels = eight_bit(prediction, min_max)
    predicted, hits = _at_least(levels.flatten()), _at_least(levels[mask])
    return hits / predicted.clamp(min=1), hits / mask.sum().clamp(min=1)


def f_measure(precision: Values, recall: Values) -> Values:
    """Return F = (1 + b²) P R / (b² P + R) with b² = 0.3; 0 where both are 0 (paper 4.1).

    Args:
        precision: in [0, 1], any shape: tensor, array or number.
        recall: of the same kind and shape.
    """
    weighted = BETA_SQUARED * precision + recall
    return (1 + BETA_SQUARED) * precision * recall / (weighted + (weighted == 0))


def adaptive_f(prediction: Map, mask: Map, *, void: Map | None = None) -> float:
    """Return F of the prediction binarised at twice its mean, at most 1.

    Arguments and errors as in `precision_recall`.

    Source: Achanta et al., CVPR 2009.
    """
    prediction, mask = as_pixels(prediction, mask, void)
    salient = prediction >= adaptive_threshold(prediction)
    hits = (salient & mask).sum().double()
    return float(f_measure(hits / salient.sum().clamp(min=1), hits / mask.sum().clamp(min=1)))


def adaptive_threshold(prediction: Tensor) -> Tensor:
    """Return twice the mean of the prediction, at most 1."""
    return (2 * prediction.mean()).clamp(max=1)


def mae(prediction: Map, mask: Map, *, void: Map | None = None) -> float:
    """Return the mean absolute difference of prediction and mask (Perazzi et al., CVPR 2012).

    Arguments and errors as in `precision_recall`; the prediction is not rounded.
    """
    prediction, mask = as_pixels(prediction, mask, void)
    return float((prediction - mask.double()).abs().mean())


def eight_bit(prediction: Tensor, min_max: bool) -> Tensor:
    """Quantise a prediction to levels 0..255 (int64), with `min_max` after stretching it.

    A stretched map is cut down to whole levels: what is >= t stays >= t.
    """
    levels = quantise(prediction).long()
    if not min_max:
        return levels
    return (stretch(levels.double() / (LEVELS - 1)) * (LEVELS - 1)).long()


def _at_least(levels: Tensor) -> Tensor:
    """Count, for t = 0..255, how many of the levels are >= t; float64 `(256,)`."""
    return torch.bincount(levels, minlength=LEVELS).flip(0).cumsum(0).flip(0).double()
