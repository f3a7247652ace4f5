"""Where a non-local block looks from one place of a clip."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import cv2
import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from rcrlib.course.figures import heat
from rcrlib.course.widgets import Control, Explorer, View
from rcrlib.errors import OptionError
from rcrlib.models import NonLocalBlock
from rcrlib.show import Picture, as_picture, contact_sheet

MARK = 3
"""Width in pixels of the frame around the chosen place, black within white."""

Place = tuple[int, int, int]
"""Frame, row and column."""


def looks(block: NonLocalBlock, x: Tensor, softmax: bool | None = None) -> Tensor:
    """Return the weights of a block on clip features (T, C, h, w), as (T, h, w, T, h, w).

    The first three sides are the position i that looks, the others the position j that is looked
    at: f(x_i, x_j) / N, or the shares that a softmax makes of f.

    Args:
        block: its θ and φ are used, on the device where they are.
        x: features of one clip.
        softmax: which of the two; None: that of the block.
    """
    softmax = block.softmax if softmax is None else softmax
    t, _, h, w = x.shape
    positions = x.permute(0, 2, 3, 1).reshape(t * h * w, -1)
    with torch.no_grad():
        similarity = block.theta(positions) @ block.phi(positions).mT
        weights = similarity.softmax(-1) if softmax else similarity / len(positions)
    return weights.reshape(t, h, w, t, h, w)


def where_it_looks(
    weights: Mapping[str, Tensor],
    pictures: Sequence[ArrayLike],
    start: Place = (0, 0, 0),
) -> Explorer:
    """Choose a place of a clip and see how much the block takes from each other place.

    Args:
        weights: name of a block -> what `looks` gives for it, (T, h, w, T, h, w).
        pictures: of the T frames, (h, w, 3) or (h, w), as `rcrlib.show.as_picture` takes them.
        start: the place to begin with, and that of the static sheet.

    Raises:
        OptionError: no weights, not as many pictures as frames, or a start outside the clip.
    """
    if not weights:
        raise OptionError("no weights to look at; give at least one block's")
    t, h, w = next(iter(weights.values())).shape[:3]
    if len(pictures) != t:
        raise OptionError(f"{len(pictures)} pictures for {t} frames; give one for each")
    if not all(0 <= at < side for at, side in zip(start, (t, h, w), strict=True)):
        raise OptionError(f"start {start}: outside a clip of {t} frames of {h} x {w} places")
    shown = [as_picture(one) for one in pictures]

    def view(frame: int, row: int, column: int, block: str) -> View:
        place = (frame, row, column)
        return View(
            _drawn({block: weights[block][place]}, shown, place),
            _words(block, weights[block][place], place),
        )

    controls = (
        Control("frame", "frame", tuple(range(t)), start=start[0]),
        Control("row", "row", tuple(range(h)), start=start[1]),
        Control("column", "column", tuple(range(w)), start=start[2]),
        Control("block", "block", tuple(weights), words=True),
    )
    rows = {name: one[start] for name, one in weights.items()}
    said = " ".join(_words(name, row, start) for name, row in rows.items())
    return Explorer(controls, view, View(_drawn(rows, shown, start), said))


def _drawn(rows: Mapping[str, Tensor], pictures: Sequence[Picture], place: Place) -> Picture:
    """Draw the frames with the place marked, and below them a row of maps for each block."""
    frames = [_marked(one, place if t == place[0] else None) for t, one in enumerate(pictures)]
    maps = []
    for row in rows.values():
        most = float(row.abs().max()) or 1.0
        maps.append([heat(one.cpu().numpy(), -most, most) for one in row])
    titles = [f"frame {t}" for t in range(len(pictures))]
    return contact_sheet([frames, *maps], titles, ["", *rows], cell_width=150)


def _marked(picture: Picture, place: Place | None, scale: int = 12) -> Picture:
    """Enlarge a picture, each pixel to a square, and draw a frame around a place of it."""
    large = picture.repeat(scale, axis=0).repeat(scale, axis=1)
    if place is not None:
        _, row, column = place
        corners = (column * scale, row * scale), ((column + 1) * scale - 1, (row + 1) * scale - 1)
        cv2.rectangle(large, *corners, (255, 255, 255), 2 * MARK)
        cv2.rectangle(large, *corners, (0, 0, 0), MARK)
    return np.ascontiguousarray(large)


def _words(name: str, row: Tensor, place: Place) -> str:
    """Say in numbers where a place looks."""
    t, y, x = place
    away = row.abs().sum(dim=(1, 2)) / row.abs().sum().clamp(min=1e-12)
    others = float(1 - away[t])
    best = np.unravel_index(int(row.argmax()), row.shape)
    where = f"frame {best[0]}, row {best[1]}, column {best[2]}"
    return (
        f"{name}: from frame {t}, row {y}, column {x} it looks most at {where};"
        f" {100 * others:.0f} % of the weight, signs aside, lies in other frames, and"
        f" {100 * float((row < 0).float().mean()):.0f} % of the places have a negative one."
        " Brown is positive, white zero, blue negative."
    )
