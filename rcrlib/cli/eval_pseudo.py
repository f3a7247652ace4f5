"""`rcr eval pseudo-labels`: scores of FGPLG's labels."""

from __future__ import annotations

from pathlib import Path

import click

from rcrlib.cli import options as o
from rcrlib.cli.checks import flow_estimator
from rcrlib.cli.command import Command
from rcrlib.errors import DataError
from rcrlib.files import check_output, output_folder


@click.command("pseudo-labels", cls=Command)
@o.argument("labels", "LABELS")
@o.option("Data", "--gt DATA", "The data set, with all of its labels.", required=True)
@o.layout
@o.split
@o.flow
@o.flow_cache
@o.option("Optical flow", "--flow-size PIXELS", "Side at which labels are warped.", default=448)
@o.option("Output", "--sheet N", "Draw the N best and the N worst frames.", default=0)
@o.option("Output", "-o --out DIR", "Folder for pictures.", default=Path("rcr-eval"))
@o.force
def pseudo_labels(
    labels: Path, gt: Path, layout: str, split: str | None, flow: str,
    flow_checkpoint: Path | None, flow_cache: Path | None, flow_size: int, sheet: int, out: Path,
    force: bool,
) -> None:  # fmt: skip
    """IoU of pseudo-labels with the labels held back.

    LABELS is a folder that rcr pseudo-label has written. Beside its pseudo-labels stand the nearest
    kept label, copied, and the two neighbouring ones warped along the flow, averaged and cut at one
    half: what FGPLG has to be better than. All are means over frames.
    """
    from rcrlib.data import load
    from rcrlib.evaluation import (
        PseudoQuality,
        mean_quality,
        mean_quality_by_video,
        pseudo_intervals,
        pseudo_sheet,
        score_pseudo_labels,
    )  # fmt: skip
    from rcrlib.triplets import TripletReader

    if sheet:
        check_output(out, force=force)
    dataset = load(gt, layout, split)
    intervals = pseudo_intervals(dataset, labels)
    estimator = flow_estimator(flow, flow_checkpoint, flow_cache, "cpu")
    reader = TripletReader(estimator, (flow_size,) * 2, (flow_size,) * 2)
    scores = score_pseudo_labels(dataset, intervals, labels, reader)
    whole = mean_quality(scores)
    if whole is None:
        raise DataError(f"{gt}: none of the pseudo-labels in {labels} has a label to compare with")
    rows: dict[str, PseudoQuality] = {**mean_quality_by_video(scores), "all": whole}
    width = max(map(len, rows))
    click.echo(f"{'video':<{width}}  frames  copied  warped  FGPLG")
    for name, row in rows.items():
        numbers = f"{row.copied:6.3f}  {row.warped:6.3f}  {row.generated:5.3f}"
        click.echo(f"{name:<{width}}  {row.frames:6d}  {numbers}")
    if sheet:
        ranked = sorted(scores, key=lambda score: score.generated)
        with output_folder(out, {"command": "eval"}, force=force) as folder:
            for name, shown in (("worst", ranked[:sheet]), ("best", ranked[::-1][:sheet])):
                title = f"{labels.name}: {name} pseudo-labels of {whole.frames}"
                pseudo_sheet(shown, labels, reader, folder / f"{name}.png", title)
        click.echo(out)
