"""Results as pictures: the paper's Fig. 5, and the frames that went worst."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from numpy.typing import ArrayLike

from rcrlib.data import read_map, resize
from rcrlib.errors import DataError
from rcrlib.evaluation.evaluate import Evaluation, WorstFrame
from rcrlib.evaluation.tables import heading
from rcrlib.evaluation.truth import MASKS, true_mask, true_void
from rcrlib.metrics import SaliencyResult, SegmentationResult
from rcrlib.show import (
    Picture,
    contact_sheet,
    f_threshold_plot,
    mark_void,
    overlay,
    precision_recall_plot,
)


def draw_curves(evaluations: Sequence[Evaluation[SaliencyResult]], folder: Path) -> list[Path]:
    """Draw precision over recall and F over the threshold, each as PNG and as SVG with alt text.

    Returns:
        The files: pr.png, pr.svg, f.png, f.svg.
    """
    results = {evaluation.method: evaluation.result for evaluation in evaluations}
    title = evaluations[0].data
    files = []
    for name, draw in (("pr", precision_recall_plot), ("f", f_threshold_plot)):
        for suffix in (".png", ".svg"):
            files.append(folder / f"{name}{suffix}")
            draw(results, files[-1], title)
    return files


def worst_sheet(
    evaluation: Evaluation[SaliencyResult] | Evaluation[SegmentationResult],
    path: Path,
    layout: str = "",
) -> Picture:
    """Draw the worst frames of a method: frame, prediction, ground truth; the worst on top.

    Args:
        evaluation: with its worst frames.
        path: the PNG to write.
        layout: of the data set; a plain folder of masks has no frames to show.

    Raises:
        DataError: no worst frames were asked for, or a frame cannot be read.
    """
    if not evaluation.worst:
        raise DataError(f"{evaluation.method}: no worst frames are known; ask for some")
    of = "S" if isinstance(evaluation.result, SaliencyResult) else "J"
    with_frames = layout != MASKS
    columns = [*(["frame", "prediction over it"] if with_frames else []), "prediction", "truth"]
    rows = [_row(worst, with_frames) for worst in evaluation.worst]
    names = [f"{worst.pair.name}\n{of} {worst.score:.3f}" for worst in evaluation.worst]
    title = f"{evaluation.method}: lowest {of} ({heading([evaluation])})"
    return contact_sheet(rows, columns, names, path, title)


def _row(worst: WorstFrame, with_frames: bool) -> list[ArrayLike | None]:
    pair = worst.pair
    mask = true_mask(pair.label)
    height, width = mask.shape
    levels = torch.from_numpy(read_map(pair.prediction, palette_ids=True))[None]
    map_ = resize(levels, (height, width))[0].numpy() / 255
    truth = mark_void(mask, true_void(pair.label))
    if not with_frames:
        return [map_, truth]
    frame = pair.video.frame(pair.number)
    return [frame, overlay(frame, map_), map_, truth]
