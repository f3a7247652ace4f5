"""Results of experiments that nobody ran."""

from __future__ import annotations

from rcrlib.experiments.result import Run


def make_run(cell: str, seed: int, max_f: float, quality: float | None = None) -> Run:
    one = {"max_f": max_f, "s": 0.5, "mae": 0.1, "frames": 10}
    return Run(
        cell=cell, seed=seed, test="set", protocol="paper", scores=one,
        per_video={"a": {**one, "max_f": max_f - 0.1}, "b": {**one, "max_f": max_f + 0.1}},
        labels=10, pseudo_labels=0 if quality is None else 8, steps=50, passes=2.5, loss=0.25,
        quality=None if quality is None else {"generated": quality}, seconds=1.5, origins=[0],
    )  # fmt: skip
