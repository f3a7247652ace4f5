"""The structure measure S: is the object whole and uniform, and where the mask says (Fan 2017)?"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from rcrlib.metrics.inputs import Map, as_frame, as_pixels

ALPHA = 0.5
"""Weight of the object term against the region term."""

CentroidIn = Literal["upper left", "lower right"]
"""Which quadrant the centroid's own row and column belong to.

The authors' MATLAB code and the tools that follow it put them into the upper left one, some Python
ports into the lower right one; over a data set that changes S by up to 0.0003."""


def s_measure(
    prediction: Map,
    mask: Map,
    alpha: float = ALPHA,
    centroid_in: CentroidIn = "upper left",
    *,
    void: Map | None = None,
) -> float:
    """Return the structure measure S = alpha S_object + (1 - alpha) S_region, in [0, 1].

    Empty mask: 1 - mean of the prediction. Full mask: its mean. A negative S is 0.

    Args:
        prediction: float `(H, W)` in [0, 1], not rounded.
        mask: `(H, W)`, {0, 1}.
        alpha: weight of the object term.
        centroid_in: see `CentroidIn`.
        void: bool `(H, W)`: pixels that are left out; see `s_region` for what that means there.

    Raises:
        DataError: sizes or values other than these.

    Source: Fan et al., ICCV 2017. Many tools give NaN where the object or the background is one
    pixel, or where the mask lies along the last row or column alone; this one gives a number.
    """
    pixels, truth = as_pixels(prediction, mask, void)
    if not truth.any():
        return 1 - float(pixels.mean())
    if truth.all():
        return float(pixels.mean())
    terms = (
        s_object(prediction, mask, void=void),
        s_region(prediction, mask, centroid_in, void=void),
    )
    return max(0.0, alpha * terms[0] + (1 - alpha) * terms[1])


def s_object(prediction: Map, mask: Map, *, void: Map | None = None) -> float:
    """Return S_object: how uniformly bright the object and how uniformly dark the background is.

    The mask is neither empty nor full; deviations are sample deviations (0 for a single pixel).
    Void pixels belong to neither.
    """
    prediction, mask = as_pixels(prediction, mask, void)
    share = mask.double().mean()
    object_, background = _likeness(prediction[mask]), _likeness(1 - prediction[~mask])
    return float(share * object_ + (1 - share) * background)


def s_region(
    prediction: Map,
    mask: Map,
    centroid_in: CentroidIn = "upper left",
    *,
    void: Map | None = None,
) -> float:
    """Return S_region: similarity of the four quadrants around the mask's centroid, by area.

    The mask is not empty. The centroid is rounded, halves to even. A quadrant without pixels has
    weight 0.

    Void pixels are part of no quadrant: the centroid is that of the object's other pixels, a
    quadrant's means, variances and covariance are over its other pixels, and so is its weight.
    """
    prediction, mask, counted = as_frame(prediction, mask, void)
    y, x = (mask.nonzero().double().mean(0).round().long() + (centroid_in == "upper left")).tolist()
    score = 0.0
    for rows in (slice(None, y), slice(y, None)):
        for columns in (slice(None, x), slice(x, None)):
            quadrant, truth = prediction[rows, columns], mask[rows, columns].double()
            if void is not None:
                there = counted[rows, columns]
                quadrant, truth = quadrant[there], truth[there]
            if quadrant.numel():
                weight = quadrant.numel() / int(counted.sum())
                score += weight * float(_similarity(quadrant, truth))
    return score


def _likeness(values: Tensor) -> Tensor:
    """Return 2 x / (x² + 1 + deviation); 1 where every value is 1."""
    mean, ddof = values.mean(), max(values.numel() - 1, 1)
    deviation = _centred(values).square().sum().div(ddof).sqrt()
    return 2 * mean / (mean.square() + 1 + deviation)


def _similarity(prediction: Tensor, truth: Tensor) -> Tensor:
    """Compute the structural similarity of one quadrant; of two constant ones it is 1.

    Variances and covariance are not divided by N - 1, which would cancel.
    """
    x, y = _centred(prediction), _centred(truth)
    variances, covariance = x.square().sum() + y.square().sum(), (x * y).sum()
    means = prediction.mean(), truth.mean()
    alike = 4 * means[0] * means[1] * covariance
    bound = (means[0].square() + means[1].square()) * variances
    return alike / bound if bound > 0 else torch.ones_like(bound)


def _centred(values: Tensor) -> Tensor:
    """Subtract the mean; exactly 0 where all values are equal, whatever the mean is rounded to."""
    values = values - values.flatten()[0]
    return values - values.mean()
