"""Progress bar and metrics file of a training run."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tqdm.auto import tqdm

from rcrlib.train.checkpoint import RunFolder

if TYPE_CHECKING:
    from lightning_fabric import Fabric


class Log:
    """Show a progress bar (loss, frames per second, time left) and write the metrics file."""

    def __init__(self, run: RunFolder, fabric: Fabric, first: int, steps: int) -> None:
        self.run, self.main, self.first, self.steps = run, fabric.is_global_zero, first, steps

    def __enter__(self) -> Log:
        if self.main:
            self.run.trim_metrics(self.first)
        self.bar = tqdm(
            total=self.steps, initial=self.first, desc=self.run.path.name, unit="step",
            disable=None if self.main else True, leave=False, dynamic_ncols=True,
        )  # fmt: skip
        self.before = time.perf_counter()
        return self

    def step(self, step: int, loss: float, rate: float, frames: int) -> None:
        """Record that `step` steps are done; the last one took `frames` frames."""
        now = time.perf_counter()
        speed, self.before = frames / (now - self.before), now
        if self.main:
            row = {"step": step, "loss": loss, "lr": rate, "frames_per_second": round(speed, 2)}
            self.run.add_metrics(row)
        self.bar.set_postfix_str(f"loss {loss:.4f}, {speed:.1f} frames/s", refresh=False)
        self.bar.update()

    def __exit__(self, *error: object) -> None:
        self.bar.close()
