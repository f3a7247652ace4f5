"""`rcr demo`, `rcr pseudo-label`, `rcr predict` and `rcr weights import`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from rcrlib.cli import options as o


def demo(
    data: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="A video set or one video. [default: a synthetic set is made]"),
    ] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write.")] = Path("rcr-demo"),
    preset: o.PresetName = "tiny",
    layout: o.Layout = "auto",
    l: Annotated[  # noqa: E741
        Optional[int],  # noqa: UP045
        typer.Option("--l", "-l", help="Keep one annotated frame in l. [default: 5, if it can be]"),
    ] = None,
    m: o.PerInterval = 1,
    flow: o.Flow = "dis",
    flow_checkpoint: o.FlowCheckpoint = None,
    encoder: o.Encoder = None,
    steps: o.Steps = None,
    seed: o.Seed = 0,
    device: o.Device = "auto",
    precision: o.Precision = "auto",
    workers: o.Workers = None,
    resume: o.Resume = False,
    force: o.Force = False,
) -> None:
    """Go the paper's whole way: few labels, flow, pseudo-labels, training, saliency maps, numbers."""
    from rcrlib.demo import DemoConfig, run_demo

    run_demo(
        DemoConfig(
            out=out, data=data, layout=layout, preset=preset, l=l, m=m, flow=flow,
            flow_checkpoint=flow_checkpoint, encoder=encoder, steps=steps, seed=seed, device=device,
            precision=precision, workers=workers,
        ),
        resume=resume, force=force, say=typer.echo,
    )  # fmt: skip


def pseudo_label(
    data: o.Data,
    weights: Annotated[Path, typer.Option("--fgplg", help="Weights of a trained FGPLG.")],
    out: o.Out,
    l: o.KeepOneIn = 5,  # noqa: E741
    m: o.PerInterval = 1,
    unit: o.UnitName = "annotated",
    flow: o.Flow = "dis",
    flow_checkpoint: o.FlowCheckpoint = None,
    flow_cache: o.FlowFolder = None,
    size: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(help="Side the generator works at. [default: as it was trained]"),
    ] = None,
    layout: o.Layout = "auto",
    split: o.Split = None,
    device: o.Device = "auto",
    precision: o.Precision = "auto",
    force: o.Force = False,
) -> None:
    """Let FGPLG label frames between kept labels; write a folder that training takes."""
    from rcrlib.data import load
    from rcrlib.flow import FlowCache, get_flow
    from rcrlib.models import FGPLG, weights_metadata
    from rcrlib.pseudo import generate
    from rcrlib.train import load_as

    trained = weights_metadata(weights)
    work = size or int(trained.get("size", 448))
    path = generate(
        load(data, layout, split), load_as(FGPLG, weights), out, l=l, m=m, unit=unit,
        flow=FlowCache(get_flow(flow, checkpoint=flow_checkpoint), flow_cache),
        size=work, flow_size=max(work, int(trained.get("flow_size", work))),
        device=device, precision=precision, force=force,
    )  # fmt: skip
    typer.echo(path)


def predict(
    source: o.Data,
    weights: Annotated[Path, typer.Option(help="Weights of an RCRNet+NER, ours or released.")],
    out: o.Out,
    overlay: Annotated[
        bool, typer.Option("--overlay", help="Also write a video with the salient region tinted.")
    ] = False,
    clip: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(help="Frames the network sees together. [default: as trained, else 4]"),
    ] = None,
    overlap: Annotated[int, typer.Option(help="Frames that neighbouring clips share.")] = 0,
    size: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(help="Side frames are resized to. [default: as trained, else 448]"),
    ] = None,
    layout: o.Layout = "auto",
    split: o.Split = None,
    device: o.Device = "auto",
    precision: o.Precision = "auto",
    force: o.Force = False,
) -> None:
    """Write a saliency map for every frame of a video file, a folder of frames or a data set."""
    from rcrlib.data import load
    from rcrlib.models import load_weights, weights_metadata
    from rcrlib.predict import PredictConfig
    from rcrlib.predict import predict as run

    trained = weights_metadata(weights)
    config = PredictConfig(
        clip=clip or int(trained.get("clip", 4)), overlap=overlap,
        size=size or int(trained.get("size", 448)), device=device, precision=precision,
    )  # fmt: skip
    dataset = load(source, layout, split)
    path = run(load_weights(weights), dataset, out, config, video_overlay=overlay, force=force)
    typer.echo(path)


def import_weights(
    source: Annotated[Path, typer.Argument(help="A released .pth file.", show_default=False)],
    out: Annotated[Path, typer.Argument(help="The .safetensors file to write.")],
    force: o.Force = False,
) -> None:
    """Turn one of the authors' released files into one of ours."""
    from rcrlib.errors import OptionError
    from rcrlib.models import load_weights, parameter_count, save_weights

    if out.exists() and not force:
        raise OptionError(f"{out}: exists; name another file or give --force")
    network = load_weights(source)
    save_weights(network, out, source=source.name)
    millions = parameter_count(network) / 1e6
    typer.echo(f"{out}: {type(network).__name__}, {millions:.1f} M parameters")
