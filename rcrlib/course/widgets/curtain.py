"""Two predictions under a curtain: on its left the one, on its right the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import cv2
import numpy as np
from numpy.typing import ArrayLike

from rcrlib.course.widgets.explorer import Control, Explorer, View
from rcrlib.errors import OptionError
from rcrlib.metrics import iou
from rcrlib.show import Picture, contact_sheet, overlay

WIDTH = 480
"""Of the frame in pixels, as it is shown."""

HALF = 0.5
"""What is salient, where a map is cut."""


def curtain(
    frames: Sequence[Picture],
    maps: Mapping[str, Sequence[ArrayLike]],
    truth: Sequence[ArrayLike] | None = None,
    steps: int = 20,
) -> Explorer:
    """Compare two predictions of a video: draw a curtain over the frame, and choose the frame.

    Args:
        frames: each (H, W, 3) uint8, RGB.
        maps: name of a prediction -> its map of each frame, (H, W) in [0, 1]; the first is shown to
            the left of the curtain, the second to the right.
        truth: the label of each frame, if it is known: its IoU is said, too.
        steps: places of the curtain, less one.

    Raises:
        OptionError: not two predictions, or not a map (and a label) for each frame.
    """
    if len(maps) != 2 or any(len(one) != len(frames) for one in maps.values()) or not frames:
        counts = ", ".join(f"{name}: {len(one)}" for name, one in maps.items()) or "none"
        raise OptionError(f"two predictions of {len(frames)} frames are needed; found {counts}")
    if truth is not None and len(truth) != len(frames):
        raise OptionError(f"{len(truth)} labels for {len(frames)} frames; give one for each")
    left, right = maps

    def tinted(t: int, name: str) -> Picture:
        height, width = frames[t].shape[:2]
        size = WIDTH, max(1, round(WIDTH * height / width))
        frame = cv2.resize(frames[t], size, interpolation=cv2.INTER_AREA)
        values = cv2.resize(np.asarray(maps[name][t], np.float32), size)
        return overlay(np.asarray(frame, np.uint8), np.clip(values, 0, 1))

    def words(t: int) -> str:
        cuts = {name: np.asarray(one[t]) >= HALF for name, one in maps.items()}
        said = [f"{name} {100 * found.mean():.0f} % of the frame" for name, found in cuts.items()]
        text = f"{' and '.join(said)}, IoU of the two {iou(*cuts.values()):.2f}"
        if truth is not None:
            scores = [
                f"{name} {iou(found, np.asarray(truth[t])):.2f}" for name, found in cuts.items()
            ]
            text += f"; IoU with the truth: {', '.join(scores)}"
        return text

    def view(at: int, t: int) -> View:
        one, other = tinted(t, left), tinted(t, right)
        x = round(at * (WIDTH - 1) / 100)
        drawn = np.concatenate([one[:, :x], other[:, x:]], axis=1)
        cv2.line(drawn, (x, 0), (x, len(drawn)), (0, 0, 0), 5)
        cv2.line(drawn, (x, 0), (x, len(drawn)), (255, 255, 255), 2)
        title = f"frame {t}: {left} | {right}"
        return View(
            contact_sheet([[drawn]], [title], cell_width=WIDTH),
            f"Frame {t}; left of {at} % {left}, right of it {right}. Found: {words(t)}.",
        )

    places = tuple(round(100 * step / steps) for step in range(steps + 1))
    controls = (
        Control("at", "curtain, %", places, start=places[len(places) // 2]),
        Control("t", "frame", tuple(range(len(frames)))),
    )
    shown = sorted({round(t) for t in np.linspace(0, len(frames) - 1, min(4, len(frames)))})
    rows = [[tinted(t, name) for t in shown] for name in maps]
    sheet = contact_sheet(rows, [f"frame {t}" for t in shown], list(maps), cell_width=190)
    said = "; ".join(f"frame {t}: {words(t)}" for t in shown)
    return Explorer(controls, view, View(sheet, f"Two predictions of {len(shown)} frames. {said}."))
