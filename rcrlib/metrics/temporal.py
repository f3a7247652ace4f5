"""Temporal stability of saliency maps: how much a map changes that should only have moved."""

from __future__ import annotations

from rcrlib.errors import DataError
from rcrlib.metrics.inputs import Map, as_mask, as_prediction


def warping_error(prediction: Map, warped: Map, visible: Map | None = None) -> float:
    """Return the warping error of a map and its neighbour: 0 is stable, 1 is the opposite map.

    It is the mean of (p - q)² over the visible pixels, where q is the neighbouring frame's map,
    brought to this frame by the optical flow. That of a video is the mean over its pairs of
    neighbouring frames. It knows no ground truth: a map that is always empty is stable, too.

    Args:
        prediction: float, any shape, in [0, 1].
        warped: the neighbour's map, of the same shape: `rcrlib.flow.warp` of it by
            flow(this, neighbour).
        visible: bool, or {0, 1}, the same shape: pixels that are seen in both frames, such as
            those whose flows there and back agree. None: all.

    Raises:
        DataError: other sizes or values; or no pixel is visible.

    Source: Lai et al., "Learning Blind Video Temporal Consistency", ECCV 2018, for pictures; here
    of maps with values in [0, 1].
    """
    pair = as_prediction(prediction).double(), as_prediction(warped, "warped").double()
    shown = None if visible is None else as_mask(visible, "visible")
    for name, other in (("warped", pair[1]), ("visible", shown)):
        if other is not None and other.shape != pair[0].shape:
            raise DataError(
                f"the prediction is {tuple(pair[0].shape)} and {name} {tuple(other.shape)},"
                " expected the same size"
            )
    squares = (pair[0] - pair[1]).square()
    if shown is not None:
        squares = squares[shown.to(squares.device)]
    if not squares.numel():
        raise DataError("no pixel is visible in both frames; leave this pair of frames out")
    return float(squares.mean())
