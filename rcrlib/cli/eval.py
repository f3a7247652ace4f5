"""`rcr eval saliency|segmentation`: scores of folders of predictions."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rcrlib.cli import options as o
from rcrlib.cli.checks import check_free
from rcrlib.cli.command import Group
from rcrlib.cli.eval_pseudo import pseudo_labels
from rcrlib.errors import OptionError
from rcrlib.files import check_output, output_folder, write_text

if TYPE_CHECKING:
    from rcrlib.evaluation import Evaluation

_TEXTS = ("json", "csv", "latex", "markdown")

predictions = o.option(
    "Data",
    "--pred pred SOURCE",
    "Predictions, DIR or NAME=DIR; one for each method.",
    multiple=True,
    required=True,
)
truth = o.option("Data", "--gt DIR", "Data set, or plain folder of masks.", required=True)
layout = o.option("Data", "--layout NAME", "As rcr data show knows them, or masks.", default="auto")
lenient = o.option(
    "Data", "--allow-missing", "Go on without predictions that are missing or cannot be read."
)
texts = o.bundle(
    o.option("Output", "--json FILE", "Everything, with the numbers by video."),
    o.option("Output", "--csv FILE", "A row per method and video."),
    o.option("Output", "--latex FILE", "A table with the best in bold."),
    o.option("Output", "--markdown FILE", "The same for a page."),
)
worst = o.option("Output", "--worst N", "Draw the N worst frames of each method.", default=0)
protocol = o.bundle(
    o.option("Measures", "--protocol NAME", "paper, davsod or sod.", default="paper"),
    o.choice(
        "--keep-ends/--drop-ends",
        "Count each video's first and last annotated frame, or leave them out.",
    ),
    o.choice(
        "--stretch/--no-stretch",
        "Stretch each map to [0, 1] (min-max normalisation), or take it as it is.",
    ),
    o.choice("--by-video/--by-frame", "Average over each video, then videos; or over all frames."),
    o.choice("--mean-f/--f-of-mean-pr", "Average F, or take F of mean precision and recall."),
    o.option(
        "Measures", "--thresholds N", "Of the curves, from 0 to 255.", show_default="the protocol's"
    ),
)
folder = o.option("Output", "-o --out DIR", "Folder for pictures.", default=Path("rcr-eval"))


@click.group("eval", cls=Group)
def evaluate() -> None:
    """Score predictions, anyone's, under a named protocol."""


evaluate.add_command(pseudo_labels)


@evaluate.command()
@predictions
@truth
@layout
@o.split
@protocol
@lenient
@texts
@o.option("Output", "--plot", "Draw precision-recall and F-threshold curves.")
@worst
@folder
@o.force
def saliency(
    pred: tuple[str, ...], gt: Path, layout: str, split: str | None, protocol: str,
    keep_ends: bool | None, stretch: bool | None, by_video: bool | None, mean_f: bool | None,
    thresholds: int | None, allow_missing: bool, plot: bool, worst: int, out: Path, force: bool,
    **files: Path | None,
) -> None:  # fmt: skip
    """F, S, MAE, E and weighted F of saliency maps.

    Maps are grey, 8 bits, VIDEO/FRAME.png (IMAGE.png for a set of images); maps of another size
    than their mask are resized in memory.

    \b
    A protocol is the choices under Measures; any of them can be changed:
      paper   --keep-ends --no-stretch --by-frame --f-of-mean-pr
      sod     --keep-ends --stretch    --by-frame --f-of-mean-pr
      davsod  --drop-ends --stretch    --by-video --mean-f

    The table, and every file, says the protocol's name, or all choices where they have none.

    \b
      rcr eval saliency --pred maps --gt DAVIS --split val --protocol davsod
      rcr eval saliency --pred ours=maps --pred theirs=other --gt DAVIS --plot
      rcr eval saliency --pred maps --gt ECSSD --protocol sod --mean-f
    """
    from rcrlib.evaluation import draw_curves, evaluate_saliency, load_truth
    from rcrlib.metrics import get_protocol

    chosen = get_protocol(
        protocol, keep_ends=keep_ends, stretch=stretch, by_video=by_video, mean_f=mean_f,
        thresholds=thresholds,
    )  # fmt: skip
    methods = _methods(pred)
    _check(files, out if plot or worst else None, force=force)
    dataset = load_truth(gt, layout, split)
    evaluations = [
        evaluate_saliency(
            dataset, path, protocol=chosen, method=name, allow_missing=allow_missing, worst=worst
        )
        for name, path in methods.items()
    ]
    curves = partial(draw_curves, evaluations) if plot else None
    _report(evaluations, files, dataset.layout, out, curves, worst=worst, force=force)


@evaluate.command()
@predictions
@truth
@layout
@o.split
@o.option("Measures", "--protocol NAME", "davis16 or all-frames.", default="davis16")
@o.option("Measures", "--threshold RATE", "Soft maps are cut here.", default=0.5)
@lenient
@texts
@worst
@folder
@o.force
def segmentation(
    pred: tuple[str, ...], gt: Path, layout: str, split: str | None, protocol: str,
    threshold: float, allow_missing: bool, worst: int, out: Path, force: bool,
    **files: Path | None,
) -> None:  # fmt: skip
    """J and F of masks, with mean, recall and decay.

    Masks are 0/255, palettes of object ids, or soft maps, VIDEO/FRAME.png. Protocol davis16 leaves
    out the first and the last annotated frame of each video, all-frames does not.

    \b
      rcr eval segmentation --pred masks --gt DAVIS --split val
    """
    from rcrlib.evaluation import evaluate_segmentation, load_truth

    methods = _methods(pred)
    _check(files, out if worst else None, force=force)
    dataset = load_truth(gt, layout, split)
    evaluations = [
        evaluate_segmentation(
            dataset, path, protocol=protocol, threshold=threshold, method=name,
            allow_missing=allow_missing, worst=worst,
        )
        for name, path in methods.items()
    ]  # fmt: skip
    _report(evaluations, files, dataset.layout, out, None, worst=worst, force=force)


def _methods(given: Iterable[str]) -> dict[str, Path]:
    """Return the folders by method; `NAME=DIR` names one, else its folder does."""
    from rcrlib.data import folder_name

    methods: dict[str, Path] = {}
    for text in given:
        name, equals, path = text.partition("=")
        if not equals or "/" in name or Path(text).is_dir():
            name, path = folder_name(text), text
        if name in methods:
            raise OptionError(f"--pred {text}: there are two methods {name!r}; give NAME=DIR")
        methods[name] = Path(path)
    return methods


def _check(files: dict[str, Path | None], out: Path | None, *, force: bool) -> None:
    """Raise `OptionError` before anything is measured where files are in the way."""
    for path in filter(None, files.values()):
        check_free(path, force=force)
    if out is not None:
        check_output(out, force=force)


def _report(
    evaluations: list[Evaluation[Any]], files: dict[str, Path | None], layout: str, out: Path,
    draw: Callable[[Path], object] | None, *, worst: int, force: bool,
) -> None:  # fmt: skip
    """Print the table, write what was asked for, say where it is."""
    from rcrlib.evaluation import (
        csv_table,
        latex_table,
        markdown_table,
        text_table,
        to_json,
        worst_sheet,
    )

    click.echo(text_table(evaluations))
    writers: dict[str, Callable[[Any], str]] = {
        "json": lambda results: json.dumps(to_json(results), indent=2) + "\n",
        "csv": csv_table,
        "latex": latex_table,
        "markdown": markdown_table,
    }
    for name in _TEXTS:
        path = files[name]
        if path is not None:
            write_text(path, writers[name](evaluations))
            click.echo(path)
    if draw is None and not worst:
        return
    with output_folder(out, {"command": "eval"}, force=force) as folder:
        if draw is not None:
            draw(folder)
        if worst:
            for evaluation in evaluations:
                worst_sheet(evaluation, folder / f"worst-{evaluation.method}.png", layout)
    click.echo(out)
