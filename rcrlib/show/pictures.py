"""Saliency over a frame, maps and flows as pictures."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from rcrlib.errors import DataError
from rcrlib.flow import flow_to_rgb
from rcrlib.show.style import Picture

TINT = (86, 180, 233)
"""Okabe and Ito's sky blue: of their colours the one that stands out on dark animals, sand and
grass alike."""

TINT_STRENGTH = 0.55  # of the tint where saliency is 1; the texture below stays readable


VOID_GREY = 128
"""Grey of void pixels, and, at `TINT_STRENGTH`, of their tint."""


def overlay(
    frame: Picture,
    saliency: ArrayLike,
    colour: tuple[int, int, int] = TINT,
    level: float = 0.5,
    void: NDArray[np.bool_] | None = None,
) -> Picture:
    """Tint what is salient and draw a line around it.

    Args:
        frame: uint8 `(H, W, 3)`, RGB.
        saliency: `(H, W)`, a float map in [0, 1] or a mask of {0, 1}.
        colour: of the tint, RGB, 0..255. It grows with saliency.
        level: the line, white within dark, runs where saliency crosses this value.
        void: bool `(H, W)`, pixels about which a label says nothing; they turn grey.

    Returns:
        uint8 `(H, W, 3)`; `frame` itself is not changed.

    Raises:
        DataError: sizes that differ, or other types and values than these.
    """
    frame = _as_rgb(np.asarray(frame))
    values = _as_unit(np.asarray(saliency))
    if values.shape != frame.shape[:2]:
        raise DataError(
            f"the frame is {frame.shape[:2]} and the saliency map {values.shape} (H, W),"
            " expected the same size; resize the map to the frame"
        )
    share = TINT_STRENGTH * values
    tint = np.full_like(frame, colour)
    picture = cv2.blendLinear(frame, tint, 1 - share, share).astype(np.uint8, copy=False)
    if void is not None:
        grey = TINT_STRENGTH * VOID_GREY
        picture[void] = np.rint((1 - TINT_STRENGTH) * picture[void] + grey).astype(np.uint8)
    region = (values >= level).astype(np.uint8)
    lines, _ = cv2.findContours(region, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    thin = max(1, round(min(region.shape) / 320))
    cv2.drawContours(picture, lines, -1, (20, 20, 20), 3 * thin, cv2.LINE_AA)
    cv2.drawContours(picture, lines, -1, (255, 255, 255), thin, cv2.LINE_AA)
    return picture


def mark_void(mask: NDArray[np.generic], void: NDArray[np.bool_] | None) -> NDArray[np.generic]:
    """Return a mask for `as_picture` in which void pixels are grey: `(H, W)`."""
    return mask if void is None else np.where(void, VOID_GREY / 255, mask.astype(np.float32))


def as_picture(values: ArrayLike) -> Picture:
    """Convert a picture, mask or map to RGB.

    Args:
        values: uint8 `(H, W, 3)`, as it is; `(H, W)` float in [0, 1] or {0, 1} mask, from black to
            white; `(H, W)` uint8 with values above 1, as grey.

    Raises:
        DataError: anything else.
    """
    array = np.asarray(values)
    if array.ndim == 3:
        return _as_rgb(array)
    if array.dtype == np.uint8 and array.size and array.max() > 1:
        grey = array
    else:
        grey = np.rint(_as_unit(array) * 255).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


def flow_picture(flow: Tensor, max_magnitude: float | None = None) -> Picture:
    """Draw a flow: hue is direction, saturation is length.

    Args:
        flow: `(2, H, W)` in pixels, channel 0 to the right, channel 1 down.
        max_magnitude: length, in pixels, of the full colour; None: the longest vector of this flow.

    Raises:
        DataError: another shape.
    """
    if flow.ndim != 3 or flow.shape[0] != 2:
        raise DataError(f"found a flow of shape {tuple(flow.shape)}, expected (2, H, W)")
    picture = flow_to_rgb(flow.detach()[None], max_magnitude)[0].permute(1, 2, 0)
    return np.ascontiguousarray(picture.cpu().numpy())


def _as_rgb(array: np.ndarray) -> Picture:
    """Check that a picture is uint8 `(H, W, 3)`."""
    if array.ndim != 3 or array.shape[2] != 3 or array.dtype != np.uint8 or not array.size:
        raise DataError(
            f"found a picture of shape {array.shape}, {array.dtype}; expected uint8 (H, W, 3)"
        )
    return array


def _as_unit(array: np.ndarray) -> np.ndarray:
    """Check a map or mask and convert it to float32 `(H, W)` in [0, 1]."""
    if array.ndim != 2 or not array.size or array.dtype.kind not in "bfiu":
        raise DataError(f"found a map of shape {array.shape}, {array.dtype}; expected (H, W)")
    low, high = float(array.min()), float(array.max())
    if not (low >= 0 and high <= 1):  # also false for NaN
        raise DataError(f"found a map from {low:.4g} to {high:.4g}, expected [0, 1]; scale it")
    return array.astype(np.float32)
