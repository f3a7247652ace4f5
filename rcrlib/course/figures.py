"""Pictures in notebooks, with their words for those who cannot see them."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import ArrayLike

from rcrlib.errors import OptionError
from rcrlib.show import Picture, contact_sheet

QUALITY = 82
"""Of JPEG: a sheet takes some 50 kB in the notebook, and its type stays sharp."""


def jpeg(rgb: Picture) -> bytes:
    """Return an RGB picture (H, W, 3) uint8 as a JPEG file."""
    bgr = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
    return cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()


def picture(caption: str, rgb: Picture) -> None:
    """Show a picture in a notebook, and its caption below it, which is its alt text too.

    Args:
        caption: what is to be seen, with the numbers that the picture shows; a sentence or two.
        rgb: (H, W, 3) uint8.

    Raises:
        OptionError: the caption says too little, or no number.
    """
    from IPython.display import display

    check_caption(caption)
    alt = {"image/jpeg": {"alt": caption}}
    display({"image/jpeg": jpeg(rgb), "text/plain": caption}, metadata=alt, raw=True)
    display({"text/markdown": f"*{caption}*", "text/plain": caption}, raw=True)


def sheet(
    caption: str,
    rows: Sequence[Sequence[ArrayLike | None]],
    columns: Sequence[str] | None = None,
    names: Sequence[str] | None = None,
    cell_width: int = 120,
) -> None:
    """Show pictures in rows and columns; see `picture` and `rcrlib.show.contact_sheet`."""
    picture(caption, contact_sheet(rows, columns, names, cell_width=cell_width))


def heat(values: ArrayLike, low: float = 0.0, high: float = 1.0) -> Picture:
    """Return a map (H, W) as a picture: blue where low, white halfway, orange-brown where high.

    Both ends are dark and the middle is light, so that the two differ in hue, and what is near the
    middle stands back, also for the colour-blind.
    """
    share = np.clip((np.asarray(values, np.float32) - low) / (high - low), 0, 1)[..., None]
    ends = np.array([[0, 92, 175], [247, 247, 247], [176, 76, 0]], np.float32)
    below = ends[0] + (ends[1] - ends[0]) * np.minimum(2 * share, 1)
    return np.rint(below + (ends[2] - ends[1]) * np.maximum(2 * share - 1, 0)).astype(np.uint8)


def check_caption(caption: str) -> None:
    """Raise `OptionError` unless a caption can stand for its picture: words, and a number."""
    if len(caption.split()) < 8 or not any(letter.isdigit() for letter in caption):
        raise OptionError(
            f"caption {caption!r}: give at least eight words and one of the numbers that are shown"
        )
