"""Exercises of 09: what GrabCut starts from, and a score that needs no labels."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from rcrlib.course.exercise import Draw, Exercise, Mistake, Property, shape_of
from rcrlib.course.lessons.l09_your_video import LESSON
from rcrlib.course.lessons.l09_your_video.grabcut import BACKGROUND, MAYBE_OBJECT, OBJECT, trimap
from rcrlib.flow import warp

HEIGHT, WIDTH = 7, 10

# ---- what GrabCut starts from

Marks = tuple[tuple[int, int, int, int], np.ndarray, np.ndarray]


def _marks(strokes: bool, draw: Draw) -> Marks:
    """Draw a box, and strokes that lie partly inside and partly outside of it."""
    left, top = draw.integer(1, 3), draw.integer(1, 2)
    box = left, top, left + draw.integer(4, 5), top + draw.integer(2, 3)
    drawn = draw.numpy().random((HEIGHT, WIDTH))
    if not strokes:
        drawn[:] = 0.5
    else:  # on both sides of the box's edge, whatever is drawn
        drawn[top, left], drawn[0, 0] = 0.1, 0.1
        drawn[top + 1, left + 1] = 0.9
    return box, drawn < 0.2, drawn > 0.8


def _swapped(box: tuple[int, ...], is_object: np.ndarray, is_background: np.ndarray) -> np.ndarray:
    left, top, right, bottom = box
    return trimap((top, left, bottom, right), is_object, is_background)


def _box_last(box: tuple[int, ...], is_object: np.ndarray, is_background: np.ndarray) -> np.ndarray:
    left, top, right, bottom = box
    codes = trimap(box, is_object, is_background)
    codes[top:bottom, left:right] = MAYBE_OBJECT
    return codes


def _one_more(box: tuple[int, ...], is_object: np.ndarray, is_background: np.ndarray) -> np.ndarray:
    left, top, right, bottom = box
    return trimap((left, top, right + 1, bottom + 1), is_object, is_background)


def _sure(box: tuple[int, ...], is_object: np.ndarray, is_background: np.ndarray) -> np.ndarray:
    codes = trimap(box, is_object, is_background)
    codes[codes == MAYBE_OBJECT] = OBJECT
    return codes


def _outside_open(
    box: tuple[int, ...], is_object: np.ndarray, is_background: np.ndarray
) -> np.ndarray:
    codes = trimap(box, is_object, is_background)
    open_to_both = (codes == BACKGROUND) & ~is_background
    codes[open_to_both] = 2  # cv2.GC_PR_BGD
    return codes


TRIMAP = Exercise(
    name="trimap",
    notebook=LESSON.stem,
    asks="Turn a box and strokes into what GrabCut starts from.",
    difficulty=1,
    minutes=6,
    reference=trimap,
    properties=(
        Property(
            "give a code for each pixel", lambda draw: _marks(strokes=True, draw=draw), of=shape_of
        ),
        Property(
            "let the box decide where nothing is drawn",
            lambda draw: _marks(strokes=False, draw=draw),
        ),
        Property(
            "let strokes count more than the box", lambda draw: _marks(strokes=True, draw=draw)
        ),
    ),
    mistakes=(
        Mistake(
            "rows and columns swapped",
            "Your box lies on its side: an array's first index is the row, which top and bottom"
            " bound.",
            _swapped,
        ),
        Mistake(
            "the last row and column are in",
            "Your box is a row and a column too large: right and bottom are the first ones outside,"
            " as in a slice.",
            _one_more,
        ),
        Mistake(
            "all of the box is surely object",
            "You call all of the box surely object. Then nothing is left to decide: a box has"
            " corners, the animal has not.",
            _sure,
        ),
        Mistake(
            "the outside is left open",
            "Outside of the box you leave a choice. The box says that the object ends there; only"
            " sure background teaches its colours.",
            _outside_open,
        ),
        Mistake(
            "the box is drawn over the strokes",
            "Your strokes have vanished inside the box. What is written last counts: box first.",
            _box_last,
        ),
    ),
    hints=(
        "Begin with an array full of BACKGROUND, and write over it: what counts most comes last.",
        "A box is a slice: `codes[top:bottom, left:right] = MAYBE_OBJECT`. A stroke is a mask:"
        " `codes[is_object] = OBJECT`.",
    ),
    solution="Three kinds of knowledge in one array: sure, sure, and to be decided. GrabCut learns"
    " both colours from it, and only ever changes what is to be decided.",
)

# ---- flicker


def flicker(maps: Tensor, flows: Tensor) -> Tensor:
    """Return the mean change of maps (T, 1, H, W) along flows (T-1, 2, H, W), each to the next."""
    return (maps[:-1] - warp(maps[1:], flows)).abs().mean()


def _clip(moves: float, draw: Draw) -> tuple[Tensor, Tensor]:
    maps = draw.uniform(4, 1, HEIGHT, WIDTH)
    return maps, moves * draw.normal(3, 2, HEIGHT, WIDTH)


def _still(draw: Draw) -> tuple[Tensor, Tensor]:
    _, flows = _clip(0, draw)
    return draw.uniform(1, 1, HEIGHT, WIDTH).expand(4, -1, -1, -1).clone(), flows


FLICKER = Exercise(
    name="flicker",
    notebook=LESSON.stem,
    asks="Measure how much saliency maps change that should only move.",
    difficulty=2,
    minutes=8,
    reference=flicker,
    properties=(
        Property("give one number", lambda draw: _clip(1.0, draw), of=shape_of),
        Property("be 0 for a map that stays", _still),
        Property("be the mean change where nothing moves", lambda draw: _clip(0.0, draw)),
        Property("follow the flow where something does", lambda draw: _clip(1.5, draw)),
    ),
    mistakes=(
        Mistake(
            "not warped",
            "You compare the same place in both frames. What moves is not there any more: fetch the"
            " next map along the flow first.",
            lambda maps, flows: (maps[:-1] - maps[1:]).abs().mean(),
        ),
        Mistake(
            "the wrong map is warped",
            "You warp the earlier map. The flow starts at frame t, so it fetches from frame t + 1.",
            lambda maps, flows: (maps[1:] - warp(maps[:-1], flows)).abs().mean(),
        ),
        Mistake(
            "signed",
            "Your changes cancel: a map that lights up here and goes out there would seem steady."
            " Take them without their sign.",
            lambda maps, flows: (maps[:-1] - warp(maps[1:], flows)).mean(),
        ),
        Mistake(
            "summed",
            "You sum. Then a longer or larger film flickers more for its size; take the mean.",
            lambda maps, flows: (maps[:-1] - warp(maps[1:], flows)).abs().sum(),
        ),
        Mistake(
            "squared",
            "You square the changes; asked for is their size. Squares all but hide small flicker.",
            lambda maps, flows: (maps[:-1] - warp(maps[1:], flows)).square().mean(),
        ),
    ),
    hints=(
        "All pairs at once: `maps[:-1]` are the frames t, `maps[1:]` the frames t + 1. Which of the"
        " two does the flow fetch from?",
        "`warp(maps[1:], flows)` brings each next map to its frame t. Subtract, `.abs()`, mean.",
    ),
    solution="Where the flow is right, a steady map comes back unchanged. What is left is flicker,"
    " and the flow's own errors; these are the same for all networks on one film.",
)

EXERCISES = (TRIMAP, FLICKER)
