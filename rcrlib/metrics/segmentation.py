"""The measures of binary masks."""

from __future__ import annotations

from rcrlib.errors import DataError
from rcrlib.metrics.inputs import Map, as_mask


def iou(a: Map, b: Map) -> float:
    """Give the intersection over union of two masks, the region similarity J of DAVIS; in [0, 1].

    Two empty masks agree: 1. Soft maps have to be binarised by the caller, who then knows and can
    print the threshold.

    Args:
        a: any shape, {0, 1}.
        b: the same shape, {0, 1}.

    Raises:
        DataError: shapes differ, or a value other than 0 and 1.

    Source: Perazzi et al., CVPR 2016 (DAVIS).
    """
    first, second = as_mask(a), as_mask(b)
    if first.shape != second.shape:
        raise DataError(
            f"one mask is {tuple(first.shape)} and the other {tuple(second.shape)},"
            " expected the same size"
        )
    union = int((first | second).sum())
    return int((first & second).sum()) / union if union else 1.0
