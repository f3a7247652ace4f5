"""An experiment's figure, and the same in words."""

from __future__ import annotations

from pathlib import Path
from statistics import fmean

import numpy as np
import torch

from rcrlib.experiments.catalogue import find_experiment
from rcrlib.experiments.result import Result, Run, split_setting
from rcrlib.experiments.tables import plus_minus
from rcrlib.metrics import SaliencyResult, f_measure
from rcrlib.show import (
    Panel,
    Picture,
    curves,
    dot_plot,
    precision_recall_in_words,
    precision_recall_plot,
)


def draw_figure(result: Result, path: Path) -> str:
    """Draw the figure of a result that has runs; give its alt text, written from its numbers."""
    return figure_with_alt(result, path)[1]


def figure_with_alt(result: Result, path: Path | None = None) -> tuple[Picture, str]:
    """Return the figure of a result that has runs as a picture, and its alt text.

    Args:
        result: which figure it has goes by its experiment.
        path: a `.png` or `.svg` to write, whole or not at all.
    """
    special = {
        "fig5": _precision_recall,
        "fig7": _shares,
        "appearance": _settings,
        "noise": _errors,
    }
    return special.get(result.experiment, _dots)(result, path)


def _dots(result: Result, path: Path | None) -> tuple[Picture, str]:
    """Draw each cell's main number, and the quality of its pseudo-labels where there are some."""
    key, title = next(iter(result.keys.items()))
    places = {
        (row.name if len(result.tests) == 1 else f"{row.name}, {test}"): (row, test)
        for row in result.rows
        for test in result.tests
        if result.of(row.name, test)
    }
    runs = {name: result.of(row.name, test) for name, (row, test) in places.items()}
    panels = [
        Panel(
            title,
            {name: [run.scores[key] for run in of] for name, of in runs.items()},
            {name: row.paper[test][key] for name, (row, test) in places.items()
             if key in row.paper.get(test, {})},
        )
    ]  # fmt: skip
    if any(run.quality for of in runs.values() for run in of):
        quality = {
            name: [run.quality["generated"] for run in of if run.quality]
            for name, of in runs.items()
        }
        panels.insert(0, Panel("IoU of the pseudo-labels", quality))
    parts = []
    for name, (row, test) in places.items():
        iou = result.quality(row.name, test)
        text = f"{name}: {title} {plus_minus(result.spread(row.name, test, key))}"
        text += f", pseudo-label IoU {plus_minus(iou)}" if iou else ""
        paper = panels[-1].reference.get(name)
        parts.append(text + (f" (paper {paper:.3f})" if paper is not None else ""))
    alt = f"Dot plot, a row per cell and a dot per seed. {'; '.join(parts)}."
    return dot_plot(panels, result.title, "the paper's, under its own conditions", path, alt), alt


def _precision_recall(result: Result, path: Path | None) -> tuple[Picture, str]:
    """Draw a curve for each test set: means over seeds of precision and of recall."""
    drawn = {test: _mean_result(result.of(result.rows[0].name, test)) for test in result.tests}
    alt = precision_recall_in_words(drawn, result.runs[0].protocol)
    return precision_recall_plot(drawn, path, result.title), alt


def _mean_result(runs: list[Run]) -> SaliencyResult:
    """Return the mean of several seeds' curves; its max F is that of the drawn curve."""
    found = [run.curves or {} for run in runs]
    precision, recall = (
        torch.tensor(np.mean([one[name] for one in found], axis=0))
        for name in ("precision", "recall")
    )
    f = f_measure(precision, recall)
    means = {
        name: fmean(run.scores[name] for run in runs) for name in ("mean_f", "s", "mae", "max_e")
    }
    return SaliencyResult(
        frames=int(runs[0].scores["frames"]), max_f=float(f.max()), adp_f=float("nan"),
        mean_e=float("nan"), adp_e=float("nan"), w_f=None, protocol=runs[0].protocol,
        normalisation="", precision=precision, recall=recall, f=f, e=f, per_video={},
        p_at=float("nan"), r_at=float("nan"), f_at=float(f.max()), **means,
    )  # fmt: skip


def _shares(result: Result, path: Path | None) -> tuple[Picture, str]:
    """Draw max F over the share of labels: alone, with some pseudo-labels, and with all."""
    test = result.tests[0]
    series: dict[str, list[tuple[float, float]]] = {}
    for row in result.rows:
        m, l = map(int, row.name.split("/"))
        name = "labels alone" if m == 0 else "+ pseudo-labels on all frames between"
        name = "+ some pseudo-labels" if 0 < m < l - 1 else name
        if result.of(row.name, test):
            mean = result.spread(row.name, test, "max_f").mean
            series.setdefault(name, []).append((100 / l, mean))
        if paper := row.paper.get(test, {}):
            series.setdefault(f"{name} (paper, VOS)", []).append((100 / l, paper["max_f"]))
    return _lines(series, "frames with a label, %", "max F", result.title, path)


def _settings(result: Result, path: Path | None) -> tuple[Picture, str]:
    """Draw max F over a knob's settings: labels alone, with pseudo-labels, and all labels."""
    test = result.tests[0]
    series: dict[str, list[tuple[float, float]]] = {}
    for row in result.rows:
        if result.of(row.name, test):
            mean = result.spread(row.name, test, "max_f").mean
            setting = float(split_setting(row.name)[1])
            series.setdefault(row.says, []).append((setting, mean))
    knob = find_experiment(result.experiment).knob
    assert knob is not None
    return _lines(series, knob.says, "max F", result.title, path)


def _errors(result: Result, path: Path | None) -> tuple[Picture, str]:
    """Draw the student's error over the pseudo-labels' error."""
    test, alone = result.tests[0], result.rows[0].name
    names = {"flow": "FGPLG, flow bent", "labels": "true labels, bent"}
    series: dict[str, list[tuple[float, float]]] = {}
    for row in result.rows[1:]:
        quality = result.quality(row.name, test)
        if quality is not None:
            name = names.get(row.name.split("-")[0], "FGPLG, estimated flow")
            error = 1 - result.spread(row.name, test, "max_f").mean
            series.setdefault(name, []).append((1 - quality.mean, error))
    if result.of(alone, test):
        level = 1 - result.spread(alone, test, "max_f").mean
        worst = max((x for points in series.values() for x, _ in points), default=0.0)
        series["labels alone"] = [(0.0, level), (worst, level)]
    return _lines(
        series, "error of the pseudo-labels, 1 - IoU", "error of the student, 1 - max F",
        result.title, path,
    )  # fmt: skip


def _lines(
    series: dict[str, list[tuple[float, float]]],
    xlabel: str,
    ylabel: str,
    title: str,
    path: Path | None,
) -> tuple[Picture, str]:
    ordered = {name: sorted(points) for name, points in series.items()}
    parts = [
        f"{name}: " + ", ".join(f"{y:.3f} at {x:.3g}" for x, y in points)
        for name, points in ordered.items()
    ]
    alt = f"{ylabel} over {xlabel}. {'; '.join(parts)}."
    drawn = {
        name: ([x for x, _ in points], [y for _, y in points]) for name, points in ordered.items()
    }
    return curves(drawn, xlabel, ylabel, title, path, alt), alt
