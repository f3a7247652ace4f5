"""How much changes between two labels, and what pseudo-labels between them are worth then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np

from rcrlib.course.lessons.l07_semi.chart_with_pictures import GAP, with_pictures
from rcrlib.course.widgets import Control, Explorer, View
from rcrlib.errors import OptionError
from rcrlib.show import DASHES, MARKERS, PALETTE, Picture, canvas

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Scores = Mapping[str, Sequence[float]]
"""What a student learned from -> its IoU on other videos, one for each seed."""

WIDTH, HEIGHT = 880, 340
LEFT, PICTURE = 452, 134
"""Where the first of three pictures begins, and its side, in pixels."""


def changing_light(
    scores: Mapping[float, Scores], frames: Mapping[tuple[float, int], Mapping[str, Picture]]
) -> Explorer:
    """Turn how much the light changes; see what each student reaches, seed by seed and on average.

    Args:
        scores: change -> scores; the same students and as many seeds for each.
        frames: change and seed -> square pictures, by name; the same names for each.

    Raises:
        OptionError: a change has other students or seeds, or no frames; says which.
    """
    changes, names = sorted(scores), list(next(iter(scores.values())))
    seeds = range(len(next(iter(next(iter(scores.values())).values()))))
    for change in changes:
        if list(scores[change]) != names or {len(x) for x in scores[change].values()} != {
            len(seeds)
        }:
            raise OptionError(f"change {change:g}: other students or seeds than elsewhere")
        for seed in seeds:
            if (change, seed) not in frames:
                raise OptionError(f"change {change:g}, seed {seed}: no frames to show")
    mean = {name: [float(np.mean(scores[c][name])) for c in changes] for name in names}

    def view(change: float, seed: int) -> View:
        one = {name: [scores[c][name][seed] for c in changes] for name in names}
        at = changes.index(change)
        this = ", ".join(f"{name} {values[at]:.2f}" for name, values in one.items())
        every = ", ".join(f"{name} {values[at]:.2f}" for name, values in mean.items())
        drawn = _drawn(changes, mean, one, frames[change, seed], change, seed)
        return View(drawn, f"Change {change:g}, seed {seed}: IoU of {this}. All seeds: {every}.")

    controls = (
        Control("change", "change of light", tuple(changes), start=changes[len(changes) // 2]),
        Control("seed", "seed", tuple(seeds)),
    )
    return Explorer(controls, view, _sheet(changes, mean, frames))


def _chart(figure: Figure, title: str) -> Axes:
    chart = figure.add_axes((0.085, 0.16, 0.41, 0.74))
    chart.set(
        xlabel="change of light (appearance_change)", ylabel="IoU on other videos", ylim=(0, 1)
    )
    chart.set_title(title, fontsize=9)
    return chart


def _lines(chart: Axes, changes: Sequence[float], lines: Scores, *, legend: bool = False) -> None:
    """Draw a line for each student: thick, with a legend, or thin."""
    looks = zip(PALETTE, DASHES, MARKERS, strict=False)
    for (name, values), (colour, dashes, marker) in zip(lines.items(), looks, strict=False):
        if legend:
            chart.plot(changes, values, color=colour, linestyle=dashes, marker=marker, label=name)
        else:
            chart.plot(changes, values, color=colour, linestyle=dashes, linewidth=0.8)
    if legend:
        chart.legend(loc="lower left", fontsize=7)


def _drawn(
    changes: Sequence[float],
    mean: Scores,
    one: Scores,
    pictures: Mapping[str, Picture],
    change: float,
    seed: int,
) -> Picture:
    """Draw the mean and one seed over the change, then that seed's frames."""
    with canvas(WIDTH, HEIGHT) as figure:
        chart = _chart(figure, f"thick: mean of all seeds; thin: seed {seed}")
        _lines(chart, changes, mean, legend=True)
        _lines(chart, changes, one)
        chart.axvline(change, color=PALETTE[6], linewidth=1)
        return with_pictures(figure, pictures, LEFT, 96, PICTURE)


def _sheet(
    changes: Sequence[float],
    mean: Scores,
    frames: Mapping[tuple[float, int], Mapping[str, Picture]],
) -> View:
    """Draw the means, and the frames of the first seed with the least and with the most change."""
    least, most = frames[changes[0], 0], frames[changes[-1], 0]
    with canvas(WIDTH, HEIGHT) as figure:
        _lines(_chart(figure, "mean of all seeds"), changes, mean, legend=True)
        paper = with_pictures(figure, least, LEFT, 26, PICTURE)
    for n, one in enumerate(most.values()):
        left = LEFT + n * (PICTURE + GAP)
        below = cv2.resize(one, (PICTURE, PICTURE), interpolation=cv2.INTER_NEAREST)
        paper[HEIGHT - PICTURE - 26 : HEIGHT - 26, left : left + PICTURE] = below
    said = "; ".join(
        f"{name} " + ", ".join(f"{value:.2f}" for value in values) for name, values in mean.items()
    )
    return View(
        paper,
        "IoU on other videos, mean of all seeds, when the light changes by"
        f" {', '.join(f'{c:g}' for c in changes)}: {said}. Frames of seed 0 with the least change"
        " (above) and the most (below).",
    )
