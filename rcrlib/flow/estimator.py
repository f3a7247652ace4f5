"""The interface of optical flow methods."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor

from rcrlib.errors import DataError

Names = Sequence[tuple[str, str]]
"""For each pair of a batch, where its frames come from: ("blackswan/00000", "blackswan/00005")."""


class FlowEstimator(Protocol):
    """Optical flow from frames a to frames b.

    Convention: `flow(a, b)[:, :, y, x]` says where the point (x, y) of a went in b, in pixels,
    channel 0 to the right and channel 1 down.
    """

    @property
    def key(self) -> str:
        """Method, parameters and weights: two estimators with one key give the same flow."""
        ...

    def __call__(self, a: Tensor, b: Tensor, names: Names | None = None) -> Tensor:
        """Estimate the flow of each pair.

        Args:
            a: uint8 (B, 3, H, W), RGB, on the CPU.
            b: the same shape.
            names: which frames these are; only a precomputed flow asks for it.

        Returns:
            float32 (B, 2, H, W) in pixels, on the CPU.

        Raises:
            DataError: the frames are of different shapes, or this method cannot use them.
        """
        ...


def check_frames(a: Tensor, b: Tensor) -> None:
    """Raise `DataError` unless a and b are uint8 (B, 3, H, W) of one shape."""
    for frames in (a, b):
        if frames.dtype != torch.uint8 or frames.ndim != 4 or frames.shape[1] != 3:
            raise DataError(
                f"frames of type {frames.dtype} and shape {tuple(frames.shape)}: optical flow needs"
                " RGB frames as uint8 (B, 3, H, W)"
            )
    if a.shape != b.shape:
        raise DataError(
            f"frames of shapes {tuple(a.shape)} and {tuple(b.shape)}: optical flow needs both of"
            " one shape; resize one of them"
        )
