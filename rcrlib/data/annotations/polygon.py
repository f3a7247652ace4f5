"""From outlines to masks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def fill_polygon(points: NDArray[np.floating], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Fill a closed polygon: a pixel is inside where its centre is (even-odd rule).

    Pixel (y, x) covers the square from (x, y) to (x + 1, y + 1), as in labelme, CVAT and COCO, so
    that a rectangle of 10 by 20 has 200 pixels wherever its corners are whole numbers.

    Args:
        points: (N, 2) corners x, y in order; the last one is joined to the first. Parts outside of
            the picture are cut off.
        size: (H, W) of the mask.

    Returns:
        (H, W) uint8 {0, 1}.
    """
    height, width = size
    mask = np.zeros(size, np.uint8)
    x0, y0 = points[:, 0], points[:, 1]
    x1, y1 = np.roll(x0, -1), np.roll(y0, -1)
    first = max(int(np.floor(np.clip(y0.min(), 0, height))), 0)
    last = min(int(np.ceil(np.clip(y0.max(), 0, height))), height)
    for row in range(first, last):
        centre = row + 0.5
        crosses = (y0 <= centre) != (y1 <= centre)
        share = (centre - y0[crosses]) / (y1[crosses] - y0[crosses])
        crossings = np.sort(x0[crosses] + share * (x1[crosses] - x0[crosses]))
        # The first pixel whose centre is not left of a crossing.
        columns = np.clip(np.ceil(crossings - 0.5), 0, width).astype(int)
        for start, stop in zip(columns[::2], columns[1::2], strict=True):
            mask[row, start:stop] = 1
    return mask


def fill_circle(
    centre: NDArray[np.floating], edge: NDArray[np.floating], size: tuple[int, int]
) -> NDArray[np.uint8]:
    """Fill a circle around `centre` (x, y) through `edge` (x, y)."""
    height, width = size
    down = np.arange(height)[:, None] + 0.5 - centre[1]
    across = np.arange(width)[None] + 0.5 - centre[0]
    radius = float(np.hypot(*(edge - centre)))
    return (np.hypot(across, down) <= radius).astype(np.uint8)
