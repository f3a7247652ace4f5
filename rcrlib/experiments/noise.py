"""Flow and labels that are wrong by a known amount.

Both are bent by the same kind of field: smooth, random, of a given length on average. An amount is
a share of the frame's side, so that it means the same for a flow and for a mask, at any size.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rcrlib.data import SyntheticConfig, make_synthetic
from rcrlib.errors import DataError
from rcrlib.flow import FlowEstimator, Names, check_frames, resize_flow

KNOTS = 5
"""The field is drawn on so many points a side and is smooth in between: it moves parts of an
object, not single pixels."""


def smooth_field(size: tuple[int, int], amount: float, rng: np.random.Generator) -> Tensor:
    """Draw a displacement of every pixel: (2, H, W) float32 in pixels.

    Args:
        size: (H, W).
        amount: root of the mean squared length, as a share of the sides (x of W, y of H).
        rng: decides the field.
    """
    height, width = size
    knots = rng.standard_normal((KNOTS, KNOTS, 2)).astype(np.float32)
    field = cv2.resize(knots, (width, height), interpolation=cv2.INTER_CUBIC)
    length = float(np.sqrt((field**2).sum(axis=2).mean()))
    scale = torch.tensor([width, height]).view(2, 1, 1) * (amount / length)
    return torch.from_numpy(field).permute(2, 0, 1) * scale


def bend(mask: NDArray[np.generic], amount: float, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Move the parts of a mask (H, W) {0, 1} by a smooth field; what leaves the frame is lost."""
    height, width = mask.shape
    dx, dy = smooth_field((height, width), amount, rng).numpy()
    y, x = np.mgrid[:height, :width].astype(np.float32)
    moved = cv2.remap(mask.astype(np.float32), x + dx, y + dy, cv2.INTER_LINEAR)
    return (moved >= 0.5).astype(np.uint8)


@dataclass(frozen=True)
class NoisyFlow:
    """The flow of another estimator plus a smooth error; the same frames get the same error."""

    flow: FlowEstimator
    amount: float
    seed: int

    @property
    def key(self) -> str:
        """The estimator's key and the error's."""
        return f"{self.flow.key} + {self.amount:g} of the side (seed {self.seed})"

    def __call__(self, a: Tensor, b: Tensor, names: Names | None = None) -> Tensor:
        """Estimate the flow of each pair and add the error; see `FlowEstimator`."""
        flow = self.flow(a, b, names)
        if self.amount == 0:
            return flow
        size = flow.shape[2], flow.shape[3]
        fields = [
            smooth_field(size, self.amount, self._rng(one, other))
            for one, other in zip(a, b, strict=True)
        ]
        return flow + torch.stack(fields)

    def _rng(self, a: Tensor, b: Tensor) -> np.random.Generator:
        digest = hashlib.sha256(str(self.seed).encode())
        for frame in (a, b):
            digest.update(frame.contiguous().numpy().tobytes())
        return np.random.default_rng(int.from_bytes(digest.digest()[:8], "big"))


@dataclass(frozen=True)
class ExactFlow:
    """The true flow of a synthetic set, by the names of its frames."""

    config: SyntheticConfig

    @property
    def key(self) -> str:
        """What made the set."""
        return f"exact flow of {self.config}"

    def __call__(self, a: Tensor, b: Tensor, names: Names | None = None) -> Tensor:
        """Compute the flow of each pair, at the size of the frames given; see `FlowEstimator`."""
        check_frames(a, b)
        if names is None or len(names) != len(a):
            raise DataError("the exact flow is found by the names of the frames; none were given")
        height, width = a.shape[2:]
        flows = []
        for here, there in names:
            video, _, i = here.rpartition("/")
            flow = self._videos[video].flow(int(i), int(there.rpartition("/")[2]))
            flows.append(resize_flow(torch.from_numpy(flow).permute(2, 0, 1)[None], height, width))
        return torch.cat(flows)

    @cached_property
    def _videos(self) -> dict:
        return {video.name: video for video in make_synthetic(self.config)}
