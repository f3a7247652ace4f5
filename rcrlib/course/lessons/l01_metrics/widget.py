"""Precision, recall and F of a map at a threshold that one turns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import ArrayLike

from rcrlib.course.widgets import Control, Explorer, View
from rcrlib.errors import OptionError
from rcrlib.metrics import f_measure, precision_recall
from rcrlib.show import (
    DASHES,
    DPI,
    PALETTE,
    TINT,
    TINT_STRENGTH,
    Picture,
    canvas,
    contact_sheet,
    finish_figure,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

THRESHOLDS = tuple(range(0, 256, 17))
_SHOWN = (17, 68, 119, 170, 221)
"""Columns of the sheet."""


@dataclass(frozen=True)
class Curves:
    """A map and what is found in it at every threshold, float64 (256,) each."""

    levels: np.ndarray
    precision: np.ndarray
    recall: np.ndarray
    f: np.ndarray

    def said(self, t: int) -> str:
        """Return the three numbers at a threshold."""
        p, r, f = (curve[t] for curve in (self.precision, self.recall, self.f))
        return f"precision {p:.2f}, recall {r:.2f}, F {f:.2f}"


def threshold_explorer(frame: Picture, maps: Mapping[str, ArrayLike], mask: ArrayLike) -> Explorer:
    """Turn the threshold of a saliency map, and see what is found and where it is on its curves.

    Args:
        frame: uint8 (H, W, 3), RGB.
        maps: name -> saliency map (H, W), float in [0, 1]; one at least.
        mask: (H, W) of {0, 1}, what is true.

    Raises:
        OptionError: there is no map, or one of another size than the mask.
        DataError: values other than these.
    """
    truth = np.asarray(mask)
    if not maps:
        raise OptionError("no saliency map to explore; give one at least")
    for name, one in maps.items():
        if np.shape(one) != truth.shape or frame.shape[:2] != truth.shape:
            raise OptionError(
                f"map {name!r} is {np.shape(one)}, the frame {frame.shape[:2]} and the mask"
                f" {truth.shape} (H, W); resize them to one size"
            )
    known = {name: _curves(np.asarray(one), truth) for name, one in maps.items()}

    def view(name: str, t: int) -> View:
        drawn = _charts(known[name], t, _found(frame, known[name].levels >= t, truth))
        words = f"Map {name} at threshold {t} of 255: {known[name].said(t)}"
        best = int(known[name].f.argmax())
        return View(drawn, f"{words}. Its largest F is {known[name].f[best]:.2f}, at {best}.")

    controls = (
        Control("name", "map", tuple(maps), words=True),
        Control("t", "threshold", THRESHOLDS, start=119),
    )
    return Explorer(controls, view, _sheet(frame, known, truth))


def _curves(saliency: np.ndarray, mask: np.ndarray) -> Curves:
    precision, recall = precision_recall(saliency, mask)
    levels = np.rint(255 * saliency.astype(np.float32)).astype(np.uint8)
    f = f_measure(precision, recall)
    return Curves(levels, precision.numpy(), recall.numpy(), f.numpy())


def _found(frame: Picture, found: np.ndarray, mask: np.ndarray) -> Picture:
    """Tint what is found on the grey frame, and draw the true contour, white within dark."""
    grey = cv2.cvtColor(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    tinted = (1 - TINT_STRENGTH) * grey + TINT_STRENGTH * np.array(TINT)
    picture = np.where(found[..., None], tinted, grey).astype(np.uint8)
    # Twice the size, so that the contour is thin.
    picture, large = (one.repeat(2, axis=0).repeat(2, axis=1) for one in (picture, mask))
    large = large.astype(np.uint8)
    lines, _ = cv2.findContours(large, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    cv2.drawContours(picture, lines, -1, (20, 20, 20), 3, cv2.LINE_AA)
    cv2.drawContours(picture, lines, -1, (255, 255, 255), 1, cv2.LINE_AA)
    return picture


def _charts(curves: Curves, t: int, found: Picture) -> Picture:
    """Draw what is found, the curves over the threshold, and precision over recall."""
    with canvas(round(7.4 * DPI), round(2.6 * DPI)) as figure:
        left, middle, right = figure.subplots(1, 3, width_ratios=(1, 1.3, 1))
        left.imshow(found)
        left.set_axis_off()
        _over_threshold(middle, curves, t)
        reached = curves.precision > 0
        right.plot(curves.recall[reached], curves.precision[reached], color=PALETTE[0])
        right.plot(curves.recall[t], curves.precision[t], "o", color=PALETTE[6], markersize=8)
        right.set(xlabel="recall", ylabel="precision", xlim=(0, 1.02), ylim=(0, 1.02))
        return finish_figure(figure)


def _over_threshold(axes: Axes, curves: Curves, t: int) -> None:
    lines = {"precision": curves.precision, "recall": curves.recall, "F": curves.f}
    for (name, values), colour, dashes in zip(lines.items(), PALETTE, DASHES, strict=False):
        axes.plot(values, label=name, color=colour, linestyle=dashes)
    axes.axvline(t, color=PALETTE[6], linewidth=1)
    axes.set(xlabel="threshold", xlim=(-2, 257), ylim=(0, 1.02))
    axes.legend(loc="lower left", fontsize=8)


def _sheet(frame: Picture, known: Mapping[str, Curves], mask: np.ndarray) -> View:
    """Draw a row for each map: what is found at five thresholds."""
    rows = [[_found(frame, one.levels >= t, mask) for t in _SHOWN] for one in known.values()]
    best = {name: int(one.f.argmax()) for name, one in known.items()}
    names = [f"{name}\nbest F {one.f.max():.2f}\nat {best[name]}" for name, one in known.items()]
    said = "; ".join(
        f"{name} at {best[name]}: {one.said(best[name])}" for name, one in known.items()
    )
    return View(
        contact_sheet(rows, [f"threshold {t}" for t in _SHOWN], names, cell_width=130),
        f"What is found (tinted) in {len(known)} maps at five thresholds; the white contour is the"
        f" truth. Best F, {said}.",
    )
