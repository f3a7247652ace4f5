"""Differences with their intervals, beside 0."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from rcrlib.errors import DataError
from rcrlib.show.style import DPI, INK, PALETTE, Picture, add_legend, canvas, finish_figure, legible

ROW = 0.32
"""Height of a row in inches."""

Interval = tuple[float, float | None, float | None]
"""A difference, and the bounds that it may lie in; None where there are none."""


def interval_plot(
    rows: Mapping[str, Interval],
    xlabel: str,
    title: str | None = None,
    reference: Mapping[str, float] | None = None,
    reference_name: str = "reference",
    path: str | Path | None = None,
    alt: str = "",
) -> Picture:
    """Draw a row for each difference: a dot at its mean, a bar over its interval, a line at 0.

    A dot is full where the interval does not hold 0, and hollow where it does or there is none.

    Args:
        rows: name -> mean, low, high; NaN leaves the row without a dot.
        xlabel: what the difference is of.
        title: above the chart.
        reference: name -> someone else's difference, a hollow diamond.
        reference_name: what the diamonds are.
        path: a `.png` or `.svg` to write, whole or not at all.
        alt: the chart in words, see `rcrlib.show.style.save_figure`.

    Raises:
        DataError: no row, or a reference for a row that is not there.
        OptionError: another suffix than these.
    """
    known = reference or {}
    if not rows or not known.keys() <= rows.keys():
        raise DataError(
            f"rows {', '.join(rows) or 'none'} with references for {', '.join(known) or 'none'};"
            " give at least one row, and references for rows only"
        )
    with canvas(round(6.4 * DPI), round((1.1 + ROW * len(rows)) * DPI)) as figure:
        axes = figure.add_subplot()
        diamonds = []
        axes.axvline(0, color=INK, linewidth=1)
        for place, (name, (mean, low, high)) in enumerate(rows.items()):
            full = False
            if low is not None and high is not None:
                axes.plot([low, high], [place, place], color=PALETTE[0], solid_capstyle="butt")
                full = not low <= 0 <= high
            axes.plot(
                mean, place, "o", color=PALETTE[0], markerfacecolor=PALETTE[0] if full else "white"
            )
            if name in known:
                diamonds += axes.plot(known[name], place, "D", fillstyle="none", color=PALETTE[1])
        axes.set_xlabel(legible(xlabel))
        axes.set_yticks(np.arange(len(rows)), [legible(name) for name in rows])
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.tick_params(axis="y", length=0)
        axes.margins(x=0.08)
        if diamonds:
            add_legend(figure, diamonds[:1], [reference_name], loc="outside lower right")
        figure.suptitle(legible(title or ""), x=0.01, ha="left", weight="bold", size=11)
        return finish_figure(figure, path, alt)
