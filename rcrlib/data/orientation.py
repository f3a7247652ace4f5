"""Which way up a picture is shown, from its EXIF data, where those can be read."""

from __future__ import annotations

from PIL import Image

_TAG = 0x0112

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What makes a picture of each orientation upright; 1 is upright."""


def upright(image: Image.Image) -> Image.Image:
    """Return the picture turned as its EXIF orientation says.

    Unlike Pillow's `exif_transpose` it reads one tag and writes none, so that what is broken in the
    others does not matter.
    """
    turn = _TURNS.get(orientation(image))
    return image if turn is None else image.transpose(turn)


def orientation(image: Image.Image) -> int:
    """Return the EXIF orientation, 1 to 8; 1 where there is none or it is none of these."""
    try:
        value = image.getexif().get(_TAG, 1)
    except Exception:  # Pillow raises many kinds for EXIF data that are broken
        return 1
    return value if isinstance(value, int) and value in _TURNS else 1


def swaps_sides(image: Image.Image) -> bool:
    """Tell whether height and width change places when the picture is turned upright."""
    return orientation(image) >= 5
