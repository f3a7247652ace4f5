"""Every optical flow method by its name."""

from __future__ import annotations

from pathlib import Path

import torch

from rcrlib.errors import OptionError
from rcrlib.flow.estimator import FlowEstimator
from rcrlib.flow.opencv import dis, farneback
from rcrlib.flow.precomputed import PrecomputedFlow
from rcrlib.flow.ptlflow_networks import ptlflow_network
from rcrlib.flow.torchvision_raft import torchvision_raft

METHODS = (
    "dis",
    "farneback",
    "torchvision-raft-small",
    "torchvision-raft-large",
    "ptlflow:NAME",
    "precomputed:FOLDER",
)


def get_flow(
    method: str = "dis",
    *,
    checkpoint: str | Path | None = None,
    device: str | torch.device = "cpu",
) -> FlowEstimator:
    """Return the optical flow method of that name.

    Args:
        method: one of `METHODS`:
            "dis": OpenCV's dense inverse search; no weights, some 15 ms for a pair of 448 x 448.
            "farneback": OpenCV's polynomial expansion; no weights.
            "torchvision-raft-small", "torchvision-raft-large": RAFT; a GPU is advisable.
            "ptlflow:NAME": a network of the package ptlflow, such as "ptlflow:raft_small", or
            "ptlflow:flownet2", which the paper used.
            "precomputed:FOLDER": files FOLDER/SEQ/FRAMEa_FRAMEb.{png,flo,npy}.
        checkpoint: a weights file, for the methods that have weights; see `torchvision_raft` and
            `ptlflow_network`.
        device: where a network runs; frames and flow stay on the CPU.

    Raises:
        OptionError: there is no such method, or it has no weights and a checkpoint was given.
        WeightsError: the weights are missing or do not fit.
    """
    name, _, argument = method.partition(":")
    if name == "ptlflow" and argument:
        return ptlflow_network(argument, checkpoint, device)
    if method == "torchvision-raft-small":
        return torchvision_raft("small", checkpoint, device)
    if method == "torchvision-raft-large":
        return torchvision_raft("large", checkpoint, device)
    if method not in ("dis", "farneback") and not (name == "precomputed" and argument):
        raise OptionError(f"flow method {method!r}: expected one of {', '.join(METHODS)}")
    if checkpoint is not None:
        raise OptionError(f"flow method {name!r} has no weights; leave {checkpoint} out")
    if name == "precomputed":
        return PrecomputedFlow(argument)
    return dis() if method == "dis" else farneback()
