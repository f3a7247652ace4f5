"""`rcr train image|fgplg|video`: the paper's three stages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from rcrlib.cli import options as o
from rcrlib.cli.checks import flow_estimator
from rcrlib.cli.command import Group
from rcrlib.errors import OptionError


@click.group(cls=Group)
def train() -> None:
    """Train one of the method's three stages."""


@train.command()
@o.arguments("data", "DATA")
@o.reading
@o.training
@o.start
@o.run_folder
def image(
    data: tuple[Path, ...], layout: str, split: str | None, start: Path | None, out: Path,
    resume: bool, force: bool, preset: str, **training: Any,
) -> None:  # fmt: skip
    """Stage 1: RCRNet on single labelled images.

    DATA is a set of images, or a set of videos whose labelled frames are taken; with several, all
    of them are learned from. The network is written to DIR/model.safetensors.
    """
    from rcrlib.data import load, merge
    from rcrlib.train import get_preset, train_image

    settings = get_preset(preset, **training)
    dataset = merge([load(path, layout, split) for path in data])
    click.echo(train_image(dataset, settings, out, start=start, resume=resume, force=force))


@train.command()
@o.data
@o.reading
@o.images
@o.keep_one_in(5)
@o.option(
    "Labels", "--apart max_intervals N", "Intervals between a triplet's labels, at most.", default=1
)
@o.flow
@o.flow_cache
@o.training
@o.start
@o.option(
    "Training",
    "--inputs NAME",
    "What FGPLG sees: rgb, rgb+labels or rgb+labels+flow.",
    default="rgb+labels+flow",
)
@o.option("Training", "--variant NAME", "Length of the flow: paper or official.", default="paper")
@o.option("Training", "--residual", "Learn what to add to the warped labels; not the paper's way.")
@o.run_folder
def fgplg(
    data: Path, layout: str, split: str | None, l: int, flow: str,
    flow_checkpoint: Path | None, flow_cache: Path | None, inputs: Any, variant: Any,
    max_intervals: int, residual: bool, images: Path | None, start: Path | None, out: Path,
    resume: bool, force: bool, preset: str, **training: Any,
) -> None:  # fmt: skip
    """Stage 2: FGPLG on triplets of kept labels.

    DATA is a set of videos, of which some keep three labels at least. The network is written to
    DIR/model.safetensors, for rcr pseudo-label. --start takes another FGPLG of its kind as well.
    """
    from rcrlib.data import keep_labels, load
    from rcrlib.train import get_preset, train_fgplg

    settings = get_preset(preset, **training)
    estimator = flow_estimator(flow, flow_checkpoint, flow_cache, training["device"])
    dataset = keep_labels(load(data, layout, split), l)
    path = train_fgplg(
        dataset, settings, out, start=start, flow=estimator, inputs=inputs, variant=variant,
        residual=residual, max_intervals=max_intervals,
        images=None if images is None else load(images), resume=resume, force=force,
    )  # fmt: skip
    click.echo(path)


@train.command()
@o.data
@o.reading
@o.keep_one_in(1)
@o.option(
    "Labels",
    "--labels DIR",
    "Labels and pseudo-labels to learn from, as rcr pseudo-label writes them.",
    show_default="the data set's own",
)
@o.option("Labels", "--soft", "Learn from labels in [0, 1] as they are.")
@o.images
@o.training
@o.start
@o.run_folder
def video(
    data: Path, layout: str, split: str | None, l: int, labels: Path | None,
    soft: bool, images: Path | None, start: Path | None, out: Path, resume: bool, force: bool,
    preset: str, **training: Any,
) -> None:  # fmt: skip
    """Stage 3: RCRNet+NER on clips of labelled frames.

    DATA is a set of videos. Learned from are their own labels (one in N with -l), or those in the
    folder that --labels names. The network is written to DIR/model.safetensors, for rcr predict.
    """
    from rcrlib.data import keep_labels, load
    from rcrlib.train import get_preset, train_video

    if labels is not None and l != 1:
        raise OptionError(f"--labels {labels} says which labels are kept; leave -l {l} out")
    settings = get_preset(preset, **training)
    dataset = load(data, layout, split)
    dataset = keep_labels(dataset, l) if labels is None else dataset.with_label_folder(labels)
    path = train_video(
        dataset, settings, out, start=start, soft=soft,
        images=None if images is None else load(images), resume=resume, force=force,
    )  # fmt: skip
    click.echo(path)
