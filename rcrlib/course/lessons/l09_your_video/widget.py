"""Labelling a frame: a box, a stroke, GrabCut, and a file that becomes the label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from rcrlib.course.lessons.l09_your_video.grabcut import (
    Box,
    Stroke,
    brush,
    ends,
    grab_cut,
    in_pixels,
    save_label,
)
from rcrlib.course.widgets import Control, Explorer, View
from rcrlib.data import Video
from rcrlib.errors import OptionError
from rcrlib.show import Picture, contact_sheet, overlay

NO_STROKE, ON_OBJECT, ON_BACKGROUND = "none", "object", "background"
NOTHING = "nothing"
_BOX, _KINDS = (230, 159, 0), {True: (0, 158, 115), False: (213, 94, 0)}
_SHOWN = 320  # longer side in pixels of what is drawn on


def label_by_box(
    video: Video,
    boxes: Mapping[int, Box],
    folder: str | Path,
    grid: Sequence[int] = range(101),
) -> Explorer:
    """Draw a box around what is salient, draw a stroke where it went wrong, and save the label.

    Args:
        video: whose frames are labelled.
        boxes: frame -> a box to begin with; the sliders stand at the first one's.
        folder: what `rcrlib.data.write_for_labelling` wrote; labels are saved there.
        grid: per cents that the sliders can take.

    Raises:
        OptionError: no box, or one that cannot be used.
    """
    if not boxes:
        raise OptionError("no frame to label; give each a box to begin with")
    frames = {video.frame_names[t]: video.frame(t) for t in sorted(boxes)}
    begin = {video.frame_names[t]: box for t, box in boxes.items()}
    names, grid = tuple(frames), tuple(grid)

    def view(
        name: str, left: int, top: int, right: int, bottom: int,
        stroke: str, x0: int, y0: int, x1: int, y1: int, save: str,
    ) -> View:  # fmt: skip
        box = (left, top, right, bottom)
        drew = [] if stroke == NO_STROKE else [Stroke(x0, y0, x1, y1, stroke == ON_OBJECT)]
        mask = grab_cut(frames[name], box, drew)
        if not mask.any():
            raise OptionError(
                "nothing in the box differs from what is outside; draw it wider, or mark the object"
            )
        share = f"{100 * mask.mean():.1f} % of the frame"
        ending = "not saved"
        if save == name:
            ending = f"saved as labels/{save_label(folder, name, mask).name}"
        elif save != NOTHING:
            ending = f"not saved: this is frame {name}, choose it below to save it"
        drawn = contact_sheet(
            [_pictures(frames[name], mask, box, drew)],
            [f"frame {name}", "mask", "outline"],
            cell_width=230,
        )
        where = f"box {left} to {right} % across, {top} to {bottom} % down"
        return View(drawn, f"Frame {name}, {where}: the object is {share}; {ending}.")

    starts = (_nearest(grid, side) for side in begin[names[0]])
    sides = zip(("left", "top", "right", "bottom"), starts, strict=True)
    controls = (
        Control("name", "frame", names, words=True),
        *(Control(side, f"{side}, %", grid, start=start) for side, start in sides),
        Control("stroke", "stroke on", (NO_STROKE, ON_OBJECT, ON_BACKGROUND), words=True),
        *(
            Control(f"{axis}{end}", f"{word} {axis}, %", grid, start=grid[len(grid) // 2])
            for end, word in enumerate(("from", "to"))
            for axis in "xy"
        ),
        Control("save", "save label of", (NOTHING, *names), words=True),
    )
    return Explorer(controls, view, _sheet(frames, begin))


def _nearest(grid: Sequence[int], value: float) -> int:
    return min(grid, key=lambda one: abs(one - value))


def _sheet(frames: Mapping[str, Picture], boxes: Mapping[str, Box]) -> View:
    """Draw a row for each frame: the box, the mask, its outline."""
    rows, said = [], []
    for name, frame in frames.items():
        mask = grab_cut(frame, boxes[name])
        rows.append(_pictures(frame, mask, boxes[name], ()))
        said.append(f"{name}: {100 * mask.mean():.1f} %")
    drawn = contact_sheet(rows, ["box", "mask", "outline"], list(frames), cell_width=170)
    return View(drawn, f"What GrabCut finds in a box, of the whole frame: {', '.join(said)}.")


def _pictures(
    frame: Picture, mask: NDArray[np.uint8], box: Box, strokes: Sequence[Stroke]
) -> list[Picture | NDArray[np.uint8]]:
    """Return the frame with box and strokes, the mask, and the mask's outline on the frame."""
    scale = _SHOWN / max(frame.shape[:2])
    size = tuple(max(8, round(scale * side)) for side in frame.shape[1::-1])
    small = np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), np.uint8)
    shape = cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST)
    outlined = overlay(small, shape)
    drawn = small.copy()
    x0, y0, x1, y1 = in_pixels(box, drawn.shape[:2])
    for colour, width in (((20, 20, 20), 5), (_BOX, 2)):
        cv2.rectangle(drawn, (x0, y0), (x1 - 1, y1 - 1), colour, width)
    for stroke in strokes:
        line = ends(stroke, drawn.shape[:2])
        cv2.line(drawn, *line, (255, 255, 255), brush(drawn.shape[:2]))
        cv2.line(drawn, *line, _KINDS[stroke.is_object], 4)
    return [drawn, shape, outlined]
