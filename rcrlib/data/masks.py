"""Frames and masks, from and to image files.

Pillow reads them rather than OpenCV, for two reasons: it tells a palette's ids from its colours,
and it refuses a truncated file, of which OpenCV fills the missing part with grey.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from rcrlib.data.meaning import (
    THRESHOLD,
    VOID,
    VOID_COLOUR,
    MaskStyle,
    UnclearMaskError,
    check_greys,
    palette_holds_ids,
    void_among_ids,
)
from rcrlib.data.orientation import swaps_sides, upright
from rcrlib.errors import DataError
from rcrlib.files import atomic_file

Grey = NDArray[np.uint8]
Void = NDArray[np.bool_]

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
    is the same everywhere: then the mask was drawn in the alpha channel. Void pixels are 0;
    `read_void` finds them.

    Args:
        path: the file; grey, palette, 1-bit, or colour with R = G = B.
        size: the (H, W) that the mask must have, its frame's.
        soft: return grey / 255 instead of thresholding at 128.
        style: how the file marks the object, see `MaskStyle`.

    Raises:
        DataError: the file is missing, broken, of another size, coloured where greys are expected,
            or (`style="auto"`) its values may mean several things.
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
        grey, _ = _object_and_void(Path(path), upright(image), style)
    _check_size(path, grey, size)
    return grey


def read_void(
    path: str | Path, *, size: tuple[int, int] | None = None, style: MaskStyle = "auto"
) -> Void | None:
    """Read where a mask says nothing: (H, W) bool, or None where it has no such pixel.

    Of a file that cannot have any, only the header is read. Arguments and errors as in `read_mask`.
    """
    with _opened(path) as image:
        if style != "ids-void" and (image.mode != "P" or style != "auto"):
            return None
        grey, void = _object_and_void(Path(path), upright(image), style)
    _check_size(path, grey, size)
    return void


def read_map(path: str | Path, *, palette_ids: bool = False) -> NDArray[np.uint8]:
    """Read a saliency map as its grey levels, (H, W) uint8; nothing is thresholded or resized.

    Args:
        path: the file.
        palette_ids: take the values of a coloured palette for object ids, of which all but 0 (and
            void) give 255; else such a palette is refused.

    Raises:
        DataError: the file is missing, broken, coloured (RGB or palette), or deeper than 8 bits
            (16-bit PNG, float TIFF).
    """
    with _opened(path) as image:
        with _naming(path):
            ids = palette_ids and image.mode == "P" and _holds_ids(image)
        grey, _ = _object_and_void(Path(path), upright(image), "auto" if ids else "grey")
    return np.ascontiguousarray(grey)


def write_mask(
    path: str | Path, mask: NDArray[np.generic], void: NDArray[np.bool_] | None = None
) -> None:
    """Write a mask as a one-channel PNG, 0..255, whole or not at all.

    With void pixels it becomes a palette PNG of the ids 0, 1 and 255, as in DAVIS and VOC, because
    greys of 0 and 255 have no value left for them.

    Args:
        path: the file to write; folders above it are made.
        mask: (H, W); bool or integers {0, 1}, or floats in [0, 1] (rounded to 1/255).
        void: (H, W); where the mask says nothing. None: nowhere.

    Raises:
        ValueError: another shape, values outside [0, 1], or void beside values between 0 and 1.
    """
    if mask.ndim != 2:
        raise ValueError(f"a mask has the shape (H, W), this one has {mask.shape}")
    values = mask.astype(np.float32)
    if not ((values >= 0) & (values <= 1)).all():
        raise ValueError(f"a mask lies in [0, 1], this one in [{values.min()}, {values.max()}]")
    levels = np.round(values * 255).astype(np.uint8)
    if void is not None and void.any():
        _write_ids(path, levels, void)
        return
    with atomic_file(path) as temporary:
        Image.fromarray(levels).save(temporary, format="PNG")


def _write_ids(path: str | Path, levels: Grey, void: Void) -> None:
    """Write a palette PNG of 0, 1 and void, with a text in it that says what 255 is."""
    if void.shape != levels.shape or not np.isin(levels[~void], (0, 255)).all():
        raise ValueError("void pixels go with a mask of 0 and 1 of the same shape only")
    image = Image.fromarray(np.where(void, VOID, levels > 0).astype(np.uint8), "P")
    image.putpalette([0, 0, 0, 255, 255, 255, *[0] * (3 * 253), *VOID_COLOUR])
    text = PngInfo()
    text.add_text("void", str(VOID))
    with atomic_file(path) as temporary:
        image.save(temporary, format="PNG", pnginfo=text)


def _check_size(path: str | Path, grey: Grey, size: tuple[int, int] | None) -> None:
    if size is not None and grey.shape != size:
        raise DataError(
            f"{path}: the mask is {_wxh(grey.shape)} and its frame is {_wxh(size)} pixels;"
            " give a mask of the frame's size"
        )


@contextmanager
def _naming(path: str | Path) -> Iterator[None]:
    """Turn an `UnclearMaskError` into a `DataError` that names the file."""
    try:
        yield
    except UnclearMaskError as error:
        raise DataError(f"{path}: {error}") from None


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


def _object_and_void(path: Path, image: Image.Image, style: MaskStyle) -> tuple[Grey, Void | None]:
    """Convert a mask image to (H, W) uint8, 0..255, in which the object is >= 128, and its void."""
    with _naming(path):
        if image.mode == "P" and style in ("auto", "ids", "ids-void") and _holds_ids(image):
            return _ids(image, style)
    colour = _colours(image)
    if style == "ids":
        return np.where((colour > 0).any(2), 255, 0).astype(np.uint8), None
    if style == "on-white":
        return np.where((colour < 255).any(2), 255, 0).astype(np.uint8), None
    if (colour != colour[..., :1]).any():
        what, expected = ("map", "") if style == "grey" else ("mask", " (0/255) or palette ids")
        raise DataError(f"{path}: the {what} is coloured; expected grey{expected}")
    grey: Grey = colour[..., 0]
    if style == "ids-void":
        void = grey == VOID
        return np.where(void | (grey == 0), 0, 255).astype(np.uint8), void if void.any() else None
    if style == "auto":
        with _naming(path):
            check_greys(grey)
    return grey, None


def _ids(image: Image.Image, style: MaskStyle) -> tuple[Grey, Void | None]:
    """Read a palette's ids: 255 where an object is, and the void pixels."""
    ids = np.array(image)
    if style == "ids":
        return np.where(ids > 0, 255, 0).astype(np.uint8), None
    marked = style == "ids-void" or image.info.get("void") == str(VOID)
    if not void_among_ids(np.flatnonzero(np.bincount(ids.ravel())).astype(np.uint8), marked=marked):
        return np.where(ids > 0, 255, 0).astype(np.uint8), None
    void = ids == VOID
    return np.where((ids > 0) & ~void, 255, 0).astype(np.uint8), void


def _holds_ids(image: Image.Image) -> bool:
    """Whether a palette image holds object ids, as opposed to greys or black and white."""
    stored = np.array(image.getpalette() or [], np.uint8).reshape(-1, 3)[:256]
    palette = np.zeros((256, 3), np.uint8)
    palette[: len(stored)] = stored
    values = np.flatnonzero(image.histogram()[:256]).astype(np.uint8)
    return palette_holds_ids(values, palette)


def _colours(image: Image.Image) -> NDArray[np.uint8]:
    """Return (H, W, 3) colours, (H, W, 1) greys, or the alpha channel if the mask is there."""
    if image.mode in ("1", "L"):
        return np.array(image.convert("L"))[..., None]
    pixels = np.array(image.convert("RGBA"))
    colour, alpha = pixels[..., :3], pixels[..., 3:]
    drawn_in_alpha = alpha.min() < alpha.max() and (colour == colour[0, 0]).all()
    return alpha if drawn_in_alpha else colour


def _wxh(size: tuple[int, ...]) -> str:
    return f"{size[1]}x{size[0]}"
