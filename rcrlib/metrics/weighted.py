"""The weighted F-measure: errors count by where they are, not only how many (Margolin 2014)."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from rcrlib.metrics.inputs import Map, as_frame

WINDOW, SIGMA = 7, 5.0
"""The Gaussian over which errors inside the object are smoothed: side and deviation in pixels."""

FADE = math.log(0.5) / 5
"""An error outside the object gains half of its weight within 5 pixels."""

Array = NDArray[np.float64]


def weighted_f(prediction: Map, mask: Map, *, void: Map | None = None) -> float:
    """Return the weighted F-measure with beta = 1, in [0, 1]; 0 for an empty mask.

    An error E = |p - g| inside the object counts as its smoothed self where that is smaller (a hole
    beside right pixels is forgiven); outside, each pixel is smoothed as the object pixel nearest to
    it, and errors far from the object weigh up to twice as much: B = 2 - 2^(-distance / 5).

    Args:
        prediction: float `(H, W)` in [0, 1], not rounded.
        mask: `(H, W)`, {0, 1}.
        void: bool `(H, W)`: pixels that are left out. They are what lies beyond the picture's
            border is: their error is 0 where others are smoothed with it, and counts nowhere.

    Raises:
        DataError: sizes or values other than these.

    Source: Margolin et al., CVPR 2014. Which of several object pixels is nearest is SciPy's choice.
    """
    from scipy import ndimage  # takes longer to import than all of rcrlib

    p, g, counted = (tensor.cpu().numpy() for tensor in as_frame(prediction, mask, void))
    if not g.any():
        return 0.0
    distance, nearest = ndimage.distance_transform_edt(~g, return_indices=True)
    error = np.abs(p - g)
    near = np.where(counted, error[tuple(nearest)], 0)
    smoothed = ndimage.convolve(near, _gaussian(), mode="constant")
    inside = np.minimum(error, smoothed)[g]
    outside = (error * (2 - np.exp(FADE * distance)))[~g & counted]
    return _score(inside, float(outside.sum()))


def fast_weighted_f(
    levels: NDArray[np.uint8],
    values: NDArray[np.float64],
    mask: NDArray[np.bool_],
    counted: NDArray[np.bool_] | None = None,
) -> float:
    """Compute `weighted_f` of an 8-bit map faster, much of it in the object's bounding box only.

    What is smoothed lies within 3 pixels of the object, so neither the nearest pixels nor the
    smoothing are needed elsewhere; the Gaussian is separable. In float32 but for the sums.

    Args:
        levels: `(H, W)`.
        values: `(256,)`, what each level stands for, in [0, 1].
        mask: `(H, W)`, False where it is void.
        counted: `(H, W)`, which pixels are not void; None: all.
    """
    from scipy import ndimage

    if not mask.any():
        return 0.0
    prediction, truth = cv2.LUT(levels, values.astype(np.float32)), mask.view(np.uint8)
    if counted is not None:
        prediction[~counted] = 0
    box = _surroundings(mask)
    g, error = mask[box], np.abs(prediction[box] - truth[box])
    rows, columns = ndimage.distance_transform_edt(
        1 - truth[box], return_distances=False, return_indices=True
    )
    near = error.ravel()[rows * error.shape[1] + columns]
    if counted is not None:
        near[~counted[box]] = 0
    bell = np.sqrt(_gaussian().diagonal())
    smoothed = cv2.sepFilter2D(near, cv2.CV_32F, bell, bell, borderType=cv2.BORDER_CONSTANT)
    inside = np.minimum(error, smoothed)[g].astype(np.float64)
    distance = cv2.distanceTransform(1 - truth, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)  # exact
    # Outside, Σ p (2 - 2^(-distance / 5)); inside, where the distance is 0, Σ p (2 - 1) too much.
    halved = prediction * cv2.exp(distance * np.float32(FADE))
    everywhere = 2 * prediction.sum(dtype=np.float64) - halved.sum(dtype=np.float64)
    return _score(inside, float(everywhere - prediction[box][g].sum(dtype=np.float64)))


def _score(inside: Array, outside: float) -> float:
    """Return F from the weighted errors inside the object and the sum of those outside."""
    hits = inside.size - float(inside.sum())
    recall, precision = 1 - float(inside.mean()), hits / (hits + outside) if hits else 0.0
    return 2 * recall * precision / (recall + precision) if hits else 0.0


def _surroundings(mask: NDArray[np.bool_]) -> tuple[slice, slice]:
    """Return the object's bounding box, widened by the radius of the Gaussian window."""
    reach = WINDOW // 2
    rows, columns = (np.flatnonzero(mask.any(axis)) for axis in (1, 0))
    return (
        slice(max(0, int(rows[0]) - reach), int(rows[-1]) + reach + 1),
        slice(max(0, int(columns[0]) - reach), int(columns[-1]) + reach + 1),
    )


def _gaussian() -> Array:
    offsets = np.arange(WINDOW) - WINDOW // 2
    bell = np.exp(-(offsets**2) / (2 * SIGMA**2))
    window: Array = np.outer(bell, bell) / bell.sum() ** 2
    return window
