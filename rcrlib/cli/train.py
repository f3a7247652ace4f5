"""`rcr train image|fgplg|video`: the paper's three stages."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from rcrlib.cli import options as o

app = typer.Typer(help="Train one of the three stages.", no_args_is_help=True)


@app.command("image")
def image(
    data: o.Data,
    out: o.Out,
    preset: o.PresetName = "tiny",
    layout: o.Layout = "auto",
    split: o.Split = None,
    encoder: o.Encoder = None,
    steps: o.Steps = None,
    batch: o.Batch = None,
    lr: o.Rate = None,
    seed: o.Seed = 0,
    device: o.Device = "auto",
    precision: o.Precision = "auto",
    workers: o.Workers = None,
    checkpoint_every: o.Every = 50,
    resume: o.Resume = False,
    force: o.Force = False,
) -> None:
    """Stage 1: RCRNet on single images (any labelled frames)."""
    from rcrlib.data import load
    from rcrlib.train import get_preset, train_image

    chosen = get_preset(
        preset, encoder, steps=steps, batch=batch, lr=lr, seed=seed, device=device,
        precision=precision, workers=workers, checkpoint_every=checkpoint_every,
    )  # fmt: skip
    path = train_image(load(data, layout, split), chosen, out, resume=resume, force=force)
    typer.echo(path)


@app.command("fgplg")
def fgplg(
    data: o.Data,
    out: o.Out,
    start: o.Start = None,
    l: o.KeepOneIn = 5,  # noqa: E741
    inputs: Annotated[
        str, typer.Option(help="rgb, rgb+labels or rgb+labels+flow (Table 4's Gb, Gc, Gd).")
    ] = "rgb+labels+flow",
    variant: Annotated[str, typer.Option(help="Flow magnitude: paper or official.")] = "paper",
    flow: o.Flow = "dis",
    flow_checkpoint: o.FlowCheckpoint = None,
    flow_cache: o.FlowFolder = None,
    preset: o.PresetName = "tiny",
    layout: o.Layout = "auto",
    split: o.Split = None,
    encoder: o.Encoder = None,
    steps: o.Steps = None,
    batch: o.Batch = None,
    lr: o.Rate = None,
    seed: o.Seed = 0,
    device: o.Device = "auto",
    precision: o.Precision = "auto",
    workers: o.Workers = None,
    checkpoint_every: o.Every = 50,
    resume: o.Resume = False,
    force: o.Force = False,
) -> None:
    """Stage 2: FGPLG on triplets of kept labels."""
    from rcrlib.data import keep_labels, load
    from rcrlib.flow import FlowCache, get_flow
    from rcrlib.train import get_preset, train_fgplg

    chosen = get_preset(
        preset, encoder, steps=steps, batch=batch, lr=lr, seed=seed, device=device,
        precision=precision, workers=workers, checkpoint_every=checkpoint_every,
    )  # fmt: skip
    path = train_fgplg(
        keep_labels(load(data, layout, split), l), chosen, out, start=start,
        flow=FlowCache(get_flow(flow, checkpoint=flow_checkpoint), flow_cache),
        inputs=inputs, variant=variant, resume=resume, force=force,
    )  # fmt: skip
    typer.echo(path)


@app.command("video")
def video(
    data: o.Data,
    out: o.Out,
    start: o.Start = None,
    labels: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="Folder of labels and pseudo-labels. [default: the data's own labels]"),
    ] = None,
    l: o.KeepOneIn = 1,  # noqa: E741
    soft: Annotated[bool, typer.Option("--soft", help="Learn from labels in [0, 1].")] = False,
    preset: o.PresetName = "tiny",
    layout: o.Layout = "auto",
    split: o.Split = None,
    encoder: o.Encoder = None,
    steps: o.Steps = None,
    batch: o.Batch = None,
    lr: o.Rate = None,
    seed: o.Seed = 0,
    device: o.Device = "auto",
    precision: o.Precision = "auto",
    workers: o.Workers = None,
    checkpoint_every: o.Every = 50,
    resume: o.Resume = False,
    force: o.Force = False,
) -> None:
    """Stage 3: RCRNet+NER on labels (one in l of the data's own) or on a folder of pseudo-labels."""
    from rcrlib.data import keep_labels, load
    from rcrlib.errors import OptionError
    from rcrlib.train import get_preset, train_video

    if labels is not None and l != 1:
        raise OptionError("--labels and --l contradict each other: the folder says what is kept")
    chosen = get_preset(
        preset, encoder, steps=steps, batch=batch, lr=lr, seed=seed, device=device,
        precision=precision, workers=workers, checkpoint_every=checkpoint_every,
    )  # fmt: skip
    dataset = load(data, layout, split)
    dataset = dataset.with_label_folder(labels) if labels else keep_labels(dataset, l)
    path = train_video(dataset, chosen, out, start=start, soft=soft, resume=resume, force=force)
    typer.echo(path)
