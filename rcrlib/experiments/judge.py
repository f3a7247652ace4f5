"""Numbers for saliency maps and pseudo-labels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rcrlib.data import Dataset, Interval, Video, read_mask, resize
from rcrlib.evaluation import evaluate_saliency
from rcrlib.metrics import SaliencyResult, iou
from rcrlib.triplets import TripletReader


@dataclass(frozen=True)
class PseudoQuality:
    """How good pseudo-labels are, against the labels that were held back; IoU at one half."""

    frames: int
    copied: float
    """Mean IoU of the nearest kept label, copied."""

    warped: float
    """Mean IoU of the two kept labels, warped along the flow and averaged."""

    generated: float
    """Mean IoU of FGPLG's pseudo-label."""


def judge_maps(dataset: Dataset, maps: Path) -> SaliencyResult | None:
    """Score `maps/VIDEO/FRAME.png` on labelled frames, protocol `paper`; None without labels."""
    if not any(video.annotated for video in dataset):
        return None
    return evaluate_saliency(dataset, maps, weighted=False).result


def judge_pseudo_labels(
    dataset: Dataset, intervals: dict[str, tuple[Interval, ...]], maps: Path, reader: TripletReader
) -> PseudoQuality | None:
    """Compare pseudo-labels with the labels that were held back; None where there are none."""
    rows = [
        _judge_target(dataset[name], interval, k, maps, reader)
        for name, of_video in intervals.items()
        for interval in of_video
        for k in interval.targets
        if k in dataset[name].labels
    ]
    if not rows:
        return None
    copied, warped, generated = np.mean(rows, axis=0)
    return PseudoQuality(len(rows), float(copied), float(warped), float(generated))


def _judge_target(
    video: Video, interval: Interval, k: int, maps: Path, reader: TripletReader
) -> tuple[float, float, float]:
    i, j = interval.i, interval.j
    truth = video.label(k)
    copied = video.label(i if k - i <= j - k else j)
    warped = warped_label(video, i, k, j, reader)
    generated = read_mask(_map(maps, video, k), size=video.size, style="grey")
    return iou(copied, truth), iou(warped, truth), iou(generated, truth)


def warped_label(video: Video, i: int, k: int, j: int, reader: TripletReader) -> np.ndarray:
    """Warp the labels of i and j to k, average them and cut at one half: (H, W) uint8 {0, 1}."""
    _, guide = reader(video, i, k, j)
    mean = guide[:2].mean(dim=0)[None, None]
    return (resize(mean, video.size)[0, 0].numpy() >= 0.5).astype(np.uint8)


def _map(maps: Path, video: Video, index: int) -> Path:
    return maps / video.name / f"{video.frame_names[index]}.png"
