"""What FGPLG sees of a frame between two labelled ones: where data and flow meet.

Training reads the triplets (i, k, j) of kept labels through this, making pseudo-labels the frames
inside an interval; so the generator is asked exactly as it was taught.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from rcrlib.data import Video, resize
from rcrlib.flow import FlowEstimator, guidance
from rcrlib.models import FGPLG


@dataclass(frozen=True)
class TripletReader:
    """Read frame k with its guidance: the labels of i and j warped to k, and the flow's lengths.

    Convention: the flow is computed on k towards i (and j), and the labels are sampled backward.

    Attributes:
        flow: estimates the flow; a `FlowCache` computes each one once.
        size: height and width that the network works at.
        flow_size: height and width at which flow is estimated and labels are warped. The paper uses
            the network's 448x448; a network that works on less still gains from a sharp warp.
        inputs: what FGPLG is given, see `rcrlib.flow.guidance`.
        variant: how the flow's length is normalised, see `rcrlib.flow.magnitude`.
    """

    flow: FlowEstimator
    size: tuple[int, int]
    flow_size: tuple[int, int]
    inputs: str = "rgb+labels+flow"
    variant: str = "paper"

    def __call__(self, video: Video, i: int, k: int, j: int) -> tuple[Tensor, Tensor]:
        """Give frame k, (3, H, W) in [0, 1], and its four guidance channels, (4, H, W)."""
        frame = image_tensor(video.frame(k), self.size)
        if self.inputs == "rgb":
            return frame, frame.new_zeros(4, *self.size)
        label_i, label_j = (label_tensor(video, n, self.flow_size)[None] for n in (i, j))
        flow_ki, flow_kj = self._flow(video, i, k, j)
        guide = guidance(
            label_i, label_j, flow_ki, flow_kj,
            inputs=self.inputs, variant=self.variant,  # type: ignore[arg-type]
        )  # fmt: skip
        channels = (guide.label_i, guide.label_j, guide.magnitude_i, guide.magnitude_j)
        return frame, resize(torch.cat(channels, dim=1), self.size)[0]

    def _flow(self, video: Video, i: int, k: int, j: int) -> tuple[Tensor | None, Tensor | None]:
        """Give the flow from k to i and from k to j, each (1, 2, H, W), where FGPLG uses it."""
        if self.inputs != "rgb+labels+flow":
            return None, None
        return self.flow_between(video, k, i), self.flow_between(video, k, j)

    def flow_between(self, video: Video, k: int, i: int) -> Tensor:
        """Give the flow from frame k to frame i at `flow_size`, (1, 2, H, W) in its pixels."""
        frames = [_pixels(video.frame(n), self.flow_size)[None] for n in (k, i)]
        here, there = (f"{video.name}/{video.frame_names[n]}" for n in (k, i))
        return self.flow(*frames, [(here, there)])


def reader_for(
    fgplg: FGPLG, flow: FlowEstimator, size: tuple[int, int], flow_size: tuple[int, int]
) -> TripletReader:
    """Give the reader that prepares what this `fgplg` was built for."""
    return TripletReader(flow, size, flow_size, fgplg.inputs, fgplg.variant)


def image_tensor(frame: np.ndarray, size: tuple[int, int]) -> Tensor:
    """Turn a frame (H, W, 3) uint8 into (3, *size) float in [0, 1]."""
    return _pixels(frame, size).float() / 255


def label_tensor(video: Video, index: int, size: tuple[int, int], *, soft: bool = False) -> Tensor:
    """Read a label as (1, *size) float in [0, 1]; edges turn soft where the size shrinks."""
    label = video.label(index, soft=soft).astype(np.float32)
    return resize(torch.from_numpy(label)[None, None], size)[0]


def _pixels(frame: np.ndarray, size: tuple[int, int]) -> Tensor:
    """Turn a frame (H, W, 3) uint8 into (3, *size) uint8."""
    return resize(torch.from_numpy(frame).permute(2, 0, 1)[None], size)[0]
