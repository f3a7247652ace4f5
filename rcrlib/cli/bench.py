"""`rcr bench network|training|predict`: how fast this machine is at it, and what makes it so."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

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
