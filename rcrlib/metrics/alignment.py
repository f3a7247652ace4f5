"""The enhanced-alignment measure E: does each pixel agree, given the means (Fan et al. 2018)?"""

from __future__ import annotations

import torch
from torch import Tensor

from rcrlib.metrics.inputs import LEVELS, Map, as_pixels
from rcrlib.metrics.saliency import adaptive_threshold, eight_bit


def e_measure(
    prediction: Map, mask: Map, *, min_max: bool = False, void: Map | None = None
) -> Tensor:
    """Return E at the 256 thresholds of an 8-bit picture, float64 `(256,)`.

    At each threshold the prediction is binary. With a and b the binary prediction and the mask less
    their means, a pixel's alignment is xi = 2 a b / (a² + b²), and

        E = Σ (1 + xi)² / 4 / (N - 1).

    The N - 1 is the authors' own; a perfect prediction of N pixels has E = N / (N - 1). Empty mask:
    the share of what is not predicted; full mask: of what is. Void pixels are left out: N and the
    means are those of the others.

    Arguments and errors as in `rcrlib.metrics.precision_recall`.

    Source: Fan et al., IJCAI 2018.
    """
    prediction, mask = as_pixels(prediction, mask, void)
    levels = eight_bit(prediction, min_max)
    return torch.stack([_aligned(levels >= t, mask) for t in range(LEVELS)])


def adaptive_e(prediction: Map, mask: Map, *, void: Map | None = None) -> float:
    """Return E of the prediction binarised at twice its mean, at most 1; not rounded.

    Arguments and errors as in `rcrlib.metrics.precision_recall`.
    """
    prediction, mask = as_pixels(prediction, mask, void)
    return float(_aligned(prediction >= adaptive_threshold(prediction), mask))


def _aligned(salient: Tensor, mask: Tensor) -> Tensor:
    """Return E of one binary prediction."""
    count = max(mask.numel() - 1, 1)
    if not mask.any():
        return (~salient).sum() / count
    if mask.all():
        return salient.sum() / count
    a, b = salient.double() - salient.double().mean(), mask.double() - mask.double().mean()
    alignment = 2 * a * b / (a.square() + b.square())
    return (1 + alignment).square().sum() / 4 / count
