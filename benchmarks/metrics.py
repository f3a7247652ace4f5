"""Our saliency metrics beside pysodmetrics': the same maps, in turn, in one process.

    python benchmarks/metrics.py                               # synthetic masks
    python benchmarks/metrics.py --data DAVIS2016 --split val

That both give the same numbers is held by tests/metrics.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from rcrlib.bench import (
    MapsAndMasks,
    Report,
    Times,
    evaluate_from_disk,
    evaluate_in_memory,
    in_turn,
    machine,
    write_maps_and_masks,
)
from rcrlib.errors import RcrError

try:
    import py_sod_metrics
except ImportError as error:
    sys.exit(
        f"pysodmetrics is what this compares with, and it cannot be imported ({error});"
        " pip install scikit-image scikit-learn && pip install --no-deps pysodmetrics"
    )


def compare(data: Path | None, split: str | None, frames: int, rounds: int) -> Report:
    """Time F, S and MAE in memory, and all nine numbers from PNG files, with both tools.

    Args:
        data: a data set whose masks are degraded into predictions; None makes synthetic masks.
        split: its part.
        frames: how many to evaluate from disk.
        rounds: timed runs of each.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pairs = write_maps_and_masks(folder, data, split, frames)
        few = pairs[:20]
        memory = in_turn(
            {
                "pysodmetrics": lambda: their_evaluation_in_memory(few),
                "rcrlib": lambda: evaluate_in_memory(few),
            },
            rounds,
        )
        disk = in_turn(
            {
                "pysodmetrics": lambda: their_evaluation_from_disk(folder),
                "rcrlib": lambda: evaluate_from_disk(folder),
            },
            rounds,
        )
    rows = [
        *rows_of("F + S + MAE, in memory", memory, len(few)),
        *rows_of("all nine numbers, from PNG files", disk, len(pairs)),
    ]
    title = f"saliency metrics, {len(pairs)} frames of {data.name if data else 'made masks'}"
    return Report(title, machine(), rows)


def their_evaluation_in_memory(pairs: MapsAndMasks) -> None:
    """Compute F, S and MAE with pysodmetrics."""
    measures = (py_sod_metrics.Fmeasure(), py_sod_metrics.Smeasure(), py_sod_metrics.MAE())
    for levels, mask in pairs:
        step(measures, levels, mask.astype(np.uint8) * np.uint8(255))


def their_evaluation_from_disk(folder: Path) -> None:
    """Compute F, S, MAE, E and weighted F of PNG files with pysodmetrics."""
    names = ("Fmeasure", "Smeasure", "MAE", "Emeasure", "WeightedFmeasure")
    measures = [getattr(py_sod_metrics, name)() for name in names]
    for path in sorted((folder / "maps").rglob("*.png")):
        truth = folder / "truth" / path.relative_to(folder / "maps")
        step(measures, *(np.asarray(cv2.imread(str(p), 0), np.uint8) for p in (path, truth)))


def step(measures: Any, levels: NDArray[np.uint8], truth: NDArray[np.uint8]) -> None:
    """Return each measure of pysodmetrics one map with its mask."""
    for measure in measures:
        measure.step(levels, truth)


def rows_of(what: str, times: dict[str, Times], frames: int) -> list[dict[str, Any]]:
    """Return a row of the report for each tool."""
    return [
        {
            "what": what,
            "tool": name,
            "ms/frame": 1000 * taken.median / frames,
            "low": 1000 * taken.low / frames,
            "high": 1000 * taken.high / frames,
            "times as fast": times["pysodmetrics"].over(taken),
        }
        for name, taken in times.items()
    ]


def main() -> None:
    """Read the command line, measure and print."""
    parser = argparse.ArgumentParser(description="Compare our saliency metrics with pysodmetrics.")
    parser.add_argument("--data", type=Path, help="whose masks become maps; without it: made ones")
    parser.add_argument("--split", help="such as train or val; without it: all of the data")
    parser.add_argument("--frames", type=int, default=534, help="how many to evaluate from disk")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each tool, taken in turn")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write all of it here")
    options = parser.parse_args()
    warnings.filterwarnings("ignore", module="py_sod_metrics")
    try:
        report = compare(options.data, options.split, options.frames, options.rounds)
    except RcrError as error:
        sys.exit(str(error))
    print(report.table())
    if options.json is not None:
        report.save(options.json)


if __name__ == "__main__":
    main()
