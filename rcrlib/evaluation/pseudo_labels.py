"""Score pseudo-labels, and estimates without a generator, against held-back labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray
from tqdm.auto import tqdm

from rcrlib.data import Dataset, Interval, Video, read_manifest, read_mask, resize
from rcrlib.errors import DataError
from rcrlib.metrics import iou
from rcrlib.show import Picture, contact_sheet, overlay
from rcrlib.triplets import TripletReader

COLUMNS = ("frame", "nearest label, copied", "labels warped", "pseudo-label", "truth")


@dataclass(frozen=True)
class LabelEstimates:
    """Three estimates of a frame's label, each (H, W) uint8 {0, 1}."""

    copied: NDArray[np.generic]
    """The nearest kept label as it is; of two equally near ones, the one before."""

    warped: NDArray[np.generic]
    """Both kept labels warped along the flow, averaged and cut at one half."""

    generated: NDArray[np.generic]
    """FGPLG's pseudo-label, cut at one half."""


@dataclass(frozen=True)
class TargetScore:
    """A frame k between the kept labels of i and j, and the IoU of each estimate with its label."""

    video: Video
    i: int
    k: int
    j: int
    copied: float
    warped: float
    generated: float


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


def pseudo_intervals(dataset: Dataset, folder: Path) -> dict[str, list[Interval]]:
    """Find which frames of a folder have a pseudo-label and between which labels, by video.

    Raises:
        DataError: the folder has no manifest, does not belong to `dataset`, or has a pseudo-label
            that is not between two labels.
    """
    kinds = read_manifest(folder)
    labelled = dataset.with_label_folder(folder)
    return {video.name: list(_intervals(video, kinds[video.name], folder)) for video in labelled}


def _intervals(video: Video, kinds: Mapping[str, str], folder: Path) -> Iterator[Interval]:
    of = {k: kinds[video.frame_names[k]] for k in video.annotated}
    pseudo = [k for k, kind in of.items() if kind == "pseudo"]
    kept = [k for k, kind in of.items() if kind != "pseudo"]
    for i, j in pairwise(kept):
        if inside := tuple(k for k in pseudo if i < k < j):
            yield Interval(i, j, inside)
    outside = [k for k in pseudo if not kept or not kept[0] < k < kept[-1]]
    if outside:
        raise DataError(
            f"{folder}: {video.name} has a pseudo-label on frame"
            f" {video.frame_names[outside[0]]}, which is not between two labels; make it again"
        )


def score_pseudo_labels(
    dataset: Dataset,
    intervals: Mapping[str, Sequence[Interval]],
    folder: Path,
    reader: TripletReader,
) -> list[TargetScore]:
    """Score every pseudo-label of `folder` whose frame has a label that was held back.

    Args:
        dataset: videos with all labels that there are.
        intervals: by video; their targets are the frames with a pseudo-label.
        folder: `VIDEO/FRAME.png`, as `rcrlib.pseudo.generate` writes it.
        reader: warps the labels.

    Raises:
        DataError: a frame, a label or a pseudo-label cannot be read.
    """
    targets = [
        (dataset[name], interval.i, k, interval.j)
        for name, of_video in intervals.items()
        for interval in of_video
        for k in interval.targets
        if k in dataset[name].labels
    ]
    scores = []
    for video, i, k, j in tqdm(targets, "score", unit="frame", disable=None, leave=False):
        truth, made = video.label(k), label_estimates(video, i, k, j, folder, reader)
        void = video.void(k)
        each = (
            iou(_known(estimate, void), truth)
            for estimate in (made.copied, made.warped, made.generated)
        )
        scores.append(TargetScore(video, i, k, j, *each))
    return scores


def _known(estimate: NDArray[np.generic], void: NDArray[np.bool_] | None) -> NDArray[np.generic]:
    """Clear an estimate where the truth is void (and 0 itself), so that nothing is scored there."""
    return estimate if void is None else np.where(void, estimate.dtype.type(0), estimate)


def judge_pseudo_labels(
    dataset: Dataset,
    intervals: Mapping[str, Sequence[Interval]],
    folder: Path,
    reader: TripletReader,
) -> PseudoQuality | None:
    """Average `score_pseudo_labels` over frames; None without labels to compare with."""
    return mean_quality(score_pseudo_labels(dataset, intervals, folder, reader))


def mean_quality(scores: Sequence[TargetScore]) -> PseudoQuality | None:
    """Average scores over frames; None where there are none."""
    if not scores:
        return None
    rows = [(score.copied, score.warped, score.generated) for score in scores]
    return PseudoQuality(len(rows), *np.mean(rows, axis=0).tolist())


def mean_quality_by_video(scores: Sequence[TargetScore]) -> dict[str, PseudoQuality]:
    """Average scores over each video's frames."""
    by_video: dict[str, list[TargetScore]] = {}
    for score in scores:
        by_video.setdefault(score.video.name, []).append(score)
    return {name: found for name, of in by_video.items() if (found := mean_quality(of))}


def label_estimates(
    video: Video, i: int, k: int, j: int, folder: Path, reader: TripletReader
) -> LabelEstimates:
    """Return the three estimates of frame k's label from the labels of i and j."""
    file = folder / video.name / f"{video.frame_names[k]}.png"
    return LabelEstimates(
        copied=video.label(i if k - i <= j - k else j),
        warped=warped_label(video, i, k, j, reader),
        generated=read_mask(file, size=video.size, style="grey"),
    )


def warped_label(video: Video, i: int, k: int, j: int, reader: TripletReader) -> np.ndarray:
    """Warp the labels of i and j to k, average them and cut at one half: (H, W) uint8 {0, 1}."""
    _, guide = reader(video, i, k, j)
    mean = guide[:2].mean(dim=0)[None, None]
    return (resize(mean, video.size)[0, 0].numpy() >= 0.5).astype(np.uint8)


def pseudo_sheet(
    scores: Sequence[TargetScore], folder: Path, reader: TripletReader, path: Path, title: str
) -> Picture:
    """Draw a row for each of `scores`: the frame, each estimate over it, the truth over it.

    Args:
        scores: which frames to show, in this order.
        folder: of the pseudo-labels.
        reader: warps the labels.
        path: the PNG to write.
        title: of the sheet.
    """
    rows: list[list[ArrayLike | None]] = []
    names = []
    for s in scores:
        frame, made = s.video.frame(s.k), label_estimates(s.video, s.i, s.k, s.j, folder, reader)
        masks = (made.copied, made.warped, made.generated)
        pictures = [overlay(frame, mask.astype(np.float32)) for mask in masks]
        truth = overlay(frame, s.video.label(s.k), void=s.video.void(s.k))
        rows.append([frame, *pictures, truth])
        numbers = f"{s.copied:.2f}, {s.warped:.2f}, {s.generated:.2f}"
        names.append(f"{s.video.name}\n{s.video.frame_names[s.k]}\nIoU {numbers}")
    return contact_sheet(rows, COLUMNS, names, path, title)
