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


def as_mask(mask: Map, what: str = "mask", void: Tensor | None = None) -> Tensor:
    """Check a mask and return it as a bool tensor, False where it is void.

    Args:
        mask: any type and shape, every value 0 or 1.
        what: how the error calls it.
        void: bool, of the same shape; what the mask holds there does not matter.

    Raises:
        DataError: a value other than 0 and 1.
    """
    mask = _as_tensor(mask)
    if void is not None:
        mask = mask.masked_fill(void, 0)
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


def as_void(void: Map | None, mask: Map, where: str = "") -> Tensor | None:
    """Check which pixels are void and return them as a bool tensor beside the mask.

    Args:
        void: bool, or {0, 1}, of the mask's shape; None where no pixel is void.
        mask: the mask that it belongs to.
        where: said at the start of the error.

    Raises:
        DataError: a value other than 0 and 1, or another shape.
    """
    if void is None:
        return None
    if tuple(void.shape) != tuple(mask.shape):
        raise DataError(
            f"{where}void is {tuple(void.shape)} and the mask {tuple(mask.shape)},"
            " expected the same size"
        )
    checked = as_mask(void, f"{where}void")
    return checked.to(_as_tensor(mask).device)


def as_frame(prediction: Map, mask: Map, void: Map | None = None) -> tuple[Tensor, Tensor, Tensor]:
    """Check one frame: prediction, mask and which pixels count, all `(H, W)`.

    The prediction is float64, because sums over a 480p frame in float32 already differ in the
    fourth digit; the others are bool. The mask is False where it is void.

    Raises:
        DataError: see `as_prediction`, `as_mask` and `as_void`; sizes differ, or are not `(H, W)`;
            every pixel is void.
    """
    nowhere = as_void(void, mask)
    pair = as_prediction(prediction).double(), as_mask(mask, void=nowhere)
    check_shapes(*pair, dimensions=2, layout="(H, W)")
    counted = torch.ones_like(pair[1]) if nowhere is None else ~nowhere
    check_counted(counted[None])
    return (*pair, counted)


def as_pixels(prediction: Map, mask: Map, void: Map | None = None) -> tuple[Tensor, Tensor]:
    """Check one frame whose pixels' places do not matter; those that are void are left out.

    Returns:
        Prediction (float64) and mask (bool): `(H, W)`, or where void is given, `(N,)`.

    Raises:
        DataError: as `as_frame`.
    """
    prediction, mask, counted = as_frame(prediction, mask, void)
    return (prediction, mask) if void is None else (prediction[counted], mask[counted])


def as_levels(
    prediction: Map, mask: Map, where: str = "", void: Map | None = None
) -> tuple[Tensor, Tensor, Tensor | None]:
    """Check a batch `(B, 1, H, W)` or a frame `(H, W)`.

    Args:
        prediction: float in [0, 1], rounded to the levels of a PNG; or uint8: such levels.
        mask: {0, 1}, of the same shape.
        where: said at the start of the error, such as the name of the video.
        void: see `as_void`.

    Returns:
        Levels (uint8), masks (bool) and, where void is given, which pixels count (bool), each
        `(B, H, W)`.

    Raises:
        DataError: see `as_prediction`, `as_mask` and `as_void`; sizes differ, no pixel is there, or
            every pixel of a frame is void.
    """
    start = f"{where}: " if where else ""
    nowhere = as_void(void, mask, start)
    levels, masks = _as_batch(_as_tensor(prediction), as_mask(mask, f"{start}mask", nowhere), start)
    if nowhere is None:
        return levels, masks, None
    counted = ~nowhere.reshape(masks.shape)
    check_counted(counted, start)
    return levels, masks, counted


def _as_batch(levels: Tensor, masks: Tensor, start: str) -> tuple[Tensor, Tensor]:
    """Check the shapes of a prediction and its masks; return levels and masks `(B, H, W)`."""
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


def check_counted(counted: Tensor, where: str = "") -> None:
    """Raise `DataError` where no pixel of a frame counts; `counted` is bool `(B, H, W)`."""
    alone = (~counted.flatten(1).any(1)).nonzero().flatten().tolist()
    if alone:
        number = f"frame {alone[0]} of {len(counted)}: " if len(counted) > 1 else ""
        raise DataError(
            f"{where}{number}every pixel is void, so there is nothing to measure; leave it out"
        )


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
