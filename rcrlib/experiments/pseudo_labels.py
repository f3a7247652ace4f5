"""Steps that make what a student learns from: pseudo-labels, or true labels that are bent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from rcrlib.data import MANIFEST, Dataset, Interval, write_mask
from rcrlib.evaluation import judge_pseudo_labels
from rcrlib.experiments.kept_labels import KeptLabels
from rcrlib.experiments.lab import Lab
from rcrlib.experiments.noise import bend
from rcrlib.experiments.steps import Generator, Step
from rcrlib.experiments.work import extra_counts
from rcrlib.files import output_folder, write_json
from rcrlib.pseudo import copy_kept, generate


@dataclass(frozen=True)
class PseudoLabels:
    """A step: kept labels and a generator's pseudo-labels, judged by the labels held back."""

    generator: Generator
    m: int | None
    """In each interval; None is all that there are."""

    @property
    def key(self) -> str:
        """A short name, without the seed."""
        return f"{self.generator.key}-m{in_each(self.m)}"

    @property
    def labels(self) -> KeptLabels:
        """The kept ones."""
        return self.generator.labels

    @property
    def folder(self) -> PurePosixPath:
        """Such as pseudo-labels/1in5-rgb+labels+flow-m1-s0."""
        return PurePosixPath("pseudo-labels", f"{self.key}-s{self.generator.seed}")

    @property
    def needs(self) -> Sequence[Step]:
        """The generator."""
        return (self.generator,)

    def weight(self, lab: Lab) -> int:
        """One frame for each."""
        return max(1, sum(extra_counts(lab, self.labels, self.m)))

    def run(self, lab: Lab, folder: Path) -> dict[str, Any]:
        """Generate and judge."""
        labels, generator, preset = self.labels, self.generator, lab.preset
        intervals = labels.intervals(lab, self.m)
        dataset, l, m = lab.train, labels.l, labels.l - 1 if self.m is None else self.m
        if labels.policy:
            longest = max(map(len, lab.train))
            dataset, l, m = labels.kept(lab), 1, longest if self.m is None else self.m
        generate(
            dataset, generator.network(lab), folder / "labels", l=l, m=m,
            unit="frames" if labels.policy else labels.unit, flow=generator.flow(lab),
            size=preset.size, flow_size=preset.flow_size,
            device=lab.config.device, precision=lab.config.precision, force=True,
        )  # fmt: skip
        return judged(lab, labels, intervals, folder)

    def dataset(self, lab: Lab) -> Dataset:
        """Return the videos with labels and pseudo-labels."""
        return self.labels.whole(lab).with_label_folder(lab.out / self.folder / "labels")


@dataclass(frozen=True)
class BentLabels:
    """A step: kept labels, and true labels of further frames bent by a known amount."""

    labels: KeptLabels
    m: int | None
    amount: float
    seed: int

    @property
    def key(self) -> str:
        """A short name, without the seed."""
        return f"{self.labels.key}-truth+{100 * self.amount:g}%-m{in_each(self.m)}"

    @property
    def folder(self) -> PurePosixPath:
        """Such as pseudo-labels/1in5-truth+4%-m4-s0."""
        return PurePosixPath("pseudo-labels", f"{self.key}-s{self.seed}")

    @property
    def needs(self) -> Sequence[Step]:
        """The labels."""
        return (self.labels,)

    def weight(self, lab: Lab) -> int:
        """Less than a frame for each."""
        return max(1, sum(extra_counts(lab, self.labels, self.m)) // 4)

    def run(self, lab: Lab, folder: Path) -> dict[str, Any]:
        """Bend and judge."""
        intervals = self.labels.intervals(lab, self.m)
        record = {"command": "experiment", "data": lab.train.name, **asdict(self)}
        with output_folder(folder / "labels", record, force=True) as made:
            manifest = {video.name: copy_kept(video, made) for video in self.labels.kept(lab)}
            for number, video in enumerate(self.labels.whole(lab)):
                for k in (k for interval in intervals[video.name] for k in interval.targets):
                    name = video.frame_names[k]
                    rng = np.random.default_rng([self.seed, number, k])
                    bent = bend(video.label(k), self.amount, rng)
                    write_mask(made / video.name / f"{name}.png", bent)
                    manifest[video.name][name] = "pseudo"
            write_json(made / MANIFEST, {**record, "videos": manifest})
        return judged(lab, self.labels, intervals, folder)

    def dataset(self, lab: Lab) -> Dataset:
        """Return the videos with labels and bent labels."""
        return self.labels.whole(lab).with_label_folder(lab.out / self.folder / "labels")


Source = KeptLabels | PseudoLabels | BentLabels
"""What a student learns from."""


def judged(
    lab: Lab, labels: KeptLabels, intervals: dict[str, tuple[Interval, ...]], folder: Path
) -> dict[str, Any]:
    """Count the pseudo-labels in a folder and compare them with the labels held back."""
    quality = judge_pseudo_labels(labels.whole(lab), intervals, folder / "labels", lab.reader())
    targets = sum(len(interval.targets) for of_one in intervals.values() for interval in of_one)
    return {"pseudo_labels": targets, "quality": vars(quality) if quality else None}


def in_each(m: int | None) -> str:
    """Name how many pseudo-labels an interval gets."""
    return "all" if m is None else str(m)
