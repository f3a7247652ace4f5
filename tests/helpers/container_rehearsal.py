"""What runs inside the container of tests/cli/test_cli_container.py: the commands, one by one.

usage: container_rehearsal.py FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch

from helpers.small_runs import known, small_preset
from rcrlib.cli.main import main

PRESET = ("--preset", "smallest", "--device", "cpu")


def rcr(*arguments: object) -> None:
    """Run a command; end with its status where it fails."""
    print("$ rcr", *arguments, flush=True)
    main([str(argument) for argument in arguments])


def rehearse(folder: Path) -> None:
    """Make data, run the demo, train with workers, predict and evaluate, all within `folder`."""
    data, run, maps = folder / "set", folder / "run", folder / "maps"
    size = ("--height", 48, "--width", 64)
    rcr("data", "synth", data, "--videos", 3, "--val", 1, "--frames", 11, *size)
    rcr("demo", "--data", data, "-o", folder / "demo", "--steps", 2, *PRESET)
    train = ("train", "video", data, "--split", "train", "-o", run, "--steps", 6, "--batch", 2)
    rcr(*train, "--workers", 2, *PRESET)
    val = (data, "--split", "val")
    rcr("predict", *val, "--weights", run / "model.safetensors", "-o", maps, "--device", "cpu")
    truth = ("--gt", data, "--split", "val", "--csv", folder / "eval.csv")
    rcr("eval", "saliency", "--pred", maps, *truth)


if __name__ == "__main__":
    torch.set_num_threads(1)
    with known(small_preset()):
        rehearse(Path(sys.argv[1]))
