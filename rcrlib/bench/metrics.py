"""`rcr bench metrics`: how fast maps are evaluated, in memory and from PNG files."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from rcrlib.bench.machine import machine
from rcrlib.bench.memory import peak_memory
from rcrlib.bench.report import Report
from rcrlib.bench.timing import DEFAULT_ROUNDS, Times, in_turn
from rcrlib.data import SyntheticConfig, load, make_synthetic
from rcrlib.evaluation import evaluate_saliency, load_truth
from rcrlib.metrics import SaliencyMetrics

SIZE = (480, 854)
IN_MEMORY = 20
"""Frames that are measured in memory, at most."""

MapsAndMasks = list[tuple[NDArray[np.uint8], NDArray[np.bool_]]]


def bench_metrics(
    data: Path | None = None,
    split: str | None = None,
    frames: int = 534,
    rounds: int = DEFAULT_ROUNDS,
) -> Report:
    """Measure F, S and MAE in memory, and the whole evaluation from disk.

    In memory, maps are 8-bit and stretched (min-max). From disk, all nine numbers are computed of
    PNG files: read, F, S, MAE, E and weighted F.

    Args:
        data: a data set whose masks are degraded into predictions; None makes synthetic masks of
            480x854.
        split: its part.
        frames: how many to evaluate from disk.
        rounds: timed runs of each.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pairs = write_maps_and_masks(folder, data, split, frames)
        few = pairs[:IN_MEMORY]
        times = in_turn(
            {
                "F + S + MAE, in memory": lambda: evaluate_in_memory(few),
                "all nine numbers, from PNG files": lambda: evaluate_from_disk(folder),
            },
            rounds,
        )
        peaks = [peak_memory(_prepare, folder, one_in) for one_in in (4, 1)]
    counts = (len(few), len(pairs))
    return Report(
        title=f"saliency metrics, {len(pairs)} frames of {data.name if data else 'made masks'}",
        machine=machine(),
        rows=[_row(what, taken, n) for (what, taken), n in zip(times.items(), counts, strict=True)],
        notes=[
            f"peak memory from disk: {peaks[0]:.0f} MiB for every fourth frame,"
            f" {peaks[1]:.0f} MiB for all"
        ],
    )


def write_maps_and_masks(
    folder: Path, data: Path | None, split: str | None, frames: int
) -> MapsAndMasks:
    """Write masks and degraded maps as FOLDER/truth/V/N.png and FOLDER/maps/V/N.png.

    Returns:
        The maps, (H, W) uint8, with their masks, (H, W) bool.
    """
    pairs = []
    for number, mask in zip(range(frames), _masks(data, split, frames), strict=False):
        levels = degrade(mask, number)
        for part, picture in (("truth", mask * np.uint8(255)), ("maps", levels)):
            path = folder / part / f"video{number // 60}" / f"{number:05d}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), picture)
        pairs.append((levels, mask))
    return pairs


def _masks(data: Path | None, split: str | None, frames: int) -> Iterator[NDArray[np.bool_]]:
    """Yield masks (H, W) of a data set or, without one, of synthetic videos."""
    if data is not None:
        for video in load(data, "auto", split):
            for index in video.annotated:
                yield video.label(index).astype(bool)
        return
    videos = -(-frames // 60)
    for made in make_synthetic(SyntheticConfig(videos=videos, frames=60, size=SIZE)):
        yield from (made.mask(index).astype(bool) for index in range(60))


def degrade(mask: NDArray[np.bool_], seed: int) -> NDArray[np.uint8]:
    """Make a plausible prediction, (H, W) uint8, of a mask (H, W): moved, blurred, noisy."""
    rng = np.random.default_rng(seed)
    moved = np.roll(mask.astype(np.float32), rng.integers(-6, 7, 2), (0, 1))
    soft = cv2.GaussianBlur(moved, (0, 0), float(rng.uniform(1, 6))) * rng.uniform(0.6, 1)
    noisy = soft + rng.normal(0, 0.02, mask.shape)
    return np.round(np.clip(noisy, 0, 1) * 255).astype(np.uint8)


def evaluate_in_memory(pairs: MapsAndMasks) -> None:
    """Compute F, S and MAE of maps in memory."""
    metrics = SaliencyMetrics("davsod", weighted=False)
    for levels, mask in pairs:
        metrics.update(levels, mask)
    metrics.compute()


def evaluate_from_disk(folder: Path) -> None:
    """Compute all nine numbers of what `write_maps_and_masks` wrote to a folder."""
    evaluate_saliency(load_truth(folder / "truth"), folder / "maps", protocol="paper")


def _prepare(folder: Path, one_in: int) -> Callable[[], object]:
    """Return the evaluation of one frame in `one_in`, for a process of its own."""
    dataset = load_truth(folder / "truth")
    videos = (
        video.with_labels({i: label for i, label in video.labels.items() if i % one_in == 0})
        for video in dataset
    )
    return partial(evaluate_saliency, replace(dataset, videos=tuple(videos)), folder / "maps")


def _row(what: str, times: Times, frames: int) -> dict[str, Any]:
    return {
        "what": what,
        "ms/frame": 1000 * times.median / frames,
        "low": 1000 * times.low / frames,
        "high": 1000 * times.high / frames,
        "frames/s": frames / times.median,
        "seconds": list(times.seconds),
    }
