"""What `torchrun` starts in test_train_processes.py: the video stage on clips of unequal length.

usage: train_with_torchrun.py DATA OUT [STEP AT WHICH TO KILL THIS PROCESS]
"""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

from helpers.networks import NETWORK
from helpers.small_runs import small_preset
from rcrlib.data import load
from rcrlib.train import train_video
from rcrlib.train.checkpoint import RunFolder


def main(data: Path, out: Path, last_step: int | None = None, **options: bool) -> None:
    """Train for six steps on four clips each; the first video is shorter than a clip."""
    dataset = load(data, split="train")
    short = dataset[0].with_labels({i: dataset[0].labels[i] for i in (0, 4)})
    preset = small_preset(batch=4)
    # Each process draws dropout masks of its own: without dropout, all is the same.
    preset = replace(preset, network=replace(NETWORK, dropout=0.0), clip_stride=3)
    if last_step is not None:
        _kill_after(last_step)
    # In 64 bits: Adam's first steps are the sign of the gradient, rounding and all, and in 32 bits
    # the CPU decides how many tiny gradients change theirs with the size of the batch.
    with patch("rcrlib.train.loop.pick_precision", lambda name, device: "64-true"):
        train_video(
            replace(dataset, videos=(short, dataset[1])), preset, out, start=None, resume=True
        )


def _kill_after(last_step: int) -> None:
    add = RunFolder.add_metrics

    def add_and_die(run: RunFolder, row: dict[str, float]) -> None:
        add(run, row)
        if row["step"] == last_step:
            os.kill(os.getpid(), signal.SIGKILL)

    RunFolder.add_metrics = add_and_die  # type: ignore[method-assign]


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *(int(step) for step in sys.argv[3:]))
