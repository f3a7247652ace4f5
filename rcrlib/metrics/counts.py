"""One pass over the pixels of a frame, after which all measures but one need 256 levels only.

F, E, S and the mean absolute error depend on an 8-bit map and a mask only through how often each
grey level occurs in and outside the object, in each of the four quadrants around its centroid.
"""

from __future__ import annotations

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rcrlib.metrics.inputs import LEVELS
from rcrlib.metrics.structure import CentroidIn

Counts = NDArray[np.int64]
"""How many pixels: (lower, right, in the mask, level), of shape (2, 2, 2, 256)."""

_FLOAT_COUNTS = 2**24  # OpenCV counts in float32, which is exact up to here


def count_levels(
    levels: Tensor,
    masks: Tensor,
    centroid_in: CentroidIn = "upper left",
    counted: Tensor | None = None,
) -> list[Counts]:
    """Count the levels of each frame by quadrant and mask.

    Args:
        levels: uint8 `(B, H, W)`, on any device.
        masks: bool `(B, H, W)`, there too.
        centroid_in: see `rcrlib.metrics.structure.CentroidIn`. Of an empty mask, all pixels lie in
            the lower right quadrant.
        counted: bool `(B, H, W)`, there too: the pixels that are not void, in which masks are
            False. None: all.
    """
    splits = _splits(masks, centroid_in)
    if levels.device.type == "cpu" and levels[0].numel() <= _FLOAT_COUNTS:
        within = [None] * len(levels) if counted is None else counted.numpy().view(np.uint8)
        frames = zip(levels.numpy(), masks.numpy().view(np.uint8), within, splits, strict=True)
        return [_count_by_opencv(*frame) for frame in frames]
    return list(_count_by_torch(levels, masks, counted, splits))


def _splits(masks: Tensor, centroid_in: CentroidIn) -> NDArray[np.int64]:
    """Return each mask's first lower row and first right column, `(B, 2)`."""
    rows, columns = _sums(masks)
    y, x = (along @ np.arange(along.shape[1]) for along in (rows, columns))
    sums = np.stack([y, x, rows.sum(1)], axis=1)
    centroids = np.round(sums[:, :2] / np.maximum(sums[:, 2:], 1)).astype(np.int64)
    inside = (sums[:, 2:] > 0) & (centroid_in == "upper left")
    return centroids + inside


def _sums(masks: Tensor) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Count each mask's pixels by row, `(B, H)`, and by column, `(B, W)`.

    On a CPU as products with ones, the fastest there: integers in float32, exact to 2^24 a row.
    """
    if masks.device.type != "cpu":
        return masks.sum(2).cpu().numpy(), masks.sum(1).cpu().numpy()
    ones = masks.numpy().astype(np.float32)
    height, width = ones.shape[1:]
    rows, columns = ones @ np.ones(width, np.float32), np.ones(height, np.float32) @ ones
    return rows.astype(np.int64), columns.astype(np.int64)


def _count_by_opencv(
    levels: NDArray[np.uint8],
    mask: NDArray[np.uint8],
    counted: NDArray[np.uint8] | None,
    split: NDArray[np.int64],
) -> Counts:
    counts = np.zeros((2, 2, 2, LEVELS), np.int64)
    y, x = split
    for lower, rows in enumerate((slice(None, y), slice(y, None))):
        for right, columns in enumerate((slice(None, x), slice(x, None))):
            quadrant, within = levels[rows, columns], mask[rows, columns]
            all_ = None if counted is None else counted[rows, columns]
            if quadrant.size:
                every, inside = (_opencv_histogram(quadrant, m) for m in (all_, within))
                counts[lower, right] = every - inside, inside
    return counts


def _opencv_histogram(levels: NDArray[np.uint8], mask: NDArray[np.uint8] | None) -> Counts:
    counted = cv2.calcHist([levels], [0], mask, [LEVELS], [0, LEVELS])
    return counted.ravel().astype(np.int64)  # (256, 1) before OpenCV 5, (256,) since


def _count_by_torch(
    levels: Tensor, masks: Tensor, counted: Tensor | None, splits: NDArray[np.int64]
) -> Counts:
    """Count all frames of a batch at once, on the device that they are on."""
    (b, h, w), device = levels.shape, levels.device
    first = torch.from_numpy(splits).to(device)
    lower = torch.arange(h, device=device) >= first[:, :1]  # (B, H)
    right = torch.arange(w, device=device) >= first[:, 1:]  # (B, W)
    place = torch.arange(b, device=device)[:, None, None] * 2 + lower[:, :, None]
    place = (place * 2 + right[:, None, :]) * 2 + masks
    place = place * LEVELS + levels
    place = place.flatten() if counted is None else place[counted]
    counts = torch.bincount(place, minlength=b * 8 * LEVELS)
    return counts.reshape(b, 2, 2, 2, LEVELS).cpu().numpy()
