"""The measures of binary masks: the region similarity J and the boundary measure F of DAVIS."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from rcrlib.errors import DataError
from rcrlib.metrics.inputs import Map, as_mask, as_void

TOLERANCE = 0.008
"""How far apart two boundaries may lie, as a share of the picture's diagonal (480p: 8 pixels)."""

Binary = NDArray[np.bool_]


def iou(a: Map, b: Map, *, void: Map | None = None) -> float:
    """Compute intersection over union, DAVIS' region similarity J, of two masks; in [0, 1].

    Two empty masks agree: 1. Soft maps have to be binarised by the caller, who then knows and can
    print the threshold.

    Args:
        a: any shape, {0, 1}.
        b: the same shape, {0, 1}.
        void: bool, the same shape: pixels that count neither in the intersection nor in the union,
            as in the tools of DAVIS and Pascal VOC. What `b` holds there does not matter.

    Raises:
        DataError: shapes differ, or a value other than 0 and 1.

    Source: Perazzi et al., CVPR 2016 (DAVIS); of void, Everingham et al., IJCV 2010 (Pascal VOC).
    """
    nowhere = as_void(void, b)
    first, second = as_mask(a), as_mask(b, void=nowhere)
    if first.shape != second.shape:
        raise DataError(
            f"one mask is {tuple(first.shape)} and the other {tuple(second.shape)},"
            " expected the same size"
        )
    if nowhere is not None:
        first = first & ~nowhere
    union = int((first | second).sum())
    return int((first & second).sum()) / union if union else 1.0


def boundary_f(
    prediction: Map, mask: Map, tolerance: float = TOLERANCE, *, void: Map | None = None
) -> float:
    """Compute DAVIS' boundary measure F: F1 of the contours' precision and recall; in [0, 1].

    A contour pixel is right when the other contour passes within the tolerance, rounded up to whole
    pixels. Two masks without a contour agree: 1. One without a contour against one with: 0.

    Args:
        prediction: `(H, W)`, {0, 1}.
        mask: `(H, W)`, {0, 1}.
        tolerance: as a share of the diagonal.
        void: bool `(H, W)`: both masks are 0 there before their contours are taken, as in the DAVIS
            code: an object that reaches into void has its contour along it, in both masks. What
            `mask` holds there does not matter.

    Raises:
        DataError: sizes differ, are not `(H, W)`, or a value other than 0 and 1.

    Source: Perazzi et al., CVPR 2016 (DAVIS); Martin et al., PAMI 2004.
    """
    nowhere = as_void(void, mask)
    pair = as_mask(prediction), as_mask(mask, void=nowhere)
    if pair[0].shape != pair[1].shape or pair[0].ndim != 2 or not pair[0].numel():
        raise DataError(
            f"the prediction is {tuple(pair[0].shape)} and the mask {tuple(pair[1].shape)},"
            " expected the same size (H, W)"
        )
    if nowhere is not None:
        pair = pair[0] & ~nowhere, pair[1]
    ours, truth = (contour(m.cpu().numpy()) for m in pair)
    if not ours.any() or not truth.any():
        return float(ours.any() == truth.any())
    reach = math.ceil(tolerance * math.hypot(*ours.shape))
    precision, recall = _share_near(ours, truth, reach), _share_near(truth, ours, reach)
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def contour(mask: Binary) -> Binary:
    """Mark the pixels where the mask changes to the right, below, or to the lower right.

    A change has the width of one pixel, and the picture's border is none.
    """
    # The last row and column are their own neighbours.
    padded = np.pad(mask, ((0, 1), (0, 1)), mode="edge")
    below, right, across = padded[1:, :-1], padded[:-1, 1:], padded[1:, 1:]
    changes: Binary = (mask != below) | (mask != right) | (mask != across)
    return changes


def _share_near(contour_: Binary, other: Binary, reach: int) -> float:
    """Return the share of one contour's pixels that lie within `reach` of the other."""
    distance = cv2.distanceTransform(
        (~other).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE
    )  # exact
    return float((distance[contour_] <= reach).mean())
