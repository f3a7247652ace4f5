"""Validate predictions and masks before they are measured."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from rcrlib.errors import DataError

Map = Tensor | np.ndarray
"""A picture of one value per pixel, from either library."""

LEVELS = 256
"""Grey levels of an 8-bit picture, which is how predictions are kept and published."""


ROUNDING = 0.5 / (LEVELS - 1)
"""Values outside of [0, 1] by less than this round to the nearest level in it."""


def as_prediction(prediction: Map, what: str = "prediction") -> Tensor:
    """Check a prediction and return it as a tensor of the same type.

    Args:
        prediction: float, any shape, in [0, 1]. What is outside by less than half a level, as
            rounding leaves it (1.0000001), is clamped.
        what: how the error calls it.

    Raises:
        DataError: not floating point, not finite, or outside [0, 1].
    """
    prediction = _as_tensor(prediction)
    if not prediction.is_floating_point():
        raise DataError(
            f"{what}: found {_name(prediction)}, expected floating point in [0, 1];"
            " divide 8-bit maps by 255"
        )
    if not torch.isfinite(prediction).all():
        raise DataError(f"{what}: found NaN or infinity, expected values in [0, 1]")
    if prediction.numel() and (prediction.min() < 0 or prediction.max() > 1):
        low, high = float(prediction.min()), float(prediction.max())
        if low > -ROUNDING and high < 1 + ROUNDING:
            return prediction.clamp(0, 1)
        raise DataError(
            f"{what}: found values from {low:.9g} to {high:.9g}, expected [0, 1];"
            " logits go through a sigmoid first"
        )
    return prediction


def as_mask(mask: Map, what: str = "mask") -> Tensor:
    """Check a mask and return it as a bool tensor.

    Args:
        mask: any type and shape, every value 0 or 1.
        what: how the error calls it.

    Raises:
        DataError: a value other than 0 and 1.
    """
    mask = _as_tensor(mask)
    if mask.dtype == torch.bool:
        return mask
    if mask.is_complex():
        raise DataError(f"{what}: found {_name(mask)}, expected 0 and 1")
    foreign = mask[(mask != 0) & (mask != 1)]
    if foreign.numel():
        raise DataError(
            f"{what}: found the value {float(foreign[0]):.4g}, expected only 0 and 1;"
            " threshold grey masks at 128 first"
        )
    return mask.bool()


def as_frame(prediction: Map, mask: Map) -> tuple[Tensor, Tensor]:
    """Check one frame: both `(H, W)`, float64 in [0, 1] and bool.

    Float64 because sums over a 480p frame in float32 already differ in the fourth digit.

    Raises:
        DataError: see `as_prediction` and `as_mask`; sizes differ, or are not `(H, W)`.
    """
    checked = as_prediction(prediction).double(), as_mask(mask)
    check_shapes(*checked, dimensions=2, layout="(H, W)")
    return checked


def as_levels(prediction: Map, mask: Map, where: str = "") -> tuple[Tensor, Tensor]:
    """Check a batch `(B, 1, H, W)` or a frame `(H, W)`; return levels (uint8), masks `(B, H, W)`.

    Args:
        prediction: float in [0, 1], rounded to the levels of a PNG; or uint8: such levels.
        mask: {0, 1}, of the same shape.
        where: said at the start of the error, such as the name of the video.

    Raises:
        DataError: see `as_prediction` and `as_mask`; sizes differ, or no pixel is there.
    """
    start = f"{where}: " if where else ""
    levels, masks = _as_tensor(prediction), as_mask(mask, f"{start}mask")
    if levels.dtype != torch.uint8:
        levels = quantise(as_prediction(levels, f"{start}prediction"))
    if levels.ndim == 2:
        check_shapes(levels, masks, dimensions=2, layout="(H, W)", where=start)
        return levels[None], masks[None]
    check_shapes(levels, masks, dimensions=4, layout="(B, 1, H, W) or (H, W)", where=start)
    if levels.shape[1] != 1:
        raise DataError(
            f"{start}found {levels.shape[1]} channels in {tuple(levels.shape)},"
            " expected (B, 1, H, W)"
        )
    return levels[:, 0], masks[:, 0]


def quantise(prediction: Tensor) -> Tensor:
    """Quantise a float prediction in [0, 1] to the levels 0..255 (uint8) of a PNG.

    In float32, as predictions are when they are written: the halves then round the same way.
    """
    return (prediction.float() * (LEVELS - 1)).round().byte()


def check_shapes(
    prediction: Tensor, mask: Tensor, *, dimensions: int, layout: str, where: str = ""
) -> None:
    """Raise `DataError` unless both have the same shape, of so many dimensions, with a pixel."""
    if prediction.shape != mask.shape:
        raise DataError(
            f"{where}the prediction is {tuple(prediction.shape)} and the mask {tuple(mask.shape)},"
            " expected the same size; resize the prediction to the mask"
        )
    if prediction.ndim != dimensions or not prediction.numel():
        raise DataError(f"{where}found the shape {tuple(prediction.shape)}, expected {layout}")


def _as_tensor(values: Map) -> Tensor:
    """Return a detached tensor, on the CPU where its device has no float64 (Apple's GPUs)."""
    if isinstance(values, np.ndarray):
        # Torch takes no arrays that are flipped, read-only, or of the other byte order.
        native = values.dtype.newbyteorder("=")
        return torch.from_numpy(np.require(values, native, ["C_CONTIGUOUS", "WRITEABLE"]))
    return values.detach().cpu() if values.device.type == "mps" else values.detach()


def _name(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")
