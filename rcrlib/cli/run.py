"""`rcr demo`, `rcr pseudo-label`, `rcr predict` and `rcr weights`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from rcrlib.cli import options as o
from rcrlib.cli.checks import check_free, flow_estimator
from rcrlib.cli.command import Command, Group

SIZE, CLIP = "as trained, else 448", "as trained, else 4"


@click.command(cls=Command)
@o.option("Data", "--data DATA", "A set of videos, or one video.", show_default="synthetic videos")
@o.layout
@o.keep_one_in(None, "10 of generated videos; else 5 if it can be, else 1")
@o.option(
    "Labels",
    "-m --m N",
    "Pseudo-labels per interval.",
    show_default="9 of generated videos, else 1",
)
@o.flow
@o.stages
@o.seed
@o.device
@o.workers
@o.processes
@o.option("Output", "-o --out DIR", "Folder to write.", default=Path("rcr-demo"))
@o.resume
@o.force
def demo(resume: bool, force: bool, **settings: Any) -> None:
    """Go the whole way, from few labels to numbers.

    Keeps a few labels, trains FGPLG, makes pseudo-labels, trains RCRNet+NER without them, with them
    and with all true labels, predicts the held-out videos, and leaves a table, a contact sheet and
    a report.

    \b
      rcr demo                            generated videos
      rcr demo --data DAVIS --images DUTS-TR --preset small
    """
    from rcrlib.demo import DemoConfig, run_demo

    run_demo(DemoConfig(**settings), resume=resume, force=force, say=click.echo)


@click.command("pseudo-label", cls=Command)
@o.data
@o.reading
@o.keep_one_in(5)
@o.per_interval
@o.option(
    "Labels", "--unit NAME", "annotated, or frames (then any frame gets some).", default="annotated"
)
@o.flow
@o.flow_cache
@o.option("Network", "--fgplg FILE", "Weights of a trained FGPLG.", required=True)
@o.option("Network", "--size PIXELS", "Side that frames are resized to.", show_default=SIZE)
@o.device
@o.out
@o.force
def pseudo_label(
    data: Path, layout: str, split: str | None, flow: str, flow_checkpoint: Path | None,
    flow_cache: Path | None, fgplg: Path, size: int | None, out: Path, **settings: Any,
) -> None:  # fmt: skip
    """Label frames between kept labels with FGPLG.

    DATA is a set of videos. DIR gets SEQ/FRAME.png: the kept labels as they were, the pseudo-labels
    as probabilities, and a manifest.json that says which is which. rcr train video --labels DIR
    learns from it.
    """
    from rcrlib.data import load
    from rcrlib.models import FGPLG, weights_metadata
    from rcrlib.predict import clip_and_size
    from rcrlib.pseudo import generate
    from rcrlib.train import load_as

    generator = load_as(FGPLG, fgplg)
    trained = weights_metadata(fgplg)
    side = clip_and_size(trained)[1] if size is None else size
    path = generate(
        load(data, layout, split), generator, out, size=side,
        flow_size=max(side, int(trained.get("flow_size", side))),
        flow=flow_estimator(flow, flow_checkpoint, flow_cache, settings["device"]), **settings,
    )  # fmt: skip
    click.echo(path)


@click.command(cls=Command)
@o.data
@o.reading
@o.option(
    "Network",
    "--weights FILE",
    "RCRNet+NER (or RCRNet): written by rcr train, or released by the authors.",
    show_default="rcrlib's own",
)
@o.option("Network", "--clip N", "Frames that the network sees together.", show_default=CLIP)
@o.option("Network", "--overlap N", "Frames that neighbouring clips share.", default=0)
@o.option("Network", "--whole", "One clip from the first frame to the last, if memory allows.")
@o.option("Network", "--size PIXELS", "Side that frames are resized to.", show_default=SIZE)
@o.option("Network", "--batch N", "Clips computed together.", show_default="by device")
@o.device
@o.out
@o.option("Output", "--overlay video_overlay", "Also write VIDEO.mp4 with what is salient tinted.")
@o.force
def predict(
    data: Path, layout: str, split: str | None, weights: Path | None, out: Path,
    video_overlay: bool, force: bool, **settings: Any,
) -> None:  # fmt: skip
    """Write a saliency map for every frame.

    DATA is a video file, a folder of frames or a data set, of any length. DIR gets VIDEO/FRAME.png
    (IMAGE.png for a set of images), grey from 0 to 255, of the frame's own size.

    \b
      rcr predict holiday.mp4 -o maps --overlay
      rcr predict DAVIS --split val --weights model.safetensors -o maps

    rcrlib's own weights are licensed CC BY-NC 4.0, as the DAVIS videos that they learned from.
    """
    from rcrlib.data import load
    from rcrlib.predict import load_for_prediction
    from rcrlib.predict import predict as write_maps

    network, config = load_for_prediction(weights, **settings)
    click.echo(
        write_maps(
            network, load(data, layout, split), out, config, video_overlay=video_overlay,
            force=force,
        )
    )  # fmt: skip


@click.group(cls=Group)
def weights() -> None:
    """Import, halve, average and export files of weights."""


@weights.command("import")
@o.argument("source", "SOURCE")
@o.argument("out", "FILE")
@o.force
def import_weights(source: Path, out: Path, force: bool) -> None:
    """Turn one of the authors' files into one of rcr.

    SOURCE is one of their three .pth files (RCRNet for images, RCRNet+NER for videos, FGPLG); FILE
    is a .safetensors file.
    """
    from rcrlib.models import load_weights, parameter_count, save_weights

    check_free(out, force=force)
    network = load_weights(source, fast=False)
    save_weights(network, out, source=source.name)
    millions = parameter_count(network) / 1e6
    click.echo(f"{out}: {type(network).__name__}, {millions:.1f} M parameters")


@weights.command()
@o.argument("source", "SOURCE")
@o.argument("out", "FILE")
@o.force
def halve(source: Path, out: Path, force: bool) -> None:
    """Write weights in 16 bits, to half the size.

    SOURCE holds a network of rcr; its convolutions are rounded (by 0.05 % at most), normalisation
    is kept as it is. FILE is a .safetensors file, which is used like any other.
    """
    from rcrlib.models import load_weights, save_weights, weights_metadata

    check_free(out, force=force)
    save_weights(load_weights(source, fast=False), out, half=True, **weights_metadata(source))
    click.echo(f"{out}: {out.stat().st_size / 1e6:.1f} MB")


@weights.command()
@o.arguments("sources", "SOURCE")
@o.option(
    "Network",
    "--size PIXELS",
    "Side at which the mean works unless asked for another.",
    show_default="the first SOURCE's",
)
@o.option("Output", "-o --out FILE", "File to write (.safetensors).", required=True)
@o.force
def average(sources: tuple[Path, ...], size: int | None, out: Path, force: bool) -> None:
    """Write the mean of networks that were trained from each other.

    Often it is better than each SOURCE: what one has learned too well about a few videos averages
    out. The result is the first's network; of an RCRNet+NER and an RCRNet the RCRNets are averaged.
    Where they were trained at several sides, try which one the mean is best at.

    \b
      rcr weights average video.safetensors image.safetensors -o mean.safetensors
    """
    from rcrlib.models import average_weights, save_weights, weights_metadata
    from rcrlib.predict import PredictConfig

    check_free(out, force=force)
    network = average_weights(sources, fast=False)
    trained = weights_metadata(sources[0]) | {"mean_of": [str(source) for source in sources]}
    if size is not None:
        trained["size"] = PredictConfig(size=size).size  # refuses what a prediction would
    save_weights(network, out, **trained)
    click.echo(f"{out}: {type(network).__name__}, the mean of {len(sources)} files")


@weights.command("export")
@click.argument("source", type=o.PATH, metavar="[WEIGHTS]", required=False)
@o.option(
    "Network", "--size SIZE", "Side of the frames, or HxW such as 360x640.", show_default=SIZE
)
@o.option("Network", "-t --clip N", "Frames that the network sees together.", show_default=CLIP)
@o.option("Output", "-o --out FILE", "File to write (.onnx or .pt2).", required=True)
@o.force
def export(
    source: Path | None, size: tuple[int, int] | None, clip: int | None, out: Path, force: bool
) -> None:
    """Write a network for use without rcr: ONNX or torch.export.

    [WEIGHTS] is a file of rcr or one of the authors'; without it rcrlib's own are taken (licence CC
    BY-NC 4.0). The ending of FILE decides: .onnx needs the packages of rcrlib[onnx], .pt2 PyTorch
    alone. It takes clips of one shape, RGB in [0, 1], and answers with saliency in [0, 1]:
    docs/export.md has an example.

    \b
      rcr weights export -o model.onnx
      rcr weights export mine.safetensors --size 360x640 -t 8 -o model.pt2
    """
    from rcrlib.predict import export_weights

    check_free(out, force=force)
    said = export_weights(source, out, size=size, clip=clip)
    megabytes = out.stat().st_size / 1e6
    click.echo(f"{out}: {said['network']}, T = {said['clip']}, {said['size']}, {megabytes:.1f} MB")
