"""`rcr data synth|get|label|show|check`: making a data set, getting one, looking at one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from rcrlib.cli import options as o
from rcrlib.cli.checks import check_free
from rcrlib.cli.command import Group
from rcrlib.cli.get import get
from rcrlib.cli.label import label
from rcrlib.errors import DataError


@click.group(cls=Group)
def data() -> None:
    """Make a data set, get one, or look at one."""


@data.command()
@o.argument("out", "DIR")
@o.option("Videos", "--videos N", "Videos in all.", default=16)
@o.option("Videos", "--val N", "How many of them are held out.", default=4)
@o.option("Videos", "--frames N", "Frames of each.", default=31)
@o.option("Videos", "--height PIXELS", "Height of a frame.", default=192)
@o.option("Videos", "--width PIXELS", "Width of a frame.", default=256)
@o.option("Videos", "--seed N", "Every seed gives other videos.", default=0)
@o.force
def synth(out: Path, val: int, height: int, width: int, force: bool, **settings: Any) -> None:
    """Write generated videos with exact masks.

    DIR gets the layout of DAVIS 2016, with the lists train and val.
    """
    from rcrlib.data import SyntheticConfig, write_synthetic

    config = SyntheticConfig(size=(height, width), **settings)
    click.echo(write_synthetic(config, out, val_videos=val, force=force))


data.add_command(get)
data.add_command(label)


@data.command()
@o.data
@o.reading
@o.option("Output", "--videos N", "Videos on the sheet, evenly spread.", default=8)
@o.option("Output", "-o --out FILE", "Picture to write, a .png.", default=Path("data.png"))
@o.force
def show(data: Path, layout: str, split: str | None, videos: int, out: Path, force: bool) -> None:
    """Print a line on each video, draw a contact sheet.

    DATA is a data set, a folder of frames or a video file. On the sheet, labels are tinted and have
    a contour.
    """
    from rcrlib.data import load
    from rcrlib.show.datasets import dataset_sheet, dataset_summary

    check_free(out, force=force)
    dataset = load(data, layout, split)
    for line in dataset_summary(dataset):
        click.echo(line)
    dataset_sheet(dataset, out, videos=videos)
    click.echo(out)


@data.command("check")
@o.data
@o.reading
def check_data(data: Path, layout: str, split: str | None) -> None:
    """List everything that is wrong with a data set.

    DATA is a data set, a folder of frames or a video file; every frame, label and list of it is
    read. Ends with status 2 where something is wrong.
    """
    from rcrlib.data import check

    checked = check(data, layout, split)
    for problem in checked.problems:
        click.echo(problem)
    for note in checked.notes:
        click.echo(f"note: {note}")
    if checked.problems:
        raise DataError(f"{data}: has {len(checked.problems)} problem(s), listed above")
    click.echo(f"{data}: everything can be read")
