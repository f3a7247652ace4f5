"""Data, networks and runs so small that tests can train many times, also in other processes."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from safetensors import safe_open

from rcrlib.data import SyntheticConfig, keep_labels, load, write_synthetic
from rcrlib.flow import get_flow
from rcrlib.models import NERConfig, RCRNetConfig, weights_metadata
from rcrlib.models.fast import TWINS
from rcrlib.train import (
    Preset,
    TrainConfig,
    get_preset,
    train_fgplg,
    train_image,
    train_video,
)

PLAIN = "RCR_TESTS_PLAIN"
"""Environment variable by which `pytest --plain` reaches processes that import this module."""


ALL_TWINS = dict(TWINS)
"""For tests of the fast twins themselves, also in a run with `--plain`."""


def without_twins() -> None:
    """Let `accelerate` change nothing in this process."""
    TWINS.clear()


if os.environ.get(PLAIN) == "1":
    without_twins()

STAGES = ("image", "fgplg", "video")
NETWORK = RCRNetConfig(
    backbone="resnet18", aspp_channels=8, skip_channels=(4, 8), refine_channels=8, head_channels=8
)
# A process that has imported everything and is forked for each run: starting Python anew costs
# seconds, and forking the test process itself would take its threads' locks along.
SERVER = multiprocessing.get_context("forkserver")
SERVER.set_forkserver_preload(["small_runs", "lightning_fabric", "rcrlib.cli.main"])


@contextmanager
def one_thread() -> Iterator[None]:
    """Let this process compute on one thread, as the others do.

    Threads wait for each other longer than networks this small compute, and their number decides
    on the last bits of a sum.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def small_preset(**training: Any) -> Preset:
    """Six steps on frames of 32x32; dropout, augmentation and reversal are on."""
    preset = replace(get_preset("tiny"), network=NETWORK, size=32, flow_size=32, clip=3)
    stages = {
        "image": TrainConfig(batch=3, lr=1e-3, steps=6),
        "fgplg": TrainConfig(batch=2, lr=1e-3, steps=6),
        "video": TrainConfig(batch=2, lr=1e-3, steps=6, reverse=True),
    }
    common = {"augment": True, "checkpoint_every": 2, "device": "cpu", "schedule": "cosine"}
    return replace(
        preset, **{name: replace(s, **{**common, **training}) for name, s in stages.items()}
    )


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


def start_process(function: Any, *args: Any, **kwargs: Any) -> BaseProcess:
    """Call a function of an importable module in a process of its own."""
    process = SERVER.Process(target=_alone, args=(function, args, kwargs))
    process.start()
    return process


def run_process(function: Any, *args: Any, **kwargs: Any) -> int | None:
    """Call a function in a process of its own and give its exit code."""
    process = start_process(function, *args, **kwargs)
    process.join()
    return process.exitcode


def kill_after(
    process: BaseProcess,
    steps: int,
    run: Path,
    number: int = signal.SIGKILL,
    *,
    whole_group: bool = False,
) -> None:
    """Send a signal once the run's metrics count that many steps, and wait for the end."""
    deadline = time.monotonic() + 120
    while metrics_count(run) < steps and time.monotonic() < deadline:
        assert process.is_alive(), f"ended with {process.exitcode} before step {steps}"
        time.sleep(0.005)
    assert process.pid is not None
    (os.killpg if whole_group else os.kill)(process.pid, number)
    process.join()


def metrics(run: Path) -> list[dict[str, float]]:
    """Read a run's metrics without its speed, the one thing that may differ between two runs."""
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [{name: row[name] for name in ("step", "loss", "lr")} for row in rows]


def metrics_count(run: Path) -> int:
    """Count the steps that a run has written so far."""
    file = run / "metrics.jsonl"
    return file.read_text().count("\n") if file.is_file() else 0


def fgplg_input(height: int = 64, width: int = 64) -> list[torch.Tensor]:
    """Return two frames and their guidance, drawn at random, in the order of `FGPLG.forward`."""
    return [torch.randn(2, 3, height, width), torch.rand(2, 4, height, width)]


def frames_of(count: int, size: tuple[int, int] = (20, 30)) -> list[np.ndarray]:
    """Make noise of (H, W, 3) uint8."""
    generator = np.random.default_rng(0)
    return [generator.integers(0, 256, (*size, 3), np.uint8) for _ in range(count)]


def write_film(path: Path, frames: Iterable[np.ndarray], rate: float = 12.5) -> Path:
    """Write a video file of frames (H, W, 3) uint8 RGB."""
    writer = None
    for frame in frames:
        if writer is None:
            height, width = frame.shape[:2]
            code = cv2.VideoWriter.fourcc(*"MJPG")
            writer = cv2.VideoWriter(str(path), code, rate, (width, height))
        writer.write(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
    assert writer is not None
    writer.release()
    return path


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """Make `folder` a disk of its own that holds `size`; skip the test where that needs root."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("mounting a small disk needs root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


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


def _alone(function: Any, args: Any, kwargs: Any) -> None:
    multiprocessing.set_start_method(None, force=True)  # the platform's own, not the server's
    torch.set_num_threads(1)
    function(*args, **kwargs)
