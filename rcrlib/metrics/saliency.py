"""The measures of one frame: a prediction in [0, 1] against a mask of 0 and 1, both `(H, W)`."""

from __future__ import annotations

import torch
from torch import Tensor

from rcrlib.metrics.inputs import LEVELS, Map, as_frame, quantise

BETA_SQUARED = 0.3
"""Weight of precision against recall in F, as in the paper (4.1)."""


def precision_recall(prediction: Map, mask: Map) -> tuple[Tensor, Tensor]:
    """Give precision and recall at the 256 thresholds of an 8-bit picture (paper 4.1).

    The prediction is rounded to the levels 0..255 of a PNG; at threshold t, what is >= t counts as
    salient. Nothing predicted: precision 0. Empty mask: both 0.

    Args:
        prediction: float `(H, W)` in [0, 1].
        mask: `(H, W)`, {0, 1}.

    Returns:
        Precision and recall, float64 `(256,)` each, at t = 0..255.

    Raises:
        DataError: sizes or values other than these.

    Source: Achanta et al., CVPR 2009; the handling of zero denominators follows the field's tools.
    """
    prediction, mask = as_frame(prediction, mask)
    levels = quantise(prediction)
    predicted = _at_least(levels.flatten())
    hits = _at_least(levels[mask])
    return hits / predicted.clamp(min=1), hits / mask.sum().clamp(min=1)


def f_measure(precision: Tensor, recall: Tensor) -> Tensor:
    """Give F = (1 + b²) P R / (b² P + R) with b² = 0.3; 0 where both are 0 (paper 4.1)."""
    weighted = BETA_SQUARED * precision + recall
    return (1 + BETA_SQUARED) * precision * recall / weighted.where(weighted > 0, 1)


def adaptive_f(prediction: Map, mask: Map) -> float:
    """Give F of the prediction binarised at twice its mean, at most 1.

    Arguments and errors as in `precision_recall`.

    Source: Achanta et al., CVPR 2009.
    """
    prediction, mask = as_frame(prediction, mask)
    salient = prediction >= (2 * prediction.mean()).clamp(max=1)
    hits = (salient & mask).sum().double()
    return float(f_measure(hits / salient.sum().clamp(min=1), hits / mask.sum().clamp(min=1)))


def mae(prediction: Map, mask: Map) -> float:
    """Give the mean absolute difference of prediction and mask (Perazzi et al., CVPR 2012).

    Arguments and errors as in `precision_recall`; the prediction is not rounded.
    """
    prediction, mask = as_frame(prediction, mask)
    return float((prediction - mask.double()).abs().mean())


def s_measure(prediction: Map, mask: Map, alpha: float = 0.5) -> float:
    """Give the structure measure S = alpha S_object + (1 - alpha) S_region, in [0, 1].

    Empty mask: 1 - mean of the prediction. Full mask: its mean. Deviations are sample deviations
    (ddof = 1, and 0 for a single pixel). The centroid is rounded; its own row and column belong to
    the lower and right quadrants. A quadrant without pixels has weight 0. A negative S is 0.

    Arguments and errors as in `precision_recall`; the prediction is not rounded.

    Source: Fan et al., ICCV 2017. Tools differ: those that follow the MATLAB code put
    the centroid's row and column into the upper and left quadrants, which changes S by up to 0.0003
    in the mean over a data set; and many give NaN where the mask lies along one border alone.
    """
    prediction, mask = as_frame(prediction, mask)
    if not mask.any():
        return 1 - float(prediction.mean())
    if mask.all():
        return float(prediction.mean())
    score = alpha * _object_term(prediction, mask) + (1 - alpha) * _region_term(prediction, mask)
    return max(0.0, float(score))


def _at_least(levels: Tensor) -> Tensor:
    """Count, for t = 0..255, how many of the levels are >= t; float64 `(256,)`."""
    return torch.bincount(levels, minlength=LEVELS).flip(0).cumsum(0).flip(0).double()


def _object_term(prediction: Tensor, mask: Tensor) -> Tensor:
    """S_object: how uniformly bright the object and how uniformly dark the background is."""
    share = mask.double().mean()
    return share * _likeness(prediction[mask]) + (1 - share) * _likeness(1 - prediction[~mask])


def _likeness(values: Tensor) -> Tensor:
    """2 x / (x² + 1 + deviation); 1 where every value is 1."""
    mean, deviation = values.mean(), _deviations(values).square().sum().div(_ddof(values)).sqrt()
    return 2 * mean / (mean.square() + 1 + deviation)


def _region_term(prediction: Tensor, mask: Tensor) -> Tensor:
    """S_region: similarity of the four quadrants around the mask's centroid, weighted by area."""
    y, x = mask.nonzero().double().mean(0).round().long().tolist()
    score = prediction.new_zeros(())
    for rows in (slice(None, y), slice(y, None)):
        for columns in (slice(None, x), slice(x, None)):
            quadrant, truth = prediction[rows, columns], mask[rows, columns].double()
            if quadrant.numel():
                score += quadrant.numel() / mask.numel() * _similarity(quadrant, truth)
    return score


def _similarity(prediction: Tensor, truth: Tensor) -> Tensor:
    """Structural similarity of one quadrant; two constant quadrants have similarity 1."""
    x, y = _deviations(prediction), _deviations(truth)
    variances = (x.square().sum() + y.square().sum()) / _ddof(x)
    covariance = (x * y).sum() / _ddof(x)
    means = prediction.mean(), truth.mean()
    alike = 4 * means[0] * means[1] * covariance
    bound = (means[0].square() + means[1].square()) * variances
    return alike / bound if bound > 0 else torch.ones_like(bound)


def _deviations(values: Tensor) -> Tensor:
    """Give values - mean, exactly 0 where all are equal (the rounded mean of equals may differ)."""
    values = values - values.flatten()[0]
    return values - values.mean()


def _ddof(values: Tensor) -> int:
    return max(values.numel() - 1, 1)
