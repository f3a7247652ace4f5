"""RAFT (Teed and Deng, ECCV 2020) as torchvision has it, with torchvision's weights or a file's."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn

from rcrlib.errors import WeightsError
from rcrlib.flow.networks import LOADING_ERRORS, NetworkFlow, why_not_loaded


def torchvision_raft(
    size: Literal["small", "large"],
    checkpoint: str | Path | None = None,
    device: str | torch.device = "cpu",
) -> NetworkFlow:
    """Load torchvision's RAFT.

    Args:
        size: "small" has 1.0 M parameters, "large" 5.3 M.
        checkpoint: a file with its state dict; None takes torchvision's default weights, which
            torchvision downloads once and keeps.
        device: where it runs.

    Raises:
        WeightsError: the download failed, or the file does not fit.
    """
    from torchvision.models import optical_flow  # takes a second: only who uses it waits

    if size == "small":
        network, default = optical_flow.raft_small(), optical_flow.Raft_Small_Weights.DEFAULT
    else:
        network, default = optical_flow.raft_large(), optical_flow.Raft_Large_Weights.DEFAULT
    source = default.url if checkpoint is None else checkpoint
    try:
        if checkpoint is None:
            state = default.get_state_dict(progress=False, check_hash=True)
        else:
            state = torch.load(checkpoint, map_location="cpu", weights_only=True)
        network.load_state_dict(state)
    except LOADING_ERRORS as error:
        raise WeightsError(
            f"{source}: not loaded into torchvision's raft_{size} ({why_not_loaded(error)}); give a"
            " file with its state dict as the flow checkpoint, or take the method dis"
        ) from error
    return NetworkFlow(f"torchvision-raft-{size}", network, _forward, device)


def _forward(network: nn.Module, a: Tensor, b: Tensor) -> Tensor:
    # torchvision's RAFT wants [-1, 1] and gives the flow after each of its 12 updates.
    return network(2 * a - 1, 2 * b - 1)[-1]
