"""`rcr bench predict`: a whole prediction beside the time that its network needs."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch

from rcrlib.bench.machine import machine, synchronise
from rcrlib.bench.report import Report
from rcrlib.bench.subject import Subject
from rcrlib.bench.timing import DEFAULT_ROUNDS, in_turn
from rcrlib.data import Dataset, ImageFrames, SyntheticConfig, Video, load, write_synthetic
from rcrlib.predict import PredictConfig, make_predictor, predict, prepare_frames, windows


def bench_predict(
    subject: Subject, data: Path | None = None, *, frames: int = 24, rounds: int = DEFAULT_ROUNDS
) -> Report:
    """Measure `rcr predict` on a video against the network alone on the same clips from memory.

    Args:
        subject: device, backbone, size and clip.
        data: a video or a set, whose first video is taken; None makes one of 480x854.
        frames: how many frames of it are used at most (a video file is used whole).
        rounds: runs of each, taken in turn.
    """
    config = PredictConfig(
        clip=subject.clip, size=subject.size, device=subject.device, precision=subject.precision
    )
    network, device = subject.network().eval(), subject.torch_device
    with tempfile.TemporaryDirectory() as temporary:
        dataset = _first_video(data or _synthetic(Path(temporary), frames), frames)
        predictor = make_predictor(network, config)
        pictures = list(prepare_frames(dataset[0].stream(), config))
        clips = [
            torch.stack([one.pixels for one in clip])[None]
            for _, clip in windows(pictures, config.clip, config.clip)
        ]

        def alone() -> None:
            for clip in clips:
                predictor.predict_clips(clip).cpu()

        out = Path(temporary) / "maps"
        times = in_turn(
            {"network alone": alone, "rcr predict": _writing(network, dataset, out, config)},
            rounds, synchronise=partial(synchronise, device),
        )  # fmt: skip
    count = len(pictures)
    rows: list[dict[str, Any]] = []
    for name, taken in times.items():
        ms = 1000 * taken.median / count
        over = taken.over(times["network alone"])
        rows.append({"what": name, "ms/frame": ms, "low": 1000 * taken.low / count,
                     "high": 1000 * taken.high / count, "frames/s": 1000 / ms,
                     "of the network's": over, "seconds": list(taken.seconds)})  # fmt: skip
    height, width = dataset[0].size
    title = (
        f"rcr predict: {count} frames of {dataset[0].name} ({width}x{height}) at {subject.size},"
        f" T = {subject.clip}, {subject.backbone}, {subject.precision_name}"
    )
    return Report(title, machine(device), rows)


def _writing(
    network: torch.nn.Module, dataset: Dataset, out: Path, config: PredictConfig
) -> Callable[[], Path]:
    return lambda: predict(network, dataset, out, config, force=True)


def _synthetic(folder: Path, frames: int) -> Path:
    config = SyntheticConfig(videos=2, frames=max(9, frames), size=(480, 854))
    return write_synthetic(config, folder / "set", val_videos=1)


def _first_video(data: Path, frames: int) -> Dataset:
    """Return the set's first video alone, cut to so many frames."""
    dataset = load(data)
    video: Video = dataset[0]
    if isinstance(video.frames, ImageFrames):
        video = Video(video.name, ImageFrames(video.frames.paths[:frames]))
    return replace(dataset, videos=(video,))
