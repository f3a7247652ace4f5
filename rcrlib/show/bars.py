"""Bar charts: a few variants beside each other in each of several groups."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from rcrlib.errors import DataError
from rcrlib.show.style import (
    DPI,
    PALETTE,
    PAPER,
    Picture,
    add_legend,
    canvas,
    finish_figure,
    legible,
)

BAR = 0.2
"""Height of a bar in inches."""

HATCHES = ("", "////", "....", "xxxx")
"""Variants differ in these too, not in colour alone."""


def bars(
    groups: Mapping[str, Mapping[str, float]],
    xlabel: str,
    title: str | None = None,
    form: str = "{:.4g}",
    path: str | Path | None = None,
    alt: str = "",
) -> Picture:
    """Draw a horizontal bar for each variant in each group, with its number at its end.

    Args:
        groups: name of the group -> variant -> its number, not negative; from the top down, all
            with the same variants.
        xlabel: of the horizontal axis, with its unit.
        title: above the chart.
        form: how the numbers are written.
        path: a `.png` or `.svg` to write, whole or not at all.
        alt: the chart in words, see `rcrlib.show.style.save_figure`.

    Raises:
        DataError: there is no group, or one has other variants than the first.
        OptionError: another suffix than these.
    """
    variants = list(next(iter(groups.values()))) if groups else []
    if not variants or any(list(group) != variants for group in groups.values()):
        raise DataError(f"groups with the variants {variants} and others; give all the same")
    step = BAR * len(variants) + 0.16
    height = 1.0 + step * len(groups)
    with canvas(round(6.4 * DPI), round(height * DPI)) as figure:
        axes = figure.add_subplot()
        handles = []
        for number, variant in enumerate(variants):
            shift = (number - (len(variants) - 1) / 2) * BAR
            drawn = axes.barh(
                [step * row + shift for row in range(len(groups))],
                [group[variant] for group in groups.values()],
                height=0.88 * BAR,
                color=PALETTE[number % len(PALETTE)],
                hatch=HATCHES[number % len(HATCHES)],
                edgecolor=PAPER,
                linewidth=0,
            )
            handles.append(drawn)
            axes.bar_label(drawn, fmt=form, padding=4, size=8.5)
        axes.set(xlabel=legible(xlabel), title=legible(title or ""))
        axes.set_yticks([step * row for row in range(len(groups))], [legible(g) for g in groups])
        axes.tick_params(axis="y", length=0)
        axes.grid(visible=False, axis="y")
        axes.set_ylim(step * (len(groups) - 0.4), -0.6 * step)
        axes.margins(x=0.12)
        if len(variants) > 1:
            add_legend(axes, handles, variants, loc="best")
        return finish_figure(figure, path, alt)
