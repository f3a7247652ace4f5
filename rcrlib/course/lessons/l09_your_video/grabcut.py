"""Labels by hand: a box around the object, a few strokes, and GrabCut for the outline.

GrabCut (Rother et al., 2004) learns the colours of the object and of the background from what is
marked, and cuts between them where the picture has an edge. Boxes and strokes are in per cent of
the frame, so that they mean the same at every size.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from rcrlib.data import write_mask
from rcrlib.errors import OptionError
from rcrlib.show import Picture

BACKGROUND, OBJECT, MAYBE_OBJECT = int(cv2.GC_BGD), int(cv2.GC_FGD), int(cv2.GC_PR_FGD)
"""What a pixel is taken for at the start: surely background, surely object, to be decided."""

SIDE = 320
"""Longer side in pixels at which the cut is made: a tenth of a second, and fine enough."""

ROUNDS = 3
"""Of learning colours and cutting; more change little."""

BRUSH = 7.0
"""Width of a stroke, in per cent of the frame's shorter side."""

Box = tuple[float, float, float, float]
"""Left, top, right and bottom, in per cent of the frame's width and height."""


class Stroke(NamedTuple):
    """A straight line that a person has drawn, in per cent of the frame's width and height."""

    x0: float
    y0: float
    x1: float
    y1: float
    is_object: bool
    """Drawn on the object, or on the background."""


def trimap(
    box: Sequence[int], is_object: NDArray[np.bool_], is_background: NDArray[np.bool_]
) -> NDArray[np.uint8]:
    """Return what each pixel is taken for before the first cut.

    Outside of the box is `BACKGROUND`, inside `MAYBE_OBJECT`; what a person has marked counts more
    than the box.

    Args:
        box: left, top, right, bottom in pixels; right and bottom are the first ones outside.
        is_object: (H, W), what is marked as object.
        is_background: (H, W), what is marked as background.

    Returns:
        (H, W) uint8 in OpenCV's codes.
    """
    left, top, right, bottom = box
    codes = np.full(is_object.shape, BACKGROUND, np.uint8)
    codes[top:bottom, left:right] = MAYBE_OBJECT
    codes[is_object] = OBJECT
    codes[is_background] = BACKGROUND
    return codes


def in_pixels(box: Box, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return a box in pixels of a frame of (H, W).

    Raises:
        OptionError: it is turned round, empty, outside of the frame, or the whole of it.
    """
    left, top, right, bottom = box
    for one, other, low, high in (("left", "right", left, right), ("top", "bottom", top, bottom)):
        if low >= high:
            raise OptionError(
                f"the box is turned round: {one} {low:g} %, {other} {high:g} %; {one} must be less"
            )
    if min(box) < 0 or max(box) > 100:
        raise OptionError(f"the box {box} leaves the frame; keep all sides within 0 to 100 %")
    if tuple(box) == (0, 0, 100, 100):
        raise OptionError("the box is the whole frame, which leaves no background; draw it closer")
    height, width = size
    x0, x1 = (round(share * width / 100) for share in (left, right))
    y0, y1 = (round(share * height / 100) for share in (top, bottom))
    if x1 - x0 < 2 or y1 - y0 < 2:
        raise OptionError(f"the box is {x1 - x0} x {y1 - y0} pixels; draw it wider")
    return x0, y0, x1, y1


def marked(
    strokes: Sequence[Stroke], size: tuple[int, int]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Draw strokes: return what is marked as object and what as background, each (H, W) bool."""
    drawn = np.zeros((2, *size), np.uint8)
    for stroke in strokes:
        start, end = ends(stroke, size)
        cv2.line(drawn[0 if stroke.is_object else 1], start, end, 1, brush(size))
    return drawn[0] > 0, drawn[1] > 0


def ends(stroke: Stroke, size: tuple[int, int]) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return where a stroke begins and ends, as (x, y) in pixels of a frame of (H, W)."""
    bottom, right = (side - 1 for side in size)
    start = round(stroke.x0 * right / 100), round(stroke.y0 * bottom / 100)
    return start, (round(stroke.x1 * right / 100), round(stroke.y1 * bottom / 100))


def brush(size: tuple[int, int]) -> int:
    """Return the width of a stroke in pixels of a frame of (H, W)."""
    return max(1, round(BRUSH * min(size) / 100))


def grab_cut(
    frame: Picture, box: Box, strokes: Sequence[Stroke] = (), side: int = SIDE
) -> NDArray[np.uint8]:
    """Return the object in a box, as GrabCut finds it.

    Args:
        frame: (H, W, 3) uint8, RGB.
        box: around all of the object.
        strokes: what is surely object or surely background.
        side: the cut is made on a frame with this longer side; the mask is brought back to (H, W).

    Returns:
        (H, W) uint8 {0, 1}; empty where nothing in the box differs from what is outside. The same
        input gives the same mask.

    Raises:
        OptionError: the box cannot be used.
    """
    in_pixels(box, frame.shape[:2])
    scale = min(1.0, side / max(frame.shape[:2]))
    height, width = (max(8, round(scale * length)) for length in frame.shape[:2])
    small = np.asarray(cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    codes = trimap(in_pixels(box, (height, width)), *marked(strokes, (height, width)))
    found = cut(small, codes)
    share = cv2.resize(found.astype(np.float32), frame.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    return (share >= 0.5).astype(np.uint8)


def cut(frame: Picture, codes: NDArray[np.uint8], rounds: int = ROUNDS) -> NDArray[np.uint8]:
    """Run OpenCV's GrabCut from what the pixels are taken for.

    Args:
        frame: (H, W, 3) uint8, RGB.
        codes: (H, W), see `trimap`; not changed.
        rounds: of learning colours and cutting.

    Returns:
        (H, W) uint8 {0, 1}.

    Raises:
        OptionError: no pixel can be object, or none background.
    """
    background = codes == BACKGROUND
    if background.all() or not background.any():
        raise OptionError("all pixels are marked alike; leave both object and background")
    cv2.setRNGSeed(0)  # the colours are clustered from a random start
    codes, colours = codes.copy(), np.zeros((2, 1, 65))
    bgr = np.ascontiguousarray(frame[..., ::-1])
    outside, inside = colours
    cv2.grabCut(bgr, codes, (0, 0, 0, 0), outside, inside, rounds, cv2.GC_INIT_WITH_MASK)
    return np.isin(codes, (OBJECT, MAYBE_OBJECT)).astype(np.uint8)


def box_around(saliency: ArrayLike, margin: float = 4.0, level: float = 0.5) -> Box:
    """Propose a box: around what a network finds, with a margin in per cent.

    Where nothing reaches `level`, the box is the middle of the frame.
    """
    found = np.asarray(saliency) >= level
    if not found.any():
        return 25.0, 25.0, 75.0, 75.0
    (top, bottom), (left, right) = (_span(np.asarray(found.any(axis=axis))) for axis in (1, 0))
    return (
        max(0.0, left - margin), max(0.0, top - margin),
        min(99.0, right + margin), min(99.0, bottom + margin),
    )  # fmt: skip


def _span(line: NDArray[np.bool_]) -> tuple[float, float]:
    """Return where a line of pixels begins and ends to be true, in per cent of its length."""
    (places,) = np.nonzero(line)
    return 100 * float(places[0]) / len(line), 100 * float(places[-1] + 1) / len(line)


def save_label(folder: str | Path, name: str, mask: NDArray[np.generic]) -> Path:
    """Write a mask over the empty label of a frame, where `rcr data label --labels` looks for it.

    Args:
        folder: what `rcrlib.data.write_for_labelling` wrote.
        name: of the frame.
        mask: (H, W) of {0, 1}.

    Returns:
        The file.

    Raises:
        OptionError: the folder has no such label to fill in.
    """
    path = Path(folder) / "labels" / f"{name}.png"
    if not path.is_file():
        raise OptionError(f"{path.name}: {Path(folder).name} has no such frame to label")
    write_mask(path, mask)
    return path
