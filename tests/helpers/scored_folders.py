"""A data set of two videos, and predictions for it, whose scores are known."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from rcrlib.data import Dataset, write_mask
from rcrlib.metrics import SaliencyMetrics, SegmentationMetrics

SIZE = (20, 30)
VIDEOS = ("cat", "dog")
NAMES = ("00000", "00001", "00002", "00003")


def mask_of(number: int) -> np.ndarray:
    mask = np.zeros(SIZE, np.uint8)
    mask[4 + number : 14 + number, 8:20] = 255
    return mask


def map_of(number: int, seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed + number).integers(0, 60, SIZE)
    return (mask_of(number) * 0.7 + noise).astype(np.uint8)


def write_picture(path: Path, picture: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), picture)


def write_truth(root: Path) -> Path:
    """Write the data set; the last frame of each video has no label."""
    for video in VIDEOS:
        for number, name in enumerate((*NAMES, "00004")):
            write_picture(root / f"{video}/frames/{name}.png", np.full((*SIZE, 3), 90, np.uint8))
            if name in NAMES:
                write_picture(root / f"{video}/labels/{name}.png", mask_of(number))
    return root


def write_maps(root: Path) -> Path:
    """Write predictions of all labelled frames and of the one without a label."""
    for seed, video in enumerate(VIDEOS):
        for number, name in enumerate((*NAMES, "00004")):
            write_picture(root / f"{video}/{name}.png", map_of(number, 10 * seed))
    return root


def saliency_metrics(protocol: str = "paper") -> SaliencyMetrics:
    """Score the predictions in memory."""
    metrics = SaliencyMetrics(protocol)
    for seed, video in enumerate(VIDEOS):
        for number in range(len(NAMES)):
            metrics.update(map_of(number, 10 * seed), mask_of(number) > 128, video)
    return metrics


def segmentation_metrics(threshold: float) -> SegmentationMetrics:
    """Score the predictions in memory, cut at a threshold."""
    metrics = SegmentationMetrics("davis16", threshold)
    for seed, video in enumerate(VIDEOS):
        for number in range(len(NAMES)):
            metrics.update(map_of(number, 10 * seed) / 255, mask_of(number) > 128, video)
    return metrics


def write_labels_as_predictions(dataset: Dataset, folder: Path) -> Path:
    """Write every label as if it were a saliency map or a pseudo-label."""
    for video in dataset:
        for index in video.annotated:
            path = folder / video.name / f"{video.frame_names[index]}.png"
            write_mask(path, video.label(index))
    return folder
