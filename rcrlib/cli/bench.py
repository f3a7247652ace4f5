"""`rcr bench network|training|predict|metrics|data`: speed and memory on this machine."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from rcrlib.cli import options as o
from rcrlib.cli.command import Group
from rcrlib.errors import OptionError

if TYPE_CHECKING:
    from rcrlib.bench import Report


@click.group(cls=Group, invoke_without_command=True)
@o.option("Machine", "--device NAME", "Without a command: all of the first three on it.")
@o.option("Network", "--size PIXELS", "Side of the frames.", default=448)
@o.measuring
@click.pass_context
def bench(
    context: click.Context, device: str | None, size: int, rounds: int, json: Path | None
) -> None:
    """Measure speed and memory on this machine.

    \b
      rcr bench network              one measurement
      rcr bench --device cuda        network, training and predict
    """
    if context.invoked_subcommand is None:
        _everything(device, size, rounds, json)
        return
    given = [name for name in context.params if _is_given(context, name)]
    if given:
        raise OptionError(f"--{given[0]}: give it after {context.invoked_subcommand}")


def _is_given(context: click.Context, name: str) -> bool:
    return context.get_parameter_source(name) is ParameterSource.COMMANDLINE


def _everything(device: str | None, size: int, rounds: int, json: Path | None) -> None:
    from rcrlib.bench import Subject, bench_everything
    from rcrlib.files import write_json

    reports = []
    for report in bench_everything(Subject(device=device or "auto", size=size), rounds=rounds):
        click.echo(f"{report.table()}\n")
        reports.append(asdict(report))
    if json is not None:
        write_json(json, reports)


def show(report: Report, json: Path | None) -> None:
    """Print a benchmark's report, and write it as JSON where a file is given."""
    click.echo(report.table())
    if json is not None:
        report.save(json)


clip = o.option("Network", "--clip N", "Frames that the network sees together.", default=4)
subject = o.bundle(
    o.option("Network", "--backbone NAME", "resnet50 or resnet18.", default="resnet50"),
    o.option("Network", "--size PIXELS", "Side of the frames.", default=448),
    o.option("Network", "--batch N", "Clips computed together.", default=1),
    o.option("Network", "--seed N", "Decides weights and input.", default=0),
    o.option("Machine", "--device NAME", "auto, cpu, cuda, cuda:N or mps.", default="auto"),
)


@bench.command()
@o.option(
    "Network", "--clip clips N", "Frames that the network sees together; may be given repeatedly.",
    default=(4,), multiple=True,
)  # fmt: skip
@subject
@o.option(
    "Network", "--path paths NAME", "plain or fast.", multiple=True, show_default="both",
    default=("plain", "fast"),
)  # fmt: skip
@o.measuring
def network(
    clips: tuple[int, ...], paths: tuple[str, ...], rounds: int, json: Path | None, **settings: Any
) -> None:
    """Time, memory and operations of inference.

    The plain network, which computes as the paper's equations read and costs what the authors'
    network costs, beside the accelerated one, which answers the same.
    """
    from rcrlib.bench import Subject, bench_network

    show(bench_network(Subject(**settings), clips, paths=paths, rounds=rounds), json)


@bench.command()
@clip
@subject
@o.measuring
def training(rounds: int, json: Path | None, **settings: Any) -> None:
    """Time and memory of a training step.

    Forward, backward and Adam, on the plain and the accelerated network; gradients are compared.
    """
    from rcrlib.bench import Subject, bench_training

    show(bench_training(Subject(**settings), rounds=rounds), json)


@bench.command()
@o.option("Data", "--data DATA", "A video or a set.", show_default="a synthetic video")
@o.option("Data", "--frames N", "How many of its frames at most.", default=24)
@clip
@subject
@o.option("Machine", "--precision NAME", "auto, 32, bf16 or 16 (bits).", default="auto")
@o.measuring
def predict(
    data: Path | None, frames: int, rounds: int, json: Path | None, **settings: Any
) -> None:
    """Time of rcr predict beside its network's.

    What reading, resizing and writing add to the time of the network alone.
    """
    from rcrlib.bench import Subject, bench_predict

    show(bench_predict(Subject(**settings), data, frames=frames, rounds=rounds), json)


@bench.command()
@o.option("Data", "--data DATA", "Whose masks are degraded into predictions.", show_default="made")
@o.split
@o.option("Data", "--frames N", "How many to evaluate from disk.", default=534)
@o.measuring
def metrics(data: Path | None, json: Path | None, **settings: Any) -> None:
    """Time and memory of evaluating saliency maps.

    F, S and MAE of maps in memory, and all numbers of rcr eval saliency from PNG files.
    """
    from rcrlib.bench import bench_metrics

    show(bench_metrics(data, **settings), json)


@bench.command("data")
@o.data
@o.reading
@o.preset_name
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
    from rcrlib.bench import bench_data
    from rcrlib.data import load
    from rcrlib.train import get_preset

    show(bench_data(load(data, layout, split), get_preset(preset), **settings), json)
