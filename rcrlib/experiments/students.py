"""A cell's own steps: RCRNet+NER trained on a source of labels, its maps, its scores."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from statistics import fmean
from typing import Any

from rcrlib.evaluation import evaluate_saliency, evaluate_segmentation
from rcrlib.experiments.kept_labels import KeptLabels
from rcrlib.experiments.lab import Lab
from rcrlib.experiments.pseudo_labels import Source
from rcrlib.experiments.steps import ImageStage, Step
from rcrlib.experiments.work import clip_count, counts, extra_counts, kept_counts, training, work
from rcrlib.metrics import SaliencyScores
from rcrlib.models import NERConfig, RCRNetNER
from rcrlib.predict import PredictConfig, predict
from rcrlib.train import load_as, train_video

NER = {
    "Ra": NERConfig(False, "none", False),
    "Rb": NERConfig(True, "none", False),
    "Rc": NERConfig(True, "bidirectional", False),
    "Rd": NERConfig(True, "one-way", True),
    "Re": NERConfig(),
}
"""The rows of the paper's Table 3."""

LAST = 10
"""Steps over whose losses a training's last loss is averaged."""


@dataclass(frozen=True)
class Student:
    """Stage 3, the cell itself: its folder holds configuration, curves, checkpoint and results."""

    image: ImageStage
    source: Source
    ner: str
    seed: int

    @property
    def folder(self) -> PurePosixPath:
        """Such as cells/1in5-rgb+labels+flow-m1-Re-s0."""
        return PurePosixPath("cells", f"{self.source.key}-{self.ner}-s{self.seed}")

    @property
    def labels(self) -> KeptLabels:
        """The kept ones."""
        return self.source if isinstance(self.source, KeptLabels) else self.source.labels

    @property
    def needs(self) -> Sequence[Step]:
        """Stage 1 and the labels."""
        return self.image, self.source

    def weight(self, lab: Lab) -> int:
        """Frames of all steps."""
        labelled = kept_counts(lab, self.labels)
        if not isinstance(self.source, KeptLabels):
            extra = extra_counts(lab, self.labels, self.source.m)
            labelled = [a + b for a, b in zip(labelled, extra, strict=True)]
        preset = lab.preset
        return work(
            preset.video, clip_count(labelled, preset.clip, preset.clip_stride), preset.clip
        )

    def run(self, lab: Lab, folder: Path) -> dict[str, Any]:
        """Train; say which labels were seen, and how often."""
        dataset, preset = self.source.dataset(lab), lab.preset
        train_video(
            dataset, lab.seeded(self.seed), folder / "run", start=self.image.weights(lab),
            ner=NER[self.ner], resume=True,
        )  # fmt: skip
        labelled, kept = counts(dataset), lab.result(self.labels)["kept"]
        seen = clip_count(labelled, preset.clip, preset.clip_stride)
        return {
            "labels": kept,
            "pseudo_labels": sum(labelled) - kept,
            "clips": seen,
            **training(preset.video, seen),
            "loss": _last_loss(folder / "run" / "metrics.jsonl"),
        }


@dataclass(frozen=True)
class Maps:
    """A student's saliency maps of a set."""

    student: Student
    test: str

    @property
    def folder(self) -> PurePosixPath:
        """A folder in the cell, named like the set."""
        return self.student.folder / self.test

    @property
    def needs(self) -> Sequence[Step]:
        """The student."""
        return (self.student,)

    def weight(self, lab: Lab) -> int:
        """Every frame once."""
        return sum(map(len, lab.tests[self.test]))

    def run(self, lab: Lab, folder: Path) -> dict[str, Any]:
        """Predict."""
        network = load_as(RCRNetNER, lab.out / self.student.folder / "run" / "model.safetensors")
        settings = PredictConfig(
            clip=lab.preset.clip, size=lab.preset.size, device=lab.config.device,
            precision=lab.config.precision,
        )  # fmt: skip
        predict(network, lab.tests[self.test], folder / "maps", settings, force=True)
        return {"frames": self.weight(lab)}


@dataclass(frozen=True)
class SaliencyScore:
    """F, S, MAE and E of a student's maps, with the precision-recall curve."""

    maps: Maps
    protocol: str

    @property
    def folder(self) -> PurePosixPath:
        """A folder beside the maps, named like the protocol."""
        return self.maps.folder / f"saliency-{self.protocol}"

    @property
    def needs(self) -> Sequence[Step]:
        """The maps."""
        return (self.maps,)

    def weight(self, lab: Lab) -> int:
        """Much less than the maps."""
        return max(1, self.maps.weight(lab) // 10)

    def run(self, lab: Lab, folder: Path) -> dict[str, Any]:
        """Measure."""
        made = lab.out / self.maps.folder / "maps"
        result = evaluate_saliency(
            lab.tests[self.maps.test], made, protocol=self.protocol, weighted=False
        ).result
        return {
            "scores": _numbers(result),
            "per_video": {name: _numbers(one) for name, one in result.per_video.items()},
            "curves": {"precision": result.precision.tolist(), "recall": result.recall.tolist()},
        }


@dataclass(frozen=True)
class SegmentationScore:
    """J and F of a student's maps, cut at one half, without post-processing."""

    maps: Maps
    protocol: str

    @property
    def folder(self) -> PurePosixPath:
        """A folder beside the maps, named like the protocol."""
        return self.maps.folder / f"segmentation-{self.protocol}"

    @property
    def needs(self) -> Sequence[Step]:
        """The maps."""
        return (self.maps,)

    def weight(self, lab: Lab) -> int:
        """Less than the maps."""
        return max(1, self.maps.weight(lab) // 5)

    def run(self, lab: Lab, folder: Path) -> dict[str, Any]:
        """Measure."""
        made = lab.out / self.maps.folder / "maps"
        result = evaluate_segmentation(
            lab.tests[self.maps.test], made, protocol=self.protocol
        ).result
        names = ("j_mean", "f_mean", "j_recall", "f_recall", "frames")
        per_video = {
            name: {key: getattr(one, key) for key in names}
            for name, one in result.per_video.items()
        }
        scores = {key: getattr(result, key) for key in names}
        return {"scores": {**scores, "threshold": result.threshold}, "per_video": per_video}


Score = SaliencyScore | SegmentationScore
"""A cell's last step."""


def _numbers(scores: SaliencyScores) -> dict[str, float]:
    names = ("max_f", "mean_f", "s", "mae", "max_e", "frames", "p_at", "r_at", "f_at")
    return {name: getattr(scores, name) for name in names}


def _last_loss(metrics: Path) -> float:
    lines = metrics.read_text(encoding="utf-8").splitlines()[-LAST:]
    return fmean(json.loads(line)["loss"] for line in lines)
