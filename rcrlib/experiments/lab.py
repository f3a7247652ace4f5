"""Where an experiment works: its data, its preset and the folder that all its steps share."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from rcrlib.data import Dataset, SyntheticConfig, load
from rcrlib.errors import DataError, OptionError
from rcrlib.experiments.config import KEPT_LABELS, ExperimentConfig
from rcrlib.experiments.held_out import split_parts
from rcrlib.experiments.world import World
from rcrlib.files import RECORD
from rcrlib.flow import FlowCache, FlowEstimator, get_flow
from rcrlib.models import RCRNet
from rcrlib.runtime import pick_device, pick_precision
from rcrlib.train import Preset, get_preset, load_as
from rcrlib.triplets import TripletReader
from rcrlib.work_folder import WorkFolder

RESULT = "result.json"
"""Name of the file that a finished step leaves; it is written last."""


class HasFolder(Protocol):
    """What has a folder in the lab: every step."""

    @property
    def folder(self) -> PurePosixPath:
        """Its folder, relative to the lab's: a readable name of all its settings."""


@dataclass(frozen=True)
class Lab:
    """Everything that steps work with."""

    config: ExperimentConfig
    seeds: tuple[int, ...]
    """The seeds that are run on these data."""

    preset: Preset
    train: Dataset
    """Videos to learn from, with all labels that there are."""

    tests: Mapping[str, Dataset]
    """Sets to judge on, by name."""

    said: str
    """How training and test videos were parted, in a sentence."""

    images: Dataset | None
    """A set of images for stage 1."""

    flow: FlowCache
    synthetic: SyntheticConfig | None
    """What made the data, where it is synthetic: then the true flow is known."""

    @property
    def out(self) -> Path:
        """The folder."""
        return self.config.out

    def seeded(self, seed: int) -> Preset:
        """Return the preset with another seed."""
        return self.preset.with_training(seed=seed)

    def reader(self) -> TripletReader:
        """Return what prepares FGPLG's inputs, whole, as the paper's FGPLG sees them."""
        size, flow_size = self.preset.size, self.preset.flow_size
        return TripletReader(self.flow, (size, size), (flow_size, flow_size))

    def finished(self, step: HasFolder) -> bool:
        """Tell whether a step's result is there."""
        return (self.out / step.folder / RESULT).is_file()

    def result(self, step: HasFolder) -> dict[str, Any]:
        """Return what a finished step found out."""
        return self.stored(step)["result"]

    def stored(self, step: HasFolder) -> dict[str, Any]:
        """Return a finished step's file: the step's settings, its result, and how it was made.

        Raises:
            DataError: the file is damaged.
        """
        file = self.out / step.folder / RESULT
        try:
            return json.loads(file.read_text(encoding="utf-8"))
        except ValueError as error:
            raise DataError(f"{file}: is damaged ({error}); delete it to run the step") from error


@dataclass(frozen=True)
class Knob:
    """An option of `SyntheticConfig` that an experiment turns."""

    name: str
    settings: tuple[float, ...]

    @property
    def says(self) -> str:
        """The option in plain words."""
        return self.name.replace("_", " ")


@dataclass(frozen=True)
class Place:
    """Where some of an experiment's seeds are run: all of them on data that were given, or one of
    them in a world that is generated for it."""

    config: ExperimentConfig
    """The experiment's options; `out` is the place's own folder."""

    seeds: tuple[int, ...]
    world: World | None = None

    @property
    def there(self) -> bool:
        """Whether something was begun here."""
        return (self.config.out / RECORD).is_file()


def places(config: ExperimentConfig, knob: Knob | None = None) -> list[Place]:
    """Return the places of an experiment: one for each setting of the knob and seed.

    Raises:
        OptionError: the experiment turns a knob of generated videos, and videos are given.
    """
    if config.data is not None:
        if knob is not None:
            raise OptionError(
                f"{config.name}: changes how videos are generated; it takes no --data"
            )
        return [Place(config, config.wanted)]
    found = []
    for setting in knob.settings if knob else (None,):
        knobs = {} if knob is None or setting is None else {knob.name: setting}
        for seed in config.wanted:
            world = World.of_seed(seed, **knobs)
            default = world == World.of_seed(seed)
            name = f"seed-{seed}" if default else f"seed-{seed}-{knob.name}-{setting:g}"  # type: ignore[union-attr]
            found.append(Place(replace(config, out=config.out / name), (seed,), world))
    return found


@dataclass(frozen=True)
class Options:
    """What an experiment's options stand for."""

    preset: Preset
    flow: FlowEstimator
    images: Dataset | None


def check_options(config: ExperimentConfig) -> Options:
    """Check all that can be checked before there are data.

    Raises:
        OptionError: an option cannot be.
        DataError: the set of images cannot be used.
        WeightsError: weights cannot be used.
    """
    preset = get_preset(
        config.preset, config.encoder, config.size, steps=config.steps, device=config.device,
        precision=config.precision, workers=config.workers,
    )  # fmt: skip
    device = pick_device(config.device)
    pick_precision(config.precision, device)
    flow = get_flow(config.flow, checkpoint=config.flow_checkpoint, device=device)
    if config.start is not None:
        load_as(RCRNet, config.start)
    given = config.images is not None and config.images != KEPT_LABELS
    return Options(preset, flow, load_images(config.images) if given else None)  # type: ignore[arg-type]


def open_lab(place: Place, *, one_video: bool = False) -> Lab:
    """Check every option and load the data; nothing is written where the data are given.

    Args:
        place: where to work.
        one_video: a set of one video is learned from and judged on, and labels to judge by may be
            missing.

    Raises:
        OptionError: an option cannot be, or the folder was begun with others.
        DataError: a data set cannot be used: it has no videos to hold out, for example.
        WeightsError: weights cannot be used.
    """
    config = place.config
    options = check_options(config)
    images = options.images
    data = config.data
    if data is None:
        assert place.world is not None  # of data that are not given
        _claim(config, _made(place.world))
        data, made = place.world.make(config.out)
        if config.images is None and config.start is None:
            images = load_images(made)
    train, tests, said = _load(config, data, one_video)
    return Lab(
        config, place.seeds, options.preset, train, tests, said, images,
        FlowCache(options.flow, None), _synthetic(data),
    )  # fmt: skip


def claim(lab: Lab) -> Lab:
    """Make the folder, or take up one that was begun with the same options; keep flows there.

    Raises:
        OptionError: the folder holds something else, or was begun with other options.
    """
    parts = [lab.train, *lab.tests.values(), *([lab.images] if lab.images else [])]
    if lab.config.data is not None:  # else `open_lab` has done so
        _claim(lab.config, "-".join(part.fingerprint() for part in parts))
    return replace(lab, flow=FlowCache(lab.flow.estimator, lab.out / "flow"))


def load_images(path: Path) -> Dataset:
    """Load a set of images for stage 1.

    Raises:
        DataError: it is a set of videos, or has no masks.
    """
    images = load(path)
    if not images.flat:
        raise DataError(
            f"--images {path}: holds videos ({images.layout}); stage 1 learns from a set of single"
            " images, such as DUTS-TR"
        )
    if not any(image.annotated for image in images):
        raise DataError(f"--images {path}: has no masks; stage 1 learns from labelled images")
    return images


def _made(world: World) -> str:
    """Stand for the fingerprint of data that were generated."""
    return hashlib.sha256(repr(world).encode()).hexdigest()[:16]


def _load(
    config: ExperimentConfig, data: Path, one_video: bool
) -> tuple[Dataset, dict[str, Dataset], str]:
    train, held, said = split_parts(data, config.layout)
    if not config.tests:
        if held is train and not one_video:
            raise DataError(
                f"{data}: is one video; an experiment needs others to judge on (--test)"
            )
        if not one_video:
            _need_labels(held)
        return train, {held.name: held}, said
    tests: dict[str, Dataset] = {}
    for path in config.tests:
        dataset = _load_test(path)
        _need_labels(dataset)
        if dataset.name in tests:
            raise OptionError(f"--test {path}: two sets are named {dataset.name}; rename one")
        tests[dataset.name] = dataset
    return train, tests, said


def _load_test(path: Path) -> Dataset:
    """Load the part of a set that is for validation or test, or all of a set without parts."""
    whole = load(path)
    for split in ("val", "test"):
        try:
            return load(path, whole.layout, split)
        except DataError:
            continue
    return whole


def _need_labels(dataset: Dataset) -> None:
    if not any(video.annotated for video in dataset):
        raise DataError(f"{dataset.root}: has no label to judge by; give --test SET with labels")


def _claim(config: ExperimentConfig, fingerprint: str) -> None:
    """Begin the folder, or go on in one that was begun with the same options."""
    settings = {**config.fixed(), "fingerprint": fingerprint}
    folder = WorkFolder(config.out, "experiment", "an experiment")
    try:
        if not folder.begun:
            folder.begin(settings)
    except OptionError:
        if not folder.begun:  # else another process, another shard, has just begun here
            raise
    folder.check(settings, "give the same ones, or name another folder")


def _synthetic(data: Path) -> SyntheticConfig | None:
    """Return the configuration that a synthetic set was made from."""
    try:
        record = json.loads((data / RECORD).read_text(encoding="utf-8"))
        if record["made by"] != "rcrlib.data.synthetic":
            return None
        return SyntheticConfig.from_record(record)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
