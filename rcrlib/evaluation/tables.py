"""Results as text: plain, CSV, JSON values, LaTeX, Markdown."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import fields
from typing import Any, NamedTuple

from rcrlib.evaluation.evaluate import Evaluation
from rcrlib.metrics import (
    SaliencyResult,
    SaliencyScores,
    SegmentationResult,
    SegmentationScores,
)


class Column(NamedTuple):
    """A number of a result, its heading, and whether more of it is better."""

    key: str
    title: str
    latex: str
    more_is_better: bool = True


SALIENCY = (
    Column("max_f", "max F", r"max $F_\beta$"),
    Column("mean_f", "mean F", r"mean $F_\beta$"),
    Column("adp_f", "adp F", r"adp $F_\beta$"),
    Column("s", "S", r"$S_\alpha$"),
    Column("mae", "MAE", "MAE", more_is_better=False),
    Column("max_e", "max E", r"max $E_\phi$"),
    Column("mean_e", "mean E", r"mean $E_\phi$"),
    Column("adp_e", "adp E", r"adp $E_\phi$"),
    Column("w_f", "weighted F", r"$F_\beta^w$"),
)
SEGMENTATION = (
    Column("j_mean", "J mean", r"$\mathcal{J}$ mean"),
    Column("j_recall", "J recall", r"$\mathcal{J}$ recall"),
    Column("j_decay", "J decay", r"$\mathcal{J}$ decay", more_is_better=False),
    Column("f_mean", "F mean", r"$\mathcal{F}$ mean"),
    Column("f_recall", "F recall", r"$\mathcal{F}$ recall"),
    Column("f_decay", "F decay", r"$\mathcal{F}$ decay", more_is_better=False),
)
DIGITS = 3

Evaluations = Sequence[Evaluation[Any]]


def heading(evaluations: Evaluations) -> str:
    """Describe the data, protocol and normalisation that the numbers depend on."""
    first = evaluations[0]
    counts = sorted({evaluation.result.frames for evaluation in evaluations})
    frames = " to ".join(str(count) for count in dict.fromkeys((counts[0], counts[-1])))
    return f"{first.data}, {frames} frames, protocol {first.result.protocol}, {_reading(first)}"


def text_table(evaluations: Evaluations) -> str:
    """Format a plain-text table, a row per method, with remarks on the predictions below it."""
    columns = _columns(evaluations)
    width = max(len("method"), *(len(evaluation.method) for evaluation in evaluations))
    widths = [max(len(column.title), 6) + 2 for column in columns]
    rows = [[column.title for column in columns]]
    rows += [[_cell(e, column) for column in columns] for e in evaluations]
    names = ["method", *(evaluation.method for evaluation in evaluations)]
    lines = [
        name.ljust(width) + "".join(c.rjust(w) for c, w in zip(row, widths, strict=True))
        for name, row in zip(names, rows, strict=True)
    ]
    remarks = [remark for evaluation in evaluations for remark in evaluation.remarks]
    return "\n".join([heading(evaluations), "", *lines, *([""] if remarks else []), *remarks])


def markdown_table(evaluations: Evaluations) -> str:
    """Format the table as Markdown, the best of each column in bold."""
    columns = _columns(evaluations)
    lines = [
        "| method | " + " | ".join(column.title for column in columns) + " |",
        "|---|" + "---:|" * len(columns),
    ]
    for evaluation in evaluations:
        cells = (_marked(evaluations, evaluation, column, "**{}**") for column in columns)
        name = evaluation.method.replace("|", r"\|")
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join([*lines, "", f"{heading(evaluations)}.", ""])


def latex_table(evaluations: Evaluations) -> str:
    """Format the table as LaTeX (booktabs), the best of each column in bold."""
    columns = _columns(evaluations)
    rows = [
        " & ".join(
            [_escaped(evaluation.method)]
            + [_marked(evaluations, evaluation, column, r"\textbf{{{}}}") for column in columns]
        )
        for evaluation in evaluations
    ]
    return "\n".join(
        [
            rf"% {heading(evaluations)}",
            rf"\begin{{tabular}}{{l{'c' * len(columns)}}}",
            r"\toprule",
            " & ".join(["Method", *(column.latex for column in columns)]) + r" \\",
            r"\midrule",
            *(rf"{row} \\" for row in rows),
            r"\bottomrule",
            r"\end{tabular}",
            "",
        ]
    )


def csv_table(evaluations: Evaluations) -> str:
    """Format CSV with a row per method and video; a method's overall row has no video."""
    columns = _columns(evaluations)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["method", "video", "protocol", "frames", *(c.key for c in columns)])
    for evaluation in evaluations:
        parts = {"": evaluation.result, **evaluation.result.per_video}
        for video, scores in parts.items():
            numbers = [getattr(scores, column.key) for column in columns]
            start = [evaluation.method, video, evaluation.result.protocol, scores.frames]
            writer.writerow([*start, *numbers])
    return text.getvalue()


def to_json(evaluations: Evaluations) -> dict[str, Any]:
    """Convert to JSON values: one method's result, or several under `methods` by name."""
    results = {evaluation.method: _plain(evaluation) for evaluation in evaluations}
    if len(results) == 1:
        return next(iter(results.values()))
    return {"methods": results}


def _plain(evaluation: Evaluation[Any]) -> dict[str, Any]:
    result = evaluation.result
    per_video = {name: vars(scores) for name, scores in result.per_video.items()}
    how = ("normalisation",) if isinstance(result, SaliencyResult) else ("threshold",)
    kind = SaliencyScores if isinstance(result, SaliencyResult) else SegmentationScores
    names = ("protocol", *how, *(field.name for field in fields(kind)))
    return {
        "method": evaluation.method,
        "data": evaluation.data,
        **{name: getattr(result, name) for name in names},
        "resized": evaluation.resized,
        "missing": list(evaluation.missing),
        "extra": list(evaluation.extra),
        "unreadable": list(evaluation.unreadable),
        "per_video": per_video,
    }


def _columns(evaluations: Evaluations) -> tuple[Column, ...]:
    of_saliency = isinstance(evaluations[0].result, SaliencyResult)
    return SALIENCY if of_saliency else SEGMENTATION


def _reading(evaluation: Evaluation[Any]) -> str:
    result: SaliencyResult | SegmentationResult = evaluation.result
    if isinstance(result, SaliencyResult):
        return f"normalisation: {result.normalisation}"
    return f"cut at {result.threshold:g}"


def _cell(evaluation: Evaluation[Any], column: Column) -> str:
    value = getattr(evaluation.result, column.key)
    return "-" if value is None else f"{value:.{DIGITS}f}"


def _marked(
    evaluations: Evaluations, evaluation: Evaluation[Any], column: Column, bold: str
) -> str:
    """Format a cell, in bold where no method has a better value (as printed)."""
    cell = _cell(evaluation, column)
    others = [_cell(other, column) for other in evaluations]
    if len(others) < 2 or cell == "-":
        return cell
    best = max(others, key=float) if column.more_is_better else min(others, key=float)
    return bold.format(cell) if float(cell) == float(best) else cell


def _escaped(text: str) -> str:
    """Write a name so that LaTeX prints it as it is."""
    special = {c: rf"\{c}" for c in "&%$#_{}"} | {
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
    }
    return "".join(special.get(letter, letter) for letter in text)
