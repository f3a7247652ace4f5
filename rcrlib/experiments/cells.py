"""A cell of a table: a way to a trained network, whatever the seed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from rcrlib.data import keep_one_in
from rcrlib.experiments.kept_labels import KeptLabels
from rcrlib.experiments.lab import Lab
from rcrlib.experiments.pseudo_labels import BentLabels, PseudoLabels, Source
from rcrlib.experiments.steps import FlowError, Generator, ImageStage
from rcrlib.experiments.students import Maps, SaliencyScore, Score, SegmentationScore, Student
from rcrlib.metrics import get_protocol
from rcrlib.variants import Inputs

Measure = Literal["saliency", "segmentation"]

TRIPLET = 3
"""Kept labels that FGPLG needs of some video."""


@dataclass(frozen=True)
class Cell:
    """One row of a table; the defaults are the paper's full method."""

    name: str
    says: str
    """What it is, for a reader."""

    labels: KeptLabels
    m: int | None = 0
    """Pseudo-labels in each interval; None is all that there are, 0 trains on labels alone."""

    inputs: Inputs = "rgb+labels+flow"
    residual: bool | None = None
    """Whether FGPLG says what to add to the warped labels; None asks the experiment's options."""

    ner: str = "Re"
    error: FlowError | None = None
    bent: float | None = None
    """Instead of pseudo-labels, true labels bent by so much of the frame's side."""

    def student(self, lab: Lab, seed: int) -> Student:
        """Return the steps that lead to the cell's network."""
        image = ImageStage(self.labels if lab.config.learns_from_kept_labels else None, seed)
        source: Source = self.labels
        if self.bent is not None:
            source = BentLabels(self.labels, self.m, self.bent, seed)
        elif self.m != 0:
            asked = lab.config.generator == "residual"
            residual = asked if self.residual is None else self.residual
            generator = Generator(image, self.labels, self.inputs, residual, self.error, seed)
            source = PseudoLabels(generator, self.m)
        return Student(image, source, self.ner, seed)

    def scores(self, lab: Lab, measure: Measure, seed: int) -> Iterator[Score]:
        """Return the last steps, one for each test set."""
        student = self.student(lab, seed)
        for name, dataset in lab.tests.items():
            maps = Maps(student, name)
            if measure == "saliency":
                yield SaliencyScore(maps, get_protocol(lab.config.protocol).name)
            else:
                davis = dataset.layout.startswith("davis")
                yield SegmentationScore(maps, "davis16" if davis else "all-frames")

    def problem(self, lab: Lab) -> str:
        """Say why the data do not allow this cell; nothing where they do."""
        l, most = self.labels.l, max(len(video.annotated) for video in lab.train)
        kept = len(keep_one_in(range(most), l))
        if (l > 1 and kept < 2) or most == 0:
            return f"one label in {l} of at most {most} a video leaves {kept}"
        if self.m != 0 and self.bent is None and kept < TRIPLET:
            return (
                f"one label in {l} of at most {most} a video leaves {kept}; FGPLG learns from"
                f" triplets and needs {TRIPLET}"
            )
        return ""
