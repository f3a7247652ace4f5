"""Data, presets and runs so small that tests can train many times, also in other processes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open

from helpers.networks import NETWORK
from rcrlib.data import SyntheticConfig, keep_labels, load, write_synthetic
from rcrlib.flow import get_flow
from rcrlib.models import NERConfig, weights_metadata
from rcrlib.train import (
    PRESETS,
    Preset,
    TrainConfig,
    get_preset,
    train_fgplg,
    train_image,
    train_video,
)

STAGES = ("image", "fgplg", "video")


@contextmanager
def one_thread() -> Iterator[None]:
    """Let this process compute on one thread, as the others do.

    Threads wait for each other longer than networks this small compute, and their number decides
    on the last bits of a sum.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def small_preset(**training: Any) -> Preset:
    """Six steps on frames of 32x32; dropout, augmentation and reversal are on."""
    preset = replace(
        get_preset("tiny"), name="smallest", network=NETWORK, size=32, flow_size=32, clip=3
    )
    stages = {
        "image": TrainConfig(batch=3, lr=1e-3, steps=6),
        "fgplg": TrainConfig(batch=2, lr=1e-3, steps=6),
        "video": TrainConfig(batch=2, lr=1e-3, steps=6, reverse=True),
    }
    common = {"augment": True, "checkpoint_every": 2, "device": "cpu", "schedule": "cosine"}
    return replace(
        preset, **{name: replace(s, **{**common, **training}) for name, s in stages.items()}
    )


@contextmanager
def known(preset: Preset) -> Iterator[None]:
    """Let a preset be asked for by its name, as those of the package are."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(PRESETS, preset.name, preset)
        yield


def write_videos(folder: Path, *, videos: int = 3, frames: int = 9) -> Path:
    """Write a data set in the layout of DAVIS 2016, 40x56 pixels."""
    config = SyntheticConfig(videos=videos, frames=frames, size=(40, 56), seed=3)
    return write_synthetic(config, folder, val_videos=1)


def train_stage(stage: str, data: Path, out: Path, preset: Preset, **options: Any) -> Path:
    """Run one stage on one label in two of the training videos."""
    dataset = keep_labels(load(data, split="train"), 2)
    if stage == "image":
        return train_image(dataset, preset, out, **options)
    if stage == "fgplg":
        options = {"start": None, "flow": get_flow("dis"), **options}
        return train_fgplg(dataset, preset, out, **options)
    return train_video(dataset, preset, out, start=None, ner=NERConfig(), **options)


def metrics(run: Path) -> list[dict[str, float]]:
    """Read a run's metrics without its speed, the one thing that may differ between two runs."""
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [{name: row[name] for name in ("step", "loss", "lr")} for row in rows]


def metrics_count(run: Path) -> int:
    """Count the steps that a run has written so far."""
    file = run / "metrics.jsonl"
    return file.read_text().count("\n") if file.is_file() else 0


def content(weights: Path) -> tuple[dict[str, bytes], dict[str, Any]]:
    """Return a weights file's tensors, byte for byte, and its metadata."""
    with safe_open(weights, "pt") as file:
        tensors = {name: file.get_tensor(name).numpy().tobytes() for name in file.keys()}  # noqa: SIM118  (no mapping)
        return tensors, weights_metadata(weights)


def assert_same_run(run: Path, other: Path) -> None:
    """Weights and metrics of both are the same, and each of the six steps is there once."""
    assert content(run / "model.safetensors") == content(other / "model.safetensors")
    assert metrics(run) == metrics(other)
    assert [row["step"] for row in metrics(run)] == list(range(1, 7))
