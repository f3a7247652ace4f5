"""An experiment's numbers, whole enough to be written about without its folder."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rcrlib.errors import DataError
from rcrlib.experiments.paper import Numbers
from rcrlib.experiments.provenance import Origin
from rcrlib.experiments.stats import (
    Difference,
    Spread,
    over_seeds,
    over_seeds_and_videos,
    over_videos,
    pseudo_values,
    spread,
)
from rcrlib.files import write_json
from rcrlib.metrics import SEGMENTATION_PROTOCOLS, SaliencyProtocol, f_measure, get_protocol

KEYS = {
    "saliency": {"max_f": "max F", "s": "S", "mae": "MAE"},
    "segmentation": {"j_mean": "J", "f_mean": "F"},
}
"""The numbers of a table, and their headings, by what is measured."""

_AT = " at "


def at_setting(cell: str, setting: float) -> str:
    """Return a cell's name at a setting of a knob: "9/10 at 0.33"."""
    return f"{cell}{_AT}{setting:g}"


def split_setting(name: str) -> tuple[str, str]:
    """Return a cell's own name and its setting: "9/10" and "0.33"; "" where no knob is turned."""
    cell, _, setting = name.partition(_AT)
    return cell, setting


@dataclass(frozen=True)
class Row:
    """A cell, whether it was run or not."""

    name: str
    says: str
    problem: str = ""
    """Why the data do not allow it."""

    paper: dict[str, Numbers] = field(default_factory=dict)
    """The paper's numbers by test set."""


@dataclass(frozen=True)
class Run:
    """A cell with one seed on one test set."""

    cell: str
    seed: int
    test: str
    protocol: str
    scores: Numbers
    per_video: dict[str, Numbers]
    labels: int
    pseudo_labels: int
    steps: int
    passes: float
    """How often stage 3 saw each of its clips."""

    loss: float
    """Of stage 3, mean of its last ten steps."""

    quality: dict[str, float] | None
    """Of the pseudo-labels, see `rcrlib.evaluation.PseudoQuality`."""

    seconds: float
    """Of all steps on its way; those that cells share are counted in each."""

    origins: list[int]
    """Which of the result's origins made it."""

    curves: dict[str, list[float]] | None = None

    def by_video(self, key: str) -> list[float]:
        """Return what each video, by name, adds to the number `key` of the set.

        F is that at the set's threshold, as in the table, and not at each video's own best one.
        Results of rcrlib 0.1.0 hold only the latter.
        """
        videos = [self.per_video[name] for name in sorted(self.per_video)]
        how = _averaging(self.protocol)
        weights = np.array([1.0 if how.by_video else v["frames"] for v in videos])
        names = [key]
        if key == "max_f" and all("f_at" in video for video in videos):
            names = ["f_at"] if how.mean_f else ["p_at", "r_at"]
        parts = [np.array([video[name] for video in videos]) for name in names]

        def number(weights: NDArray[np.float64], *parts: NDArray[np.float64]) -> float:
            means = [float(np.average(part, weights=weights)) for part in parts]
            return f_measure(*means) if len(means) == 2 else means[0]

        return pseudo_values([weights, *parts], number).tolist()


@dataclass(frozen=True)
class Result:
    """Everything that an experiment found out so far."""

    experiment: str
    title: str
    measure: str
    setup: dict[str, str]
    differs: list[str]
    """What differs from the paper's experiment, in a line each."""

    seeds: int
    rows: list[Row]
    pairs: list[tuple[str, str]]
    origins: list[Origin]
    runs: list[Run]
    videos_by_seed: bool = False
    """Whether every seed made videos of its own, to learn from and to judge on."""

    @property
    def tests(self) -> list[str]:
        """The test sets, in order."""
        return list(dict.fromkeys(run.test for run in self.runs))

    @property
    def keys(self) -> dict[str, str]:
        """The table's numbers and their headings."""
        return KEYS[self.measure]

    def of(self, cell: str, test: str) -> list[Run]:
        """Return a cell's runs on a test set, by seed."""
        found = [run for run in self.runs if (run.cell, run.test) == (cell, test)]
        return sorted(found, key=lambda run: run.seed)

    def spread(self, cell: str, test: str, key: str) -> Spread:
        """Return mean and deviation of a number over seeds."""
        return spread([run.scores[key] for run in self.of(cell, test)])

    def quality(self, cell: str, test: str) -> Spread | None:
        """Return mean and deviation of the pseudo-labels' IoU over seeds."""
        found = [run.quality["generated"] for run in self.of(cell, test) if run.quality]
        return spread(found) if found else None

    def difference(self, pair: tuple[str, str], test: str, key: str) -> Difference | None:
        """Compare two cells on the seeds that both have; None where they have none in common.

        Where every seed made videos of its own, seed is paired with seed. Where all seeds were
        judged on the same videos, the videos are a matter of chance as well as the seeds.
        """
        runs = self.paired(pair, test)
        if not runs:
            return None
        if len(runs) > 1 and (self.videos_by_seed or len(runs[0][0].per_video) < 2):
            first, second = ([run.scores[key] for run in of] for of in zip(*runs, strict=True))
            return over_seeds(first, second)
        a, b = (np.array([run.by_video(key) for run in of]) for of in zip(*runs, strict=True))
        return over_videos(a[0], b[0]) if len(runs) == 1 else over_seeds_and_videos(a, b)

    def paired(self, pair: tuple[str, str], test: str) -> list[tuple[Run, Run]]:
        """Return the runs of two cells that have a seed in common, by seed."""
        first, second = ({run.seed: run for run in self.of(cell, test)} for cell in pair)
        return [(first[seed], second[seed]) for seed in sorted(first.keys() & second.keys())]

    def save(self, path: Path) -> None:
        """Write everything as JSON, with the table's means and differences beside the runs."""
        write_json(path, {**asdict(self), "summary": self._summary()})

    def _summary(self) -> dict[str, Any]:
        cells, differences = {}, {}
        for test in self.tests:
            cells[test] = {
                row.name: {key: asdict(self.spread(row.name, test, key)) for key in self.keys}
                for row in self.rows
                if self.of(row.name, test)
            }
            found = {
                (pair, key): self.difference(pair, test, key)
                for pair in self.pairs
                for key in self.keys
            }
            differences[test] = {
                f"{a} - {b}, {key}": asdict(one) for ((a, b), key), one in found.items() if one
            }
        return {"cells": cells, "differences": differences}


def load_result(path: Path) -> Result:
    """Read a result.

    Args:
        path: its JSON file, or the folder of an experiment that holds `result.json`.

    Raises:
        DataError: there is none, or it is not whole.
    """
    file = path / "result.json" if path.is_dir() else path
    if not file.is_file():
        raise DataError(f"{file}: not there; expected the result of rcr experiment")
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        content.pop("summary")
        return Result(
            **{
                **content,
                "rows": [Row(**row) for row in content["rows"]],
                "pairs": [(a, b) for a, b in content["pairs"]],
                "origins": [Origin(**origin) for origin in content["origins"]],
                "runs": [Run(**run) for run in content["runs"]],
            }
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f"{file}: is not the result of an experiment; give the folder that rcr experiment"
            " printed, or its result.json"
        ) from error


def _averaging(protocol: str) -> SaliencyProtocol:
    """Return how a protocol averages; those for J and F average by video, and know no precision."""
    if protocol in SEGMENTATION_PROTOCOLS:
        return get_protocol("davsod")
    return get_protocol(protocol)
