"""`rcr data label`: from one's own video to a data set."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from rcrlib.cli import options as o
from rcrlib.cli.command import Command
from rcrlib.errors import DataError, OptionError


@click.command(cls=Command)
@o.argument("video", "VIDEO")
@o.option("Choosing frames", "--frames N", "How many to label.", default=5)
@o.option(
    "Choosing frames",
    "--policy NAME",
    "even, appearance (where the picture changes), flow (where things move) or k-centre (what"
    " other frames resemble).",
    default="even",
)
@o.flow
@o.option(
    "Choosing frames",
    "--encoder-weights encoder SOURCE",
    "For k-centre: imagenet (downloaded), none, or a file.",
    default="imagenet",
)
@o.option("Choosing frames", "--device NAME", "For k-centre.", default="auto")
@o.option(
    "Bringing labels back",
    "--labels FILE",
    "What was drawn: a folder, a .json or a .zip.",
    show_default="none: choose frames",
)
@o.option(
    "Bringing labels back",
    "--keep-empty",
    "Take empty labels for frames without an object, not for frames without a label.",
)
@o.out
@o.force
def label(
    video: Path, frames: int, policy: str, flow: str, flow_checkpoint: Path | None, encoder: str,
    device: str, labels: Path | None, keep_empty: bool, out: Path, force: bool,
) -> None:  # fmt: skip
    """Label a few frames of your own video.

    First choose frames of VIDEO and write them to DIR, each with an empty label. Draw what is
    salient on them: with labelme in DIR/pictures, with CVAT or any COCO tool on the same pictures,
    or in white on DIR/labels. Then bring that back with --labels, and DIR becomes a data set (or
    gets one more video).

    \b
      rcr data label film.mp4 --frames 5 -o to-draw
      rcr data label film.mp4 --labels to-draw -o my-set
      rcr demo --data my-set
    """
    from rcrlib.data import load

    dataset = load(video)
    if len(dataset) != 1 or dataset.flat:
        raise OptionError(f"{video}: holds {len(dataset)} videos; give one, a file or its frames")
    if labels is not None:
        _bring_back(dataset[0], labels, out, keep_empty=keep_empty, force=force)
        return
    from rcrlib.cli.checks import flow_estimator
    from rcrlib.data import write_for_labelling
    from rcrlib.files import check_output
    from rcrlib.keyframes import get_policy

    check_output(out, force=force)
    estimator = flow_estimator(flow, flow_checkpoint, None, device) if policy == "flow" else None
    choose = get_policy(policy, flow=estimator, encoder=encoder, device=device)
    write_for_labelling(dataset[0], chosen := choose(dataset[0], frames), out, force=force)
    names = [dataset[0].frame_names[index] for index in chosen]
    click.echo(f"{out}: {len(names)} of {len(dataset[0])} frames to draw on: {', '.join(names)}")
    given = f"{shlex.quote(str(video))} --labels {shlex.quote(str(out))}"
    click.echo(f"then: rcr data label {given} -o my-set")


def _bring_back(video: object, labels: Path, out: Path, *, keep_empty: bool, force: bool) -> None:
    from rcrlib.data import Video, summarise_drawn, write_own_set
    from rcrlib.data.annotations import read_annotations

    assert isinstance(video, Video)
    drawn = read_annotations(labels, video.frame_names, video.size, video.name)
    for problem in (*drawn.notes, *drawn.problems):
        click.echo(problem)
    if drawn.problems:
        raise DataError(f"{labels}: {len(drawn.problems)} label(s) cannot be used, listed above")
    path = write_own_set(video, drawn, out, keep_empty=keep_empty, force=force)
    click.echo(f"{path / video.name}: {summarise_drawn(video, drawn, keep_empty=keep_empty)}")
