"""FGPLG's input for a frame between two labelled ones: the frame, warped labels, flow magnitudes.

Training reads triplets (i, k, j) of kept labels with it, and `rcrlib.pseudo` the frames inside an
interval, so that FGPLG gets the same input in both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from rcrlib.data import Video, resize
from rcrlib.flow import FlowEstimator, guidance
from rcrlib.models import FGPLG
from rcrlib.variants import Inputs, Variant, sees_flow, sees_labels

VOID_TARGET = -1.0
"""Marks pixels of a training label about which it says nothing; the loss passes over them, as
PyTorch's losses do with `ignore_index`. The mark travels in the label itself, so that whatever
moves labels (augmentation, stacking, reversal) moves void with them."""


@dataclass(frozen=True)
class TripletReader:
    """Read frame k with its guidance: the labels of i and j warped to k, and flow magnitudes.

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
    inputs: Inputs = "rgb+labels+flow"
    variant: Variant = "paper"

    def __call__(self, video: Video, i: int, k: int, j: int) -> tuple[Tensor, Tensor]:
        """Return frame k, (3, H, W) in [0, 1], and its four guidance channels, (4, H, W).

        The channels are those of `rcrlib.flow.guidance`, in its order. Raises what reading frames
        and labels and estimating flow raise.
        """
        uses_flow = sees_flow(self.inputs)
        # Each frame once, in the order of time: video files are slow to read backwards.
        frames = {n: video.frame(n) for n in ((i, k, j) if uses_flow else (k,))}
        frame = image_tensor(frames[k], self.size)
        if not sees_labels(self.inputs):
            return frame, frame.new_zeros(4, *self.size)
        label_i, label_j = (label_tensor(video, n, self.flow_size)[None] for n in (i, j))
        flow_ki, flow_kj = (self._flow(video, frames, k, n) if uses_flow else None for n in (i, j))
        guide = guidance(
            label_i, label_j, flow_ki, flow_kj, inputs=self.inputs, variant=self.variant
        )
        return frame, resize(guide, self.size)[0]

    def flow_between(self, video: Video, k: int, i: int) -> Tensor:
        """Return the flow from frame k to frame i at `flow_size`, (1, 2, H, W) in its pixels."""
        return self._flow(video, {n: video.frame(n) for n in sorted((k, i))}, k, i)

    def _flow(self, video: Video, frames: Mapping[int, np.ndarray], k: int, i: int) -> Tensor:
        a, b = (_pixels(frames[n], self.flow_size)[None] for n in (k, i))
        here, there = (f"{video.name}/{video.frame_names[n]}" for n in (k, i))
        return self.flow(a, b, [(here, there)])


def reader_for(
    fgplg: FGPLG, flow: FlowEstimator, size: tuple[int, int], flow_size: tuple[int, int]
) -> TripletReader:
    """Return the reader of the inputs that this FGPLG was built for."""
    return TripletReader(flow, size, flow_size, fgplg.inputs, fgplg.variant)


def image_tensor(frame: np.ndarray, size: tuple[int, int]) -> Tensor:
    """Turn a frame (H, W, 3) uint8 into (3, *size) float in [0, 1]."""
    return _pixels(frame, size).float() / 255


def label_tensor(video: Video, index: int, size: tuple[int, int], *, soft: bool = False) -> Tensor:
    """Read a label as (1, *size) float in [0, 1]; edges turn soft where the size shrinks."""
    label = video.label(index, soft=soft).astype(np.float32)
    return resize(torch.from_numpy(label)[None, None], size)[0]


def target_tensor(video: Video, index: int, size: tuple[int, int], *, soft: bool = False) -> Tensor:
    """Read a label to learn from as `label_tensor` does, but with `VOID_TARGET` at void pixels.

    A pixel that void has any share in after resizing is void: what would be left of the label there
    is no longer what someone drew.
    """
    label, void = label_tensor(video, index, size, soft=soft), video.void(index)
    if void is None:
        return label
    shares = resize(torch.from_numpy(void)[None, None].float(), size)[0]
    return torch.where(shares > 1e-3, VOID_TARGET, label)


def cut_target(target: Tensor) -> Tensor:
    """Cut labels at one half, {0, 1}; `VOID_TARGET` stays."""
    return torch.where(target < 0, target, (target >= 0.5).to(target.dtype))


def _pixels(frame: np.ndarray, size: tuple[int, int]) -> Tensor:
    """Turn a frame (H, W, 3) uint8 into (3, *size) uint8."""
    return resize(torch.from_numpy(frame).permute(2, 0, 1)[None], size)[0]
