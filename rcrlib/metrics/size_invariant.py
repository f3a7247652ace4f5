"""Size-invariant MAE and F: every object counts the same, however large it is (Li et al. 2024).

Each connected part of the mask is an object; its frame is its bounding box. What lies in no box is
the background.
"""

from __future__ import annotations

import cv2
import numpy as np
import torch
from torch import Tensor

from rcrlib.metrics.inputs import LEVELS, Map, as_frame
from rcrlib.metrics.saliency import f_measure, precision_recall

MIN_AREA = 50
"""Smaller parts of a mask, in pixels, are no objects of their own, as in the authors' code."""

Box = tuple[slice, slice]


def si_mae(prediction: Map, mask: Map, *, min_area: int = MIN_AREA) -> float:
    """Return the size-invariant mean absolute error, in [0, 1].

    With K objects, and alpha the background's pixels over those of the boxes,

        SI-MAE = (MAE(box 1) + ... + MAE(box K) + alpha MAE(background)) / (K + alpha).

    Empty mask: MAE. Pixels that several boxes share count once in alpha. Where the boxes cover the
    picture, alpha is 0.

    Args:
        prediction: float `(H, W)` in [0, 1], not rounded.
        mask: `(H, W)`, {0, 1}.
        min_area: see `object_boxes`.

    Raises:
        DataError: sizes or values other than these.

    Source: Li et al., "Size-invariance Matters", ICML 2024.
    """
    prediction, mask, background = as_frame(prediction, mask)
    error, boxes = (prediction - mask.double()).abs(), object_boxes(mask, min_area)
    if not boxes:
        return float(error.mean())
    for box in boxes:
        background[box] = False
    outside = int(background.sum())
    alpha = outside / (background.numel() - outside)
    parts = sum(float(error[box].mean()) for box in boxes)
    rest = float(error[background].mean()) if outside else 0.0
    return (parts + alpha * rest) / (len(boxes) + alpha)


def si_f_measure(prediction: Map, mask: Map, *, min_area: int = MIN_AREA) -> Tensor:
    """Return the size-invariant F at the 256 thresholds of an 8-bit picture, float64 `(256,)`.

    It is the mean over the objects of F in their boxes; what is predicted outside of all boxes does
    not count. Empty mask: 0.

    Arguments, errors and source as in `si_mae`; the prediction is rounded to the levels of a PNG.
    """
    prediction, mask, _ = as_frame(prediction, mask)
    curves = [
        f_measure(*precision_recall(prediction[box], mask[box]))
        for box in object_boxes(mask, min_area)
    ]
    return torch.stack(curves).mean(0) if curves else torch.zeros(LEVELS, dtype=torch.float64)


def object_boxes(mask: Tensor, min_area: int = MIN_AREA) -> list[Box]:
    """Return the bounding box of each connected part of a mask.

    Args:
        mask: bool `(H, W)`. Pixels are connected along rows and columns, not across.
        min_area: parts with fewer pixels are left out; where all have fewer, the largest stay.
    """
    picture = mask.cpu().numpy().astype(np.uint8)
    stats = cv2.connectedComponentsWithStats(picture, connectivity=4)[2][1:]  # 0: background
    areas = stats[:, cv2.CC_STAT_AREA]
    if not len(stats):
        return []
    kept = stats[areas >= min(min_area, int(areas.max()))]
    return [(slice(y, y + h), slice(x, x + w)) for x, y, w, h, _ in kept.tolist()]
