"""The demo's contact sheet: what each step of the method made of a frame."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from rcrlib.data import Interval, Video, dataset_intervals, read_mask, resize
from rcrlib.demo.plan import Plan
from rcrlib.models import FGPLG
from rcrlib.pseudo import Target, predict_targets
from rcrlib.show import contact_sheet, flow_picture, mark_void, overlay
from rcrlib.triplets import TripletReader

COLUMNS = (
    "frame",
    "flow to next label",
    "warped labels",
    "pseudo-label",
    "ground truth",
    "prediction",
)
ROWS = 6


def draw_sheet(plan: Plan, fgplg: FGPLG, reader: TripletReader, maps: Path, path: Path) -> None:
    """Draw rows from the predicted videos, evenly spread.

    The generator is shown kept labels of these videos here, for the picture only: no network was
    trained on what it makes of them. A video without the two labels that an interval needs shows
    its frame and its prediction.
    """
    shown = plan.test.videos[:: max(1, len(plan.test) // ROWS)][:ROWS]
    rows = [_row(video, _middle(plan, video), fgplg, reader, maps) for video in shown]
    contact_sheet(rows, COLUMNS, [video.name for video in shown], path)


def _middle(plan: Plan, video: Video) -> Interval | None:
    """Return the video's middle interval that has a frame to label."""
    labelled = len(video.annotated) > plan.l
    found = dataset_intervals(plan.test, plan.l, plan.m, plan.unit)[video.name] if labelled else ()
    filled = [interval for interval in found if interval.targets]
    return filled[len(filled) // 2] if filled else None


def _row(
    video: Video, interval: Interval | None, fgplg: FGPLG, reader: TripletReader, maps: Path
) -> list[np.ndarray | None]:
    if interval is None:
        k = len(video) // 2
        return [video.frame(k), None, None, None, _truth(video, k), _prediction(video, k, maps)]
    i, j = interval.i, interval.j
    k = interval.targets[len(interval.targets) // 2]
    _, guide = reader(video, i, k, j)
    ((_, pseudo),) = predict_targets(fgplg, [Target(video, i, k, j)], reader)
    return [
        video.frame(k),
        _flow(video, k, j, reader),
        resize(guide[:2].mean(dim=0)[None, None], video.size)[0, 0].clamp(0, 1).numpy(),
        pseudo,
        _truth(video, k),
        _prediction(video, k, maps),
    ]  # fmt: skip


def _flow(video: Video, k: int, j: int, reader: TripletReader) -> np.ndarray:
    """Paint the flow from k to j, at the frame's size."""
    picture = flow_picture(reader.flow_between(video, k, j)[0])
    pixels = torch.from_numpy(picture).permute(2, 0, 1)[None]
    return resize(pixels, video.size)[0].permute(1, 2, 0).numpy()


def _truth(video: Video, index: int) -> np.ndarray | None:
    return mark_void(video.label(index), video.void(index)) if index in video.labels else None


def _prediction(video: Video, index: int, maps: Path) -> np.ndarray:
    saliency = read_mask(
        maps / video.name / f"{video.frame_names[index]}.png", soft=True, style="grey"
    )
    return overlay(video.frame(index), saliency)
