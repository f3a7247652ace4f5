"""One result of several: of seeds run apart, on other machines or in worlds of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rcrlib.errors import OptionError
from rcrlib.experiments.provenance import Origin
from rcrlib.experiments.result import Result, Row, Run

VARIES = ("videos",)
"""Parts of a set-up that may differ: what an experiment turned a knob of."""


def merge_results(results: Sequence[Result]) -> Result:
    """Return one result with the runs of all; of a run that is in several, the first is taken.

    Raises:
        OptionError: they are of several experiments, or of set-ups that differ, so that their
            numbers do not belong into one table.
    """
    first = results[0]
    for other in results[1:]:
        _compare(first, other)
    runs: dict[tuple[str, int, str, str], Run] = {}
    origins: dict[Origin, int] = {}
    rows: dict[str, Row] = {}
    for result in results:
        rows = {row.name: row for row in result.rows} | rows
        places = [origins.setdefault(origin, len(origins)) for origin in result.origins]
        for run in result.runs:
            moved = replace(run, origins=sorted(places[number] for number in run.origins))
            runs.setdefault((run.cell, run.seed, run.test, run.protocol), moved)
    said = {
        name: dict.fromkeys(r.setup[name] for r in results if name in r.setup) for name in VARIES
    }
    setup = first.setup | {name: "; ".join(texts) for name, texts in said.items() if texts}
    return replace(
        first,
        setup=setup,
        seeds=max(
            max(result.seeds for result in results), len({run.seed for run in runs.values()})
        ),
        rows=_in_order(results, rows),
        pairs=list(dict.fromkeys(pair for result in results for pair in result.pairs)),
        origins=list(origins),
        runs=list(runs.values()),
    )


def _in_order(results: Sequence[Result], rows: dict[str, Row]) -> list[Row]:
    names = dict.fromkeys(row.name for result in results for row in result.rows)
    return [rows[name] for name in names]


def _compare(first: Result, other: Result) -> None:
    """Raise `OptionError` where two results do not belong into one table."""
    if first.experiment != other.experiment:
        raise OptionError(f"results of {first.experiment} and {other.experiment} are not one table")
    names = sorted((first.setup.keys() | other.setup.keys()) - set(VARIES))
    changed = [
        f"{name}: {first.setup.get(name, '-')} and {other.setup.get(name, '-')}"
        for name in names
        if first.setup.get(name) != other.setup.get(name)
    ]
    if first.videos_by_seed != other.videos_by_seed:
        changed.append("whether every seed has videos of its own")
    if changed:
        raise OptionError(
            f"{first.experiment}: results of different set-ups are not mixed ({'; '.join(changed)})"
        )
