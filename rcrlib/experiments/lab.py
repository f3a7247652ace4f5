"""Where an experiment works: its data, its preset and the folder that all its steps share."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from rcrlib.data import Dataset, SyntheticConfig, load, write_synthetic
from rcrlib.errors import DataError, OptionError
from rcrlib.experiments.config import ExperimentConfig
from rcrlib.experiments.plan import WINDY, WINDY_TEST_VIDEOS, split_parts
from rcrlib.files import RECORD, check_output, write_json
from rcrlib.flow import FlowCache, get_flow
from rcrlib.lock import file_lock
from rcrlib.models import RCRNet
from rcrlib.runtime import pick_device, pick_precision
from rcrlib.train import Preset, get_preset, load_as
from rcrlib.triplets import TripletReader

RESULT = "result.json"
"""Name of the file that a finished step leaves; it is written last."""

MADE = "made here"
"""Stands for the fingerprint of data that an experiment made itself."""


class Housed(Protocol):
    """What has a folder in the lab: every step."""

    @property
    def folder(self) -> PurePosixPath:
        """Its folder, relative to the lab's: a readable name of all its settings."""


@dataclass(frozen=True)
class Lab:
    """Everything that steps work with."""

    config: ExperimentConfig
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
        """Give the preset with another seed."""
        return self.preset.with_training(seed=seed)

    def reader(self) -> TripletReader:
        """Give what prepares FGPLG's inputs, whole, as the paper's FGPLG sees them."""
        size, flow_size = self.preset.size, self.preset.flow_size
        return TripletReader(self.flow, (size, size), (flow_size, flow_size))

    def finished(self, step: Housed) -> bool:
        """Tell whether a step's result is there."""
        return (self.out / step.folder / RESULT).is_file()

    def result(self, step: Housed) -> dict[str, Any]:
        """Give what a finished step found out."""
        return self.stored(step)["result"]

    def stored(self, step: Housed) -> dict[str, Any]:
        """Give a finished step's file: the step's settings, its result, and how it was made.

        Raises:
            DataError: the file is damaged.
        """
        file = self.out / step.folder / RESULT
        try:
            return json.loads(file.read_text(encoding="utf-8"))
        except ValueError as error:
            raise DataError(f"{file}: is damaged ({error}); delete it to run the step") from error


def open_lab(config: ExperimentConfig) -> Lab:
    """Check every option and load the data; nothing is written where the data are given.

    Raises:
        OptionError: an option cannot be, or the folder was begun with others.
        DataError: a data set cannot be used: it has no videos to hold out, for example.
        WeightsError: weights cannot be used.
    """
    preset = get_preset(
        config.preset, config.encoder, steps=config.steps, device=config.device,
        precision=config.precision, workers=config.workers,
    )  # fmt: skip
    device = pick_device(config.device)
    pick_precision(config.precision, device)
    estimator = get_flow(config.flow, checkpoint=config.flow_checkpoint, device=device)
    if config.start is not None:
        load_as(RCRNet, config.start)
    images = None if config.images is None else load(config.images)
    data = config.data or _made(config)
    train, tests, said = _load(config, data)
    flow = FlowCache(estimator, None)
    return Lab(config, preset, train, tests, said, images, flow, _synthetic(data))


def claim(lab: Lab) -> Lab:
    """Make the folder, or take up one that was begun with the same options; keep flows there.

    Raises:
        OptionError: the folder holds something else, or was begun with other options.
    """
    parts = [lab.train, *lab.tests.values()]
    given = lab.config.data is not None
    _claim(lab.config, "-".join(part.fingerprint() for part in parts) if given else MADE)
    return replace(lab, flow=FlowCache(lab.flow.estimator, lab.out / "flow"))


def _made(config: ExperimentConfig) -> Path:
    """Make the synthetic set in the folder, unless it is there."""
    _claim(config, MADE)
    data = config.out / "synthetic"
    with file_lock(config.out / "locks" / "data.lock"):
        if not data.is_dir():
            write_synthetic(WINDY, data, val_videos=WINDY_TEST_VIDEOS)
    return data


def _load(config: ExperimentConfig, data: Path) -> tuple[Dataset, dict[str, Dataset], str]:
    train, held, said = split_parts(data, config.layout)
    if not config.tests:
        if held is train:
            raise DataError(
                f"{data}: is one video; an experiment needs others to judge on (--test)"
            )
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
    file = config.out / RECORD
    record = {"command": "experiment", **config.fixed(), "fingerprint": fingerprint}
    try:
        if not file.is_file():
            check_output(config.out)
            write_json(file, record)
    except OptionError:
        if not file.is_file():  # else another process, another shard, has just begun here
            raise
    try:
        before = json.loads(file.read_text(encoding="utf-8"))
    except ValueError:
        before = {}
    if before.get("command") != "experiment":
        raise OptionError(f"{config.out}: was not written by rcr experiment; name another folder")
    changed = [
        f"{name}: {before.get(name)} -> {record.get(name)}"
        for name in sorted(before.keys() | record.keys())
        if before.get(name) != record.get(name)
    ]
    if changed:
        raise OptionError(
            f"{config.out}: was begun with other options ({'; '.join(changed)});"
            " give the same ones, or name another folder"
        )


def _synthetic(data: Path) -> SyntheticConfig | None:
    """Give the configuration that a synthetic set was made from."""
    try:
        record = json.loads((data / RECORD).read_text(encoding="utf-8"))
        if record.pop("made by") != "rcrlib.data.synthetic":
            return None
        record.pop("val_videos")
        lists = {name: tuple(value) for name, value in record.items() if isinstance(value, list)}
        return SyntheticConfig(**{**record, **lists})
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
