"""Our metrics against pysodmetrics': the same maps, the same numbers, in one run."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable
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
from rcrlib.bench.timing import Times, in_turn
from rcrlib.data import SyntheticConfig, load, make_synthetic
from rcrlib.errors import OptionError
from rcrlib.evaluation import evaluate_saliency, load_truth
from rcrlib.metrics import SaliencyMetrics

SIZE = (480, 854)
Pictures = list[tuple[NDArray[np.uint8], NDArray[np.bool_]]]


def bench_metrics(
    data: Path | None = None, split: str | None = None, frames: int = 534, rounds: int = 5
) -> Report:
    """Measure F, S and MAE in memory, and the whole evaluation from disk, both tools in turn.

    In memory, both are given 8-bit maps of 480x854 and stretch them (min-max). From disk, all nine
    numbers are computed of PNG files: read, F, S, MAE, E and weighted F.

    Args:
        data: a data set whose masks are degraded into predictions; None generates masks.
        split: its part.
        frames: how many to evaluate from disk.
        rounds: timed runs of each.

    Raises:
        OptionError: pysodmetrics is not installed.
    """
    tool = _pysodmetrics()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pictures = _write_pictures(folder, data, split, frames)
        few = pictures[: min(20, len(pictures))]
        memory = in_turn(
            {"pysodmetrics": lambda: _theirs(tool, few), "rcrlib": lambda: _ours(few)}, rounds
        )
        disk = in_turn(
            {
                "pysodmetrics": lambda: _theirs_from_disk(tool, folder),
                "rcrlib": lambda: _ours_from_disk(folder),
            },
            rounds,
        )
        peaks = [peak_memory(_prepare, folder, one_in) for one_in in (4, 1)]
    rows = [
        *_rows("F + S + MAE, 480x854, in memory", memory, len(few)),
        *_rows("all nine numbers, from PNG files", disk, len(pictures)),
    ]
    return Report(
        title=f"saliency metrics, {len(pictures)} frames of {data.name if data else 'made masks'}",
        machine=machine(),
        rows=rows,
        notes=[
            f"peak memory of rcrlib from disk: {peaks[0]:.0f} MiB for every fourth frame,"
            f" {peaks[1]:.0f} MiB for all"
        ],
    )


def _pysodmetrics() -> Any:
    try:
        import py_sod_metrics
    except ImportError as error:
        raise OptionError(
            f"pysodmetrics is what this compares with, and it cannot be imported ({error});"
            " pip install scikit-image scikit-learn && pip install --no-deps pysodmetrics"
        ) from error
    warnings.filterwarnings("ignore", module="py_sod_metrics")
    return py_sod_metrics


def _write_pictures(folder: Path, data: Path | None, split: str | None, frames: int) -> Pictures:
    """Write masks and predictions as FOLDER/truth/V/N.png and FOLDER/maps/V/N.png."""
    pictures = []
    for number, mask in zip(range(frames), _masks(data, split, frames), strict=False):
        levels = degrade(mask, number)
        for part, picture in (("truth", mask * np.uint8(255)), ("maps", levels)):
            path = folder / part / f"video{number // 60}" / f"{number:05d}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), picture)
        pictures.append((levels, mask))
    return pictures


def _masks(data: Path | None, split: str | None, frames: int) -> Any:
    """Yield masks of a data set, or made ones."""
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


def _ours(pictures: Pictures) -> None:
    metrics = SaliencyMetrics("davsod", weighted=False)
    for levels, mask in pictures:
        metrics.update(levels, mask)
    metrics.compute()


def _theirs(tool: Any, pictures: Pictures) -> None:
    measures = (tool.Fmeasure(), tool.Smeasure(), tool.MAE())
    for levels, mask in pictures:
        _step(measures, levels, mask.astype(np.uint8) * np.uint8(255))


def _step(measures: Any, levels: NDArray[np.uint8], truth: NDArray[np.uint8]) -> None:
    for measure in measures:
        measure.step(levels, truth)


def _ours_from_disk(folder: Path) -> None:
    evaluate_saliency(load_truth(folder / "truth"), folder / "maps", protocol="paper")


def _theirs_from_disk(tool: Any, folder: Path) -> None:
    kinds = (tool.Fmeasure, tool.Smeasure, tool.MAE, tool.Emeasure, tool.WeightedFmeasure)
    measures = [kind() for kind in kinds]
    for path in sorted((folder / "maps").rglob("*.png")):
        truth = folder / "truth" / path.relative_to(folder / "maps")
        _step(measures, *(np.asarray(cv2.imread(str(p), 0), np.uint8) for p in (path, truth)))


def _prepare(folder: Path, one_in: int) -> Callable[[], object]:
    """Give the evaluation of one frame in so many, for a process of its own."""
    dataset = load_truth(folder / "truth")
    videos = (
        video.with_labels({i: label for i, label in video.labels.items() if i % one_in == 0})
        for video in dataset
    )
    return partial(evaluate_saliency, replace(dataset, videos=tuple(videos)), folder / "maps")


def _rows(what: str, times: dict[str, Times], frames: int) -> list[dict[str, Any]]:
    return [
        {
            "what": what,
            "tool": name,
            "ms a frame": 1000 * taken.median / frames,
            "from": 1000 * taken.low / frames,
            "to": 1000 * taken.high / frames,
            "times as fast": times["pysodmetrics"].over(taken),
        }
        for name, taken in times.items()
    ]
