"""How much work a step is, known before anything of it is done, for progress with time left."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from rcrlib.data import Dataset, clips
from rcrlib.train import TrainConfig

if TYPE_CHECKING:
    from rcrlib.experiments.kept_labels import KeptLabels
    from rcrlib.experiments.lab import Lab

TRAINING = 3
"""A frame costs about three times as much in training as in inference: forward and backward."""


def counts(dataset: Dataset) -> list[int]:
    """Count the labels of each video."""
    return [len(video.annotated) for video in dataset]


def kept_counts(lab: Lab, labels: KeptLabels) -> list[int]:
    """Count the labels that will be kept of each video."""
    return [-(-n // labels.l) for n in counts(lab.train)]


def extra_counts(lab: Lab, labels: KeptLabels, m: int | None) -> list[int]:
    """Count the pseudo-labels that each video will get; None: of every frame in between."""
    kept = kept_counts(lab, labels)
    if labels.policy and m is None:  # the first and the last frame are always kept
        both = zip(counts(lab.train), kept, strict=True)
        return [n - k if k > 1 else 0 for n, k in both]
    return [max(k - 1, 0) * (labels.l - 1 if m is None else m) for k in kept]


def clip_count(labelled: Iterable[int], length: int, stride: int | None) -> int:
    """Count the clips of videos with so many labelled frames."""
    return sum(len(clips(range(n), length, stride)) for n in labelled)


def work(config: TrainConfig, samples: int, frames: int) -> int:
    """Return a training's work in frames of inference; a sample has so many frames."""
    return TRAINING * config.length(max(samples, 1)) * config.batch * frames


def training(config: TrainConfig, samples: int) -> dict[str, Any]:
    """Say how long a training is: steps, and passes over the samples."""
    steps = config.length(samples)
    return {"steps": steps, "batch": config.batch, "passes": steps * config.batch / samples}
