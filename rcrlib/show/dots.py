"""Dot plots: every single number of several variants, their mean, and a reference beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from rcrlib.errors import DataError
from rcrlib.show.style import DPI, PALETTE, Picture, add_legend, canvas, finish_figure, legible

ROW = 0.34
"""Height of a row in inches."""

NARROW = 0.02
"""The least that an axis spans."""


@dataclass(frozen=True)
class Panel:
    """One number of all variants."""

    title: str
    values: Mapping[str, Sequence[float]]
    """Variant -> its numbers, one for each seed; none leaves the row empty."""

    reference: Mapping[str, float] = field(default_factory=dict)
    """Variant -> a number of someone else's."""


def dot_plot(
    panels: Sequence[Panel],
    title: str | None = None,
    reference: str = "reference",
    path: str | Path | None = None,
    alt: str = "",
) -> Picture:
    """Draw panels side by side: a row for each variant, a dot for each number, a bar at the mean.

    Args:
        panels: all with the same variants.
        title: above the panels.
        reference: what the hollow diamonds are.
        path: a `.png` or `.svg` to write, whole or not at all.
        alt: the chart in words, see `rcrlib.show.style.save_figure`.

    Raises:
        DataError: there is no panel, or one has other variants than the first.
        OptionError: another suffix than these.
    """
    names = list(panels[0].values) if panels else []
    if not names or any(list(panel.values) != names for panel in panels):
        raise DataError(f"panels with the variants {names} and others; give all of them the same")
    height = 1.4 + ROW * len(names)
    with canvas(round((2.2 + 3.2 * len(panels)) * DPI), round(height * DPI)) as figure:
        diamonds = []
        shown = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
        for axes, panel in zip(shown, panels, strict=True):
            for row, name in enumerate(names):
                values = panel.values[name]
                if len(values):
                    axes.plot(values, [row] * len(values), "o", color=PALETTE[0], alpha=0.55)
                    axes.plot([np.mean(values)] * 2, [row - 0.28, row + 0.28], color=PALETTE[0])
                if name in panel.reference:
                    diamonds += axes.plot(
                        panel.reference[name], row, "D", fillstyle="none", color=PALETTE[1]
                    )
            axes.set_xlabel(legible(panel.title))
            axes.set_yticks(range(len(names)), [legible(name) for name in names])
            axes.tick_params(axis="y", length=0)
            axes.ticklabel_format(axis="x", useOffset=False)
            axes.margins(x=0.12)
            low, high = axes.get_xlim()
            if high - low < NARROW:  # numbers that are all alike are to look so
                middle = (low + high) / 2
                axes.set_xlim(middle - NARROW / 2, middle + NARROW / 2)
        shown[0].set_ylim(len(names) - 0.5, -0.5)
        if diamonds:
            add_legend(figure, diamonds[:1], [reference], loc="outside lower right")
        figure.suptitle(legible(title or ""), x=0.01, ha="left", weight="bold", size=11)
        return finish_figure(figure, path, alt)
