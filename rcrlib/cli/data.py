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
@o.option("Images", "--images N", "Write so many single images instead.", show_default="videos")
@o.option("Look", "--height PIXELS", "Height of a frame.", default=192)
@o.option("Look", "--width PIXELS", "Width of a frame.", default=256)
@o.option("Look", "--seed N", "Every seed gives others.", default=0)
@o.option(
    "Look",
    "--appearance-change X",
    "How much the light swings (0 to 2, as a logarithm).",
    default=0.25,
)
@o.option("Look", "--clutter X", "Leaves that blow past in each frame (0 to 20).", default=0.0)
@o.option("Look", "--motion X", "How fast everything moves, as a factor (0 to 4).", default=1.0)
@o.option("Look", "--occlusion X", "Share of videos with something in front (0 to 1).", default=0.4)
@o.option(
    "Look",
    "--looks N",
    "Different objects in the whole set.",
    default=0,
    show_default="each video its own",
)
@o.force
def synth(
    out: Path, val: int, images: int | None, height: int, width: int, force: bool, **settings: Any
) -> None:
    """Write generated videos, or single images, with exact masks.

    DIR gets the layout of DAVIS 2016, with the lists train and val; of images, that of ECSSD.

    \b
      rcr data synth set --appearance-change 1 --clutter 5
      rcr data synth images --images 120
    """
    from rcrlib.data import SyntheticConfig, write_synthetic, write_synthetic_images

    config = SyntheticConfig(size=(height, width), **settings)
    if images is not None:
        click.echo(write_synthetic_images(config, out, images, force=force))
    else:
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
    from rcrlib.show import dataset_sheet, dataset_summary

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
