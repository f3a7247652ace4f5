"""Experiments so small that tests can run every one of them, also in other processes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from helpers.small_runs import known, small_preset
from rcrlib.data import SyntheticConfig, write_synthetic
from rcrlib.experiments import ExperimentConfig, Result, run_experiment


def write_set(folder: Path) -> Path:
    """Write three videos of 11 frames, one to hold out; of each, 1 in 5 keeps three labels."""
    config = SyntheticConfig(videos=3, frames=11, size=(40, 56), seed=3)
    return write_synthetic(config, folder, val_videos=1)


def run_small(name: str, data: Path | None, out: Path, *, steps: int = 2, **options: Any) -> Result:
    """Run an experiment with `small_preset`."""
    preset = small_preset(steps=steps)
    with known(preset):
        options = {"seeds": 1, "preset": preset.name, **options}
        config = ExperimentConfig(name, out, data, device="cpu", **options)
        return run_experiment(config, say=lambda line: None)


def scores(result: Result) -> dict[tuple[str, int, str], dict[str, float]]:
    """Return every number of a result by cell, seed and test set."""
    return {(run.cell, run.seed, run.test): run.scores for run in result.runs}


def finished(out: Path) -> set[str]:
    """Return the folders of all finished steps."""
    files = out.rglob("result.json")
    steps = (path.parent.relative_to(out).as_posix() for path in files)
    return {step for step in steps if "/" in step}
