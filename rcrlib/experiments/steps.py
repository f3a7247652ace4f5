"""The steps of an experiment: each a dataclass whose settings name its folder.

    KeptLabels -> ImageStage -> Generator -> PseudoLabels -> Student -> Maps
      -> SaliencyScore, SegmentationScore

Two cells that need the same step have equal dataclasses, hence one folder, and it runs once. What
is the same for everything in a folder (data, preset, flow method ...) is kept by `Lab`.

Where stage 1 learns from decides whether "m / l" is a fair comparison. The paper trains it on image
sets of their own, the same for every cell: `--images`, or `--start` with weights. Without either it
learns from the kept labels of the very cell, taken as images: a cell with one label in l must not
see any other label, in no stage.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from rcrlib.data import Dataset
from rcrlib.experiments.kept_labels import KeptLabels
from rcrlib.experiments.lab import HasFolder, Lab
from rcrlib.experiments.noise import ExactFlow, NoisyFlow
from rcrlib.experiments.work import counts, kept_counts, training, work
from rcrlib.flow import FlowCache, FlowEstimator
from rcrlib.models import FGPLG
from rcrlib.train import load_as, train_fgplg, train_image
from rcrlib.variants import Inputs


class Step(HasFolder, Protocol):
    """What every step says about itself."""

    @property
    def needs(self) -> Sequence[Step]:
        """The steps that have to be finished before."""

    def weight(self, lab: Lab) -> int:
        """About how much work it is: frames through a network."""

    def run(self, lab: Lab, folder: Path) -> dict[str, Any]:
        """Do it, going on with what an earlier, killed attempt left; give the result."""


@dataclass(frozen=True)
class ImageStage:
    """Stage 1, on kept labels as images; on the lab's own image set or weights without any."""

    labels: KeptLabels | None
    seed: int

    @property
    def folder(self) -> PurePosixPath:
        """Such as image/1in5-s0."""
        return PurePosixPath("image", f"{self.labels.key if self.labels else 'given'}-s{self.seed}")

    @property
    def needs(self) -> Sequence[Step]:
        """The labels, if it learns from them."""
        return (self.labels,) if self.labels else ()

    def weight(self, lab: Lab) -> int:
        """Frames of all steps."""
        if lab.config.start is not None:
            return 1
        if self.labels is not None:
            return work(lab.preset.image, sum(kept_counts(lab, self.labels)), 1)
        return work(lab.preset.image, sum(counts(self._dataset(lab))), 1)

    def run(self, lab: Lab, folder: Path) -> dict[str, Any]:
        """Train, unless weights were given."""
        if lab.config.start is not None:
            return {"start": lab.config.start.name}
        dataset = self._dataset(lab)
        train_image(dataset, lab.seeded(self.seed), folder / "run", resume=True)
        return {"images": sum(counts(dataset)), **training(lab.preset.image, sum(counts(dataset)))}

    def _dataset(self, lab: Lab) -> Dataset:
        if self.labels is not None:
            return self.labels.kept(lab)
        assert lab.images is not None  # a cell asks for an image stage without labels then only
        return lab.images

    def weights(self, lab: Lab) -> Path:
        """Return the file of weights, once the step is finished."""
        return lab.config.start or lab.out / self.folder / "run" / "model.safetensors"


@dataclass(frozen=True)
class FlowError:
    """What flow a generator gets: the true one where it is known, plus an error."""

    amount: float
    """Mean length (root of the mean square) as a share of the frame's side."""

    def estimator(self, lab: Lab, seed: int) -> FlowEstimator:
        """Return the flow: of synthetic data the true one, else the lab's, bent."""
        exact = lab.synthetic and FlowCache(ExactFlow(lab.synthetic), lab.flow.folder)
        return NoisyFlow(exact or lab.flow, self.amount, seed)


@dataclass(frozen=True)
class Generator:
    """Stage 2: FGPLG on triplets of the kept labels (Table 4: `inputs`)."""

    image: ImageStage
    labels: KeptLabels
    inputs: Inputs
    residual: bool
    error: FlowError | None
    seed: int

    @property
    def key(self) -> str:
        """A short name, without the seed."""
        error = f"-flow+{100 * self.error.amount:g}%" if self.error else ""
        return f"{self.labels.key}-{self.inputs}{'-residual' * self.residual}{error}"

    @property
    def folder(self) -> PurePosixPath:
        """Such as fgplg/1in5-rgb+labels+flow-residual-s0."""
        return PurePosixPath("fgplg", f"{self.key}-s{self.seed}")

    @property
    def needs(self) -> Sequence[Step]:
        """Labels and stage 1."""
        return self.labels, self.image

    def weight(self, lab: Lab) -> int:
        """Frames of all steps."""
        triplets = sum(max(n - 2, 0) for n in kept_counts(lab, self.labels))
        return work(lab.preset.fgplg, triplets, 1)

    def run(self, lab: Lab, folder: Path) -> dict[str, Any]:
        """Train."""
        kept = self.labels.kept(lab)
        train_fgplg(
            kept, lab.seeded(self.seed), folder / "run", start=self.image.weights(lab),
            flow=self.flow(lab), inputs=self.inputs, residual=self.residual, resume=True,
        )  # fmt: skip
        triplets = sum(max(n - 2, 0) for n in counts(kept))
        return {"triplets": triplets, **training(lab.preset.fgplg, triplets)}

    def flow(self, lab: Lab) -> FlowEstimator:
        """Return the flow that it sees."""
        return self.error.estimator(lab, self.seed) if self.error else lab.flow

    def network(self, lab: Lab) -> FGPLG:
        """Return the trained network."""
        return load_as(FGPLG, lab.out / self.folder / "run" / "model.safetensors")
