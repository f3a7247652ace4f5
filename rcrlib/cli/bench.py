"""`rcr bench network|training|predict`: how fast this machine is at it, and what makes it so."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rcrlib.cli import options as o
from rcrlib.cli.command import Group

if TYPE_CHECKING:
    from rcrlib.bench import Report


@click.group(cls=Group)
def bench() -> None:
    """Measure speed and memory on this machine."""


def show(report: Report, json: Path | None) -> None:
    """Print a benchmark's report, and write it where it is wanted."""
    click.echo(report.table())
    if json is not None:
        report.save(json)


@bench.command()
@o.option("Data", "--data DATA", "Whose masks are degraded into predictions.", show_default="made")
@o.split
@o.option("Data", "--frames N", "How many to evaluate from disk.", default=534)
@o.option("Measuring", "--rounds N", "Timed runs of each.", default=5)
@o.option("Output", "--json FILE", "Everything that was measured.")
def metrics(data: Path | None, json: Path | None, **settings: Any) -> None:
    """Evaluation, beside pysodmetrics."""
    from rcrlib.bench.metrics import bench_metrics

    show(bench_metrics(data, **settings), json)
