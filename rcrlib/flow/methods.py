"""Every optical flow method by its name."""

from __future__ import annotations

from pathlib import Path

import torch

from rcrlib.errors import OptionError
from rcrlib.flow.estimator import FlowEstimator
from rcrlib.flow.opencv import dis, farneback
from rcrlib.flow.precomputed import PrecomputedFlow

METHODS = ("dis", "farneback", "precomputed:FOLDER")


def get_flow(
    method: str = "dis",
    *,
    checkpoint: str | Path | None = None,
    device: str | torch.device = "cpu",
) -> FlowEstimator:
    """Give the optical flow method of that name.

    Args:
        method: one of `METHODS`:
            "dis": OpenCV's dense inverse search; no weights, 15 ms for a pair of 448 x 448.
            "farneback": OpenCV's polynomial expansion; no weights.
            "precomputed:FOLDER": files FOLDER/SEQ/FRAMEa_FRAMEb.{png,flo,npy}.
        checkpoint: a weights file, for the methods that have weights.
        device: where a network runs; frames and flow stay on the CPU.

    Raises:
        OptionError: there is no such method, or it has no weights and a checkpoint was given.
    """
    name, _, argument = method.partition(":")
    if checkpoint is not None:
        raise OptionError(f"flow method {name!r} has no weights; leave the checkpoint out")
    if method == "dis":
        return dis()
    if method == "farneback":
        return farneback()
    if name == "precomputed" and argument:
        return PrecomputedFlow(argument)
    raise OptionError(f"flow method {method!r}: expected one of {', '.join(METHODS)}")
