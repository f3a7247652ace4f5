"""An experiment's numbers as tables: for a terminal and for a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from rcrlib.experiments.catalogue import find_experiment
from rcrlib.experiments.result import Result, Row, split_setting
from rcrlib.experiments.stats import Difference, Spread

Table = list[list[str]]
"""Rows of cells, the heading first."""


Elsewhere = Mapping[tuple[str, str], str]
"""Cell and test set -> the row of an earlier table whose runs these are."""


def main_table(result: Result, elsewhere: Elsewhere = MappingProxyType({})) -> Table:
    """Return a row per cell and test set: labels, pseudo-labels, our numbers, the paper's.

    Args:
        result: the experiment's.
        elsewhere: rows whose numbers are not listed again.
    """
    several, papers = len(result.tests) > 1, _paper_keys(result)
    heading = ["cell", *(["test set"] if several else []), "seeds", "labels", "pseudo-labels",
               "their IoU", "passes", *result.keys.values(),
               *(f"paper {result.keys[key]}" for key in papers)]  # fmt: skip
    rows = [heading]
    for row in result.rows:
        for test in result.tests or [""]:
            cells = _cells(result, row, test)
            if where := elsewhere.get((row.name, test)):
                ours = len(cells) - len(papers)
                cells[:ours] = [f"see {where}", *[""] * (ours - 1)]
            rows.append([row.name, *([test] if several else []), *cells])
    return rows


def difference_table(result: Result) -> Table:
    """Return a row per pair of cells, test set and main number, with the 95 % interval."""
    rows = [["difference", "mean", "95 % interval", "how"]]
    several = len(result.tests) > 1
    for test in result.tests:
        for pair in result.pairs:
            for key, title in list(result.keys.items())[:2]:
                found = result.difference(pair, test, key)
                if found is not None:
                    where = f" on {test}" if several else ""
                    name = f"{pair[0]} - {pair[1]}, {title}{where}"
                    rows.append([name, f"{found.mean:+.3f}", _interval(found), found.how])
    return rows if len(rows) > 1 else []


def text_table(result: Result) -> str:
    """Write everything for a terminal."""
    parts = [f"{result.title}\n{table_heading(result)}", _aligned(main_table(result))]
    if differences := difference_table(result):
        parts.append(_aligned(differences))
    parts.append("\n".join(remarks(result)))
    return "\n\n".join(part for part in parts if part)


def markdown_table(table: Table) -> str:
    """Write a table for a page."""
    lines = [_line(table[0]), "|" + "---|" * len(table[0]), *map(_line, table[1:])]
    return "\n".join(lines)


def table_heading(result: Result) -> str:
    """Say in a line what the numbers depend on most."""
    protocols = ", ".join(dict.fromkeys(run.protocol for run in result.runs)) or "-"
    return (
        f"{result.setup['judged on']}, protocol {protocols}, preset {result.setup['preset']};"
        f" mean ± deviation over seeds"
    )


def remarks(result: Result) -> list[str]:
    """Say what the table cannot: what each cell is, what is missing, and why."""
    said = (f"{split_setting(row.name)[0]}: {row.says}" for row in result.rows)
    lines = list(dict.fromkeys(said))  # once for all settings of a knob
    knob = find_experiment(result.experiment).knob
    if knob is not None:
        lines.append(f"at ...: with this {knob.says} in the generated videos")
    if any(run.quality for run in result.runs):
        lines.append("their IoU: of pseudo-labels with the labels held back")
    lines.append("passes: how often stage 3 saw each of its clips")
    lines += [f"{row.name} is left out: {row.problem}" for row in result.rows if row.problem]
    wanted = [row for row in result.rows if not row.problem]
    tests = max(1, len(result.tests))
    missing = len(wanted) * result.seeds * tests - len(result.runs)
    if missing:
        lines.append(
            f"{missing} of {missing + len(result.runs)} numbers are not there yet: the same command"
            " goes on"
        )
    return lines


def plus_minus(found: Spread | None) -> str:
    """Write a mean, with its deviation where there is one."""
    if found is None:
        return "-"
    return f"{found.mean:.3f}" + (
        f" ± {found.deviation:.3f}" if found.deviation is not None else ""
    )


def _cells(result: Result, row: Row, test: str) -> list[str]:
    runs, paper = result.of(row.name, test), row.paper.get(test, {})
    papers = [f"{paper[key]:.3f}" if key in paper else "-" for key in _paper_keys(result)]
    if not runs:
        return ["0", *["-"] * (4 + len(result.keys)), *papers]
    last = runs[-1]
    ours = [plus_minus(result.spread(row.name, test, key)) for key in result.keys]
    quality = plus_minus(result.quality(row.name, test))
    counts = [str(len(runs)), str(last.labels), str(last.pseudo_labels)]
    return [*counts, quality, f"{last.passes:.1f}", *ours, *papers]


def _paper_keys(result: Result) -> list[str]:
    """Return the numbers of which the paper has some."""
    known = {key for row in result.rows for paper in row.paper.values() for key in paper}
    return [key for key in result.keys if key in known]


def _interval(found: Difference) -> str:
    if found.low is None or found.high is None:
        return "-"
    return f"{found.low:+.3f} to {found.high:+.3f}"


def _aligned(table: Table) -> str:
    widths = [max(len(row[i]) for row in table) for i in range(len(table[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in table
    )


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"
