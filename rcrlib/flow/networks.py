"""Running torchvision's and ptlflow's flow networks on frames of any size."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rcrlib.errors import DataError
from rcrlib.flow.estimator import Names, check_frames

Forward = Callable[[nn.Module, Tensor, Tensor], Tensor]
"""Run a network: (network, a, b), RGB in [0, 1], (B, 3, H, W) -> flow (B, 2, H, W)."""

MIN_SIDE = 128
"""RAFT halves its 1/8 maps three times: on smaller frames, nothing or NaN would be left of them."""

LOADING_ERRORS = (
    *(OSError, EOFError, pickle.UnpicklingError),  # missing, damaged, or not a weights file
    *(RuntimeError, TypeError, KeyError, ValueError),  # another network's
)
"""Exceptions of loading a bad checkpoint, or of a failed download."""


class NetworkFlow:
    """A flow network with its weights, as `torchvision_raft` and `ptlflow_network` return it.

    Frames of any size: they are padded, repeating the border, up to 128 pixels and to a multiple
    of 8, and the flow is cut back.

    Args:
        name: the network's name; with a digest of its weights it makes the key.
        network: is put in eval mode and on the device.
        forward: runs it.
        device: where it runs.
    """

    def __init__(
        self, name: str, network: nn.Module, forward: Forward, device: str | torch.device
    ) -> None:
        self.key = f"{name}/{_digest(network)}"
        self.device = torch.device(device)
        self.network = network.eval().requires_grad_(False).to(self.device)
        self._forward = forward

    @torch.no_grad()
    def __call__(self, a: Tensor, b: Tensor, names: Names | None = None) -> Tensor:
        """Estimate the flow; see `FlowEstimator`."""
        check_frames(a, b)
        height, width = a.shape[2:]
        padded_a, padded_b = (_pad(frames.to(self.device) / 255) for frames in (a, b))
        flow = self._forward(self.network, padded_a, padded_b)[:, :, :height, :width]
        if not flow.isfinite().all():
            raise DataError(
                f"frames of {height} x {width} pixels: {self.key} answered with numbers that are"
                " not finite; resize the frames or choose another flow method"
            )
        return flow.float().cpu().contiguous()


def why_not_loaded(error: Exception) -> str:
    """Return the reason for a loading error in one line."""
    if isinstance(error, pickle.UnpicklingError):
        return "not a weights file"  # torch's own text advises to load it unsafely
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"


def _pad(frames: Tensor) -> Tensor:
    """Repeat the border at the right and at the bottom, where it moves no coordinate."""
    right, bottom = (
        max(MIN_SIDE, -(-length // 8) * 8) - length for length in (frames.shape[3], frames.shape[2])
    )
    return F.pad(frames, (0, right, 0, bottom), mode="replicate")


def _digest(network: nn.Module) -> str:
    digest = hashlib.sha256()
    for name, tensor in network.state_dict().items():
        digest.update(name.encode())
        digest.update(tensor.cpu().reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()[:16]
