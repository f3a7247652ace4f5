"""`rcr data synth|show`: making a data set and looking at one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rcrlib.cli import options as o

app = typer.Typer(help="Make and look at data sets.", no_args_is_help=True)


@app.command("synth")
def synth(
    out: Annotated[Path, typer.Argument(help="Folder to write.", show_default=False)],
    videos: Annotated[int, typer.Option(help="Videos in all.")] = 16,
    val: Annotated[int, typer.Option(help="How many of them are for validation.")] = 4,
    frames: Annotated[int, typer.Option(help="Frames of each video.")] = 31,
    height: Annotated[int, typer.Option(help="Height in pixels.")] = 192,
    width: Annotated[int, typer.Option(help="Width in pixels.")] = 256,
    seed: o.Seed = 0,
    force: o.Force = False,
) -> None:
    """Write a generated video set with exact masks, in the layout of DAVIS 2016."""
    from rcrlib.data import SyntheticConfig, write_synthetic

    config = SyntheticConfig(videos=videos, frames=frames, size=(height, width), seed=seed)
    typer.echo(write_synthetic(config, out, val_videos=val, force=force))


@app.command("show")
def show(
    data: o.Data,
    out: Annotated[Path, typer.Option("--out", "-o", help="Picture to write.")] = Path("data.png"),
    layout: o.Layout = "auto",
    split: o.Split = None,
    videos: Annotated[int, typer.Option(help="Videos shown, evenly spread.")] = 8,
) -> None:
    """Draw a contact sheet of a data set, labels overlaid, and print a line about each video."""
    from rcrlib.data import load
    from rcrlib.show import dataset_sheet, dataset_summary

    dataset = load(data, layout, split)
    for line in dataset_summary(dataset):
        typer.echo(line)
    dataset_sheet(dataset, out, videos=videos)
    typer.echo(out)
