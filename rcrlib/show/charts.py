"""Line charts and precision-recall curves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from rcrlib.errors import DataError, OptionError
from rcrlib.metrics import BETA_SQUARED, SaliencyResult, f_measure
from rcrlib.show.style import (
    DASHES,
    DPI,
    FAINT_INK,
    HAIRLINE,
    MARKERS,
    PALETTE,
    Picture,
    add_legend,
    canvas,
    finish_figure,
    legible,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MAX_MARKERS = 24  # so many points or fewer get a marker each


def curves(
    series: Mapping[str, tuple[ArrayLike, ArrayLike]],
    xlabel: str,
    ylabel: str,
    title: str | None = None,
    path: str | Path | None = None,
    alt: str = "",
) -> Picture:
    """Draw a line for each series; lines differ in colour and in dashes, short ones in markers.

    Args:
        series: name -> (x, y), each `(N,)` with N >= 1; NaN leaves a gap.
        xlabel: of the horizontal axis, with its unit.
        ylabel: of the vertical axis, with its unit.
        title: above the chart.
        path: a `.png` or `.svg` to write, whole or not at all.
        alt: the chart in words, see `rcrlib.show.style.save_figure`.

    Raises:
        DataError: no series, or one whose x and y differ in length or are empty.
        OptionError: another suffix than these.
    """
    if not series:
        raise DataError("no series to draw; give at least one")
    with canvas(round(6.4 * DPI), round(4.0 * DPI)) as figure:
        axes = figure.add_subplot()
        lines: list[Any] = []
        for (name, (x, y)), look in zip(series.items(), _line_styles(), strict=False):
            xs, ys = np.asarray(x, float), np.asarray(y, float)
            if xs.ndim != 1 or xs.shape != ys.shape or not xs.size:
                raise DataError(
                    f"series {name!r}: found x {xs.shape} and y {ys.shape},"
                    " expected (N,) and (N,) with N >= 1"
                )
            if xs.size > MAX_MARKERS:
                look |= {"marker": None, "linewidth": 1.4}
            lines += axes.plot(xs, ys, **look)
        axes.set(xlabel=legible(xlabel), ylabel=legible(ylabel), title=legible(title or ""))
        axes.margins(x=0.03, y=0.08)
        if len(series) > 1:
            add_legend(axes, lines, list(series), loc="best")
        return finish_figure(figure, path, alt)


def precision_recall_plot(
    results: Mapping[str, SaliencyResult],
    path: str | Path | None = None,
    title: str | None = None,
) -> Picture:
    """Draw precision over recall as in the paper's Fig. 5, with a dot where F is largest.

    Faint lines join the points of equal F. The chart names the protocol of its numbers.

    Args:
        results: name of the method -> its result.
        path: a `.png` or `.svg` to write, whole or not at all.
        title: above the chart.

    Raises:
        DataError: no results.
        OptionError: results under different protocols, or another suffix than these.
    """
    protocol = _one_protocol(results)
    with canvas(round(5.2 * DPI), round(5.2 * DPI)) as figure:
        axes = figure.add_subplot()
        lines: list[Any] = []
        labels: list[str] = []
        axes.grid(visible=False)
        _draw_levels_of_f(axes)
        for (name, result), look in zip(results.items(), _line_styles(), strict=False):
            f = f_measure(result.precision, result.recall)
            reached = (f > 0).numpy()  # where nothing is found there is no precision to speak of
            recall, precision = result.recall.numpy(), result.precision.numpy()
            best = [int(f[reached].argmax())] if reached.any() else []
            labels.append(f"{name}   max F {result.max_f:.3f}")
            lines += axes.plot(recall[reached], precision[reached], markevery=best, **look)
        axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1.005), ylim=(0, 1.005))
        axes.set_title(legible(title or ""))
        axes.set_aspect("equal")
        add_legend(
            axes, lines, labels, loc="lower left", title=f"protocol “{protocol}”", alignment="left"
        )
        return finish_figure(figure, path, precision_recall_in_words(results, protocol))


def f_threshold_plot(
    results: Mapping[str, SaliencyResult],
    path: str | Path | None = None,
    title: str | None = None,
) -> Picture:
    """Draw F over the threshold as in the paper's Fig. 5, with a dot where it is largest.

    A curve that is high and flat is good: the maps are nearly binary. Arguments and errors as in
    `precision_recall_plot`.
    """
    protocol = _one_protocol(results)
    with canvas(round(6.4 * DPI), round(4.0 * DPI)) as figure:
        axes = figure.add_subplot()
        lines: list[Any] = []
        labels: list[str] = []
        for (name, result), look in zip(results.items(), _line_styles(), strict=False):
            f = result.f.numpy()
            labels.append(f"{name}   max F {result.max_f:.3f}, mean F {result.mean_f:.3f}")
            lines += axes.plot(_thresholds(result), f, markevery=[int(f.argmax())], **look)
        axes.set(xlabel="threshold (of 255)", ylabel="F", xlim=(0, 255), ylim=(0, 1.005))
        axes.set_title(legible(title or ""))
        add_legend(
            axes,
            lines,
            labels,
            loc="lower center",
            title=f"protocol “{protocol}”",
            alignment="left",
        )
        return finish_figure(figure, path, _f_in_words(results, protocol))


def _one_protocol(results: Mapping[str, SaliencyResult]) -> str:
    """Return the protocol that all results follow."""
    protocols = sorted({result.protocol for result in results.values()})
    if not protocols:
        raise DataError("no results to draw; give at least one")
    if len(protocols) > 1:
        raise OptionError(
            f"results under the protocols {', '.join(protocols)} do not compare;"
            " measure all under one"
        )
    return protocols[0]


def _thresholds(result: SaliencyResult) -> np.ndarray:
    return np.linspace(0, 255, len(result.f))


def precision_recall_in_words(results: Mapping[str, SaliencyResult], protocol: str) -> str:
    """Describe what `precision_recall_plot` draws."""
    parts = []
    for name, result in results.items():
        best = int(result.f.argmax())
        precision, recall = float(result.precision[best]), float(result.recall[best])
        parts.append(
            f"{name}: largest F {result.max_f:.3f}, near precision {precision:.2f} and recall"
            f" {recall:.2f}"
        )
    return f"Precision over recall, protocol {protocol}. {'; '.join(parts)}."


def _f_in_words(results: Mapping[str, SaliencyResult], protocol: str) -> str:
    parts = [
        f"{name}: largest F {result.max_f:.3f} at {best:.0f}, mean {result.mean_f:.3f}"
        for name, result in results.items()
        for best in [_thresholds(result)[int(result.f.argmax())]]
    ]
    return f"F over the threshold from 0 to 255, protocol {protocol}. {'; '.join(parts)}."


def _draw_levels_of_f(axes: Axes) -> None:
    """Draw where F is 0.3, 0.5, 0.7, 0.9: P = F R / ((1 + b²) R - b² F)."""
    for level in (0.3, 0.5, 0.7, 0.9):
        # Precision 1 is where the line enters the square from above.
        start = BETA_SQUARED * level / (1 + BETA_SQUARED - level)
        recall = np.linspace(start, 1, 200)
        precision = level * recall / ((1 + BETA_SQUARED) * recall - BETA_SQUARED * level)
        axes.plot(recall, precision, color=HAIRLINE, linewidth=0.9, zorder=0)
        axes.annotate(
            f"F {level:.1f}",
            (1, precision[-1]),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            size=8,
            color=FAINT_INK,
            annotation_clip=False,
        )


def _line_styles() -> Iterator[dict[str, Any]]:
    """Cycle through line styles: a pair of colour and dashes comes again after 28 lines."""
    for colour, dashes, marker in zip(cycle(PALETTE), cycle(DASHES), cycle(MARKERS), strict=False):
        yield {"color": colour, "linestyle": dashes, "marker": marker}
