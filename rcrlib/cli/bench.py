"""`rcr bench network|training|predict|metrics|data`: how fast this machine is at it, and why."""

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
@o.measuring
def metrics(data: Path | None, json: Path | None, **settings: Any) -> None:
    """Evaluation, beside pysodmetrics."""
    from rcrlib.bench.metrics import bench_metrics

    show(bench_metrics(data, **settings), json)


@bench.command("data")
@o.data
@o.reading
@o.option("Training", "--preset NAME", "tiny (CPU), small (Colab T4) or paper.", default="tiny")
@o.option("Training", "--steps N", "Steps of a variant in a round.", default=6)
@o.option("Machine", "--device NAME", "auto, cpu, cuda, cuda:N or mps.", default="auto")
@o.option("Machine", "--workers N", "Processes to read data, at most.", default=2)
@o.measuring
def data_(
    data: Path, layout: str, split: str | None, preset: str, json: Path | None, **settings: Any
) -> None:
    """Reading and augmenting beside decoding alone.

    DATA is a set of videos. Says how many frames a second each number of reading processes gives,
    and for how much of its time a training step waits for them.
    """
    from rcrlib.bench.data import bench_data
    from rcrlib.data import load
    from rcrlib.train import get_preset

    show(bench_data(load(data, layout, split), get_preset(preset), **settings), json)
