"""Frames and masks, from and to image files.

Pillow reads them rather than OpenCV, for two reasons: it tells a palette's ids from its colours,
and it refuses a truncated file, of which OpenCV fills the missing part with grey.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from rcrlib.data.orientation import swaps_sides, upright
from rcrlib.errors import DataError
from rcrlib.files import atomic_file

THRESHOLD = 128
"""Grey values of at least this, of 255, are the object."""

MaskStyle = Literal["auto", "grey", "ids", "on-white"]
"""How a mask file says which pixels are the object.

- `auto`: what most data sets do. A palette file holds object ids, and every id but 0 is the object;
  anything else is grey, and the object is what is >= 128. A grey file that is not black and yet
  nowhere >= 128 is refused: it holds 0 and 1, or ids, and would be empty without a word.
- `grey`: >= 128, whatever the values; for maps that this library wrote.
- `ids`: everything that is not 0 or black.
- `on-white`: everything that is not white (the .ppm files of FBMS).
"""

IMAGE_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    zlib.error,
    Image.DecompressionBombError,
)
"""Pillow's exceptions for files that are missing, truncated, or no image."""


def read_image(path: str | Path) -> NDArray[np.uint8]:
    """Read a frame as (H, W, 3) uint8 RGB, turned upright as its EXIF orientation says.

    Raises:
        DataError: the file is missing, truncated, 16 bits deep, or no image.
    """
    with _opened(path) as image:
        return np.array(upright(image).convert("RGB"))


def image_size(path: str | Path) -> tuple[int, int]:
    """Return (H, W) of an image file, upright, from its header alone.

    Raises:
        DataError: the file is missing or no image.
    """
    with _opened(path) as image:
        width, height = image.size
        return (width, height) if swaps_sides(image) else (height, width)


def read_mask(
    path: str | Path,
    *,
    size: tuple[int, int] | None = None,
    soft: bool = False,
    style: MaskStyle = "auto",
) -> NDArray[np.uint8] | NDArray[np.float32]:
    """Read a mask as (H, W) uint8 {0, 1}, or, with `soft`, as (H, W) float32 in [0, 1].

    An alpha channel is ignored (some of DAVIS' masks carry one), unless it varies while the colour
    is the same everywhere: then the mask was drawn in the alpha channel.

    Args:
        path: the file; grey, palette, 1-bit, or colour with R = G = B.
        size: the (H, W) that the mask must have, its frame's.
        soft: return grey / 255 instead of thresholding at 128.
        style: how the file marks the object, see `MaskStyle`.

    Raises:
        DataError: the file is missing, broken, of another size, coloured where greys are expected,
            or (`style="auto"`) neither black nor anywhere >= 128.
    """
    grey = read_grey(path, size=size, style=style)
    if soft:
        return grey.astype(np.float32) / np.float32(255)
    return (grey >= THRESHOLD).astype(np.uint8)


def read_grey(
    path: str | Path, *, size: tuple[int, int] | None = None, style: MaskStyle = "auto"
) -> NDArray[np.uint8]:
    """Read a mask as (H, W) uint8, 0..255, without thresholding; otherwise as `read_mask`."""
    with _opened(path) as image:
        grey = _object_grey(Path(path), upright(image), style)
    if size is not None and grey.shape != size:
        raise DataError(
            f"{path}: the mask is {_wxh(grey.shape)} and its frame is {_wxh(size)} pixels;"
            " give a mask of the frame's size"
        )
    return grey


def read_map(path: str | Path, *, palette_ids: bool = False) -> NDArray[np.uint8]:
    """Read a saliency map as its grey levels, (H, W) uint8; nothing is thresholded or resized.

    Args:
        path: the file.
        palette_ids: take a palette for object ids, of which all but 0 give 255; else it is refused
            where it is coloured.

    Raises:
        DataError: the file is missing, broken, coloured (RGB or palette), or deeper than 8 bits
            (16-bit PNG, float TIFF).
    """
    with _opened(path) as image:
        ids = palette_ids and image.mode == "P" and not _is_black_and_white(image)
        grey = _object_grey(Path(path), upright(image), "ids" if ids else "grey")
    return np.ascontiguousarray(grey)


def write_mask(path: str | Path, mask: NDArray[np.generic]) -> None:
    """Write a mask as a one-channel PNG, 0..255, whole or not at all.

    Args:
        path: the file to write; folders above it are made.
        mask: (H, W); bool or integers {0, 1}, or floats in [0, 1] (rounded to 1/255).

    Raises:
        ValueError: another shape, or values outside [0, 1].
    """
    if mask.ndim != 2:
        raise ValueError(f"a mask has the shape (H, W), this one has {mask.shape}")
    values = mask.astype(np.float32)
    if not ((values >= 0) & (values <= 1)).all():
        raise ValueError(f"a mask lies in [0, 1], this one in [{values.min()}, {values.max()}]")
    with atomic_file(path) as temporary:
        Image.fromarray(np.round(values * 255).astype(np.uint8)).save(temporary, format="PNG")


@contextmanager
def _opened(path: str | Path) -> Iterator[Image.Image]:
    """Open an 8-bit image; everything that goes wrong in reading it becomes a `DataError`."""
    try:
        with Image.open(path) as image:
            if image.mode.startswith(("I", "F")):
                raise DataError(f"{path}: holds more than 8 bits a pixel; save it with 8 bits")
            yield image
    except FileNotFoundError:
        raise DataError(f"{path}: not there; expected an image file") from None
    except IMAGE_ERRORS as error:
        raise DataError(
            f"{path}: cannot be read as an image ({error}); replace the file"
        ) from error


def _object_grey(path: Path, image: Image.Image, style: MaskStyle) -> NDArray[np.uint8]:
    """Convert a mask image to (H, W) uint8, 0..255, in which the object is >= 128."""
    if image.mode == "P" and style in ("auto", "ids") and not _is_black_and_white(image):
        return np.where(np.array(image) > 0, 255, 0).astype(np.uint8)
    colour = _colours(image)
    if style == "ids":
        return np.where((colour > 0).any(2), 255, 0).astype(np.uint8)
    if style == "on-white":
        return np.where((colour < 255).any(2), 255, 0).astype(np.uint8)
    if (colour != colour[..., :1]).any():
        what, expected = ("map", "") if style == "grey" else ("mask", " (0/255) or palette ids")
        raise DataError(f"{path}: the {what} is coloured; expected grey{expected}")
    grey: NDArray[np.uint8] = colour[..., 0]
    if style == "auto" and 0 < grey.max() < THRESHOLD:
        raise DataError(
            f"{path}: the mask's greatest value is {grey.max()} of 255; save it as 0 and 255,"
            " or ids of objects with a palette"
        )
    return grey


def _colours(image: Image.Image) -> NDArray[np.uint8]:
    """Return (H, W, 3) colours, (H, W, 1) greys, or the alpha channel if the mask is there."""
    if image.mode in ("1", "L"):
        return np.array(image.convert("L"))[..., None]
    pixels = np.array(image.convert("RGBA"))
    colour, alpha = pixels[..., :3], pixels[..., 3:]
    drawn_in_alpha = alpha.min() < alpha.max() and (colour == colour[0, 0]).all()
    return alpha if drawn_in_alpha else colour


def _is_black_and_white(image: Image.Image) -> bool:
    """Whether a palette image is a black-and-white mask, as opposed to one of object ids."""
    colours = image.convert("RGB").getcolors(maxcolors=2) or []
    return {colour for _, colour in colours} == {(0, 0, 0), (255, 255, 255)}


def _wxh(size: tuple[int, ...]) -> str:
    return f"{size[1]}x{size[0]}"
