"""Videos in which light and colours swing by as much as one likes, and pseudo-labels for them.

The light is the only thing that differs between two amounts of change: objects, motion, labels and
pseudo-labels are the same, so that whatever differs between students is due to the light.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from rcrlib.data import SyntheticConfig, SyntheticVideo, make_synthetic
from rcrlib.experiments import smooth_field
from rcrlib.flow import warp
from rcrlib.metrics import iou

SIDE, FRAMES, EVERY, L = 48, 21, 4, 10
"""Pixels a side; annotated frames a video, one raw frame in 4; one label in 10 is kept."""

LEARN, TEST = 3, 9
"""Videos: one of each look to learn from, three of each to judge on."""

VIDEOS = SyntheticConfig(
    videos=LEARN + TEST, frames=EVERY * (FRAMES - 1) + 1, size=(SIDE, SIDE), looks=3,
    appearance_change=0.0, distractors=(0, 3), low_contrast_share=0.0, occlusion=0.2, motion=0.1,
)  # fmt: skip
"""Slow objects, so that a warp reaches from label to label. Chosen on seeds from 100 on."""


@dataclass(frozen=True)
class Footage:
    """Frames of several videos, in the light of every amount of change."""

    steady: Tensor
    """(N, 3, H, W) in [0, 1]: in a light that does not change."""

    light: Tensor
    """(N, 3): natural logarithm of the light's factor for red, green, blue, at change 1."""

    masks: Tensor
    """(N, 1, H, W) of {0, 1}."""

    def frames(self, change: float) -> Tensor:
        """Return the frames (N, 3, H, W) in [0, 1] when the light swings by `change`.

        As `SyntheticConfig.appearance_change` draws them, but for noise and what is overexposed.
        """
        factor = torch.exp(change * self.light)[:, :, None, None]
        return (self.steady * factor).clamp(max=1)


@dataclass(frozen=True)
class Film:
    """Videos to learn from and others to judge on. Their frames follow video by video."""

    seed: int
    learn: Footage
    test: Footage

    flows: dict[tuple[int, int], Tensor]
    """(k, n) -> exact flow from k to the kept label n, of all videos to learn from (V, 2, H, W)."""

    @property
    def labelled(self) -> Tensor:
        """Tell which frames to learn from keep their label, (N,) bool."""
        return torch.arange(len(self.learn.masks)) % FRAMES % L == 0

    def warped(self, error: float) -> Tensor:
        """Return labels and warped pseudo-labels for all frames to learn from, (N, 1, H, W).

        Args:
            error: of each flow, as a share of the side: a smooth field, another for each flow.
        """
        true = self.learn.masks.unflatten(0, (LEARN, FRAMES))
        made = true.clone()
        for k in (k for k in range(FRAMES) if k % L):
            before, share = k - k % L, k % L / L
            soft = (1 - share) * self._carried(true, k, before, error)
            soft = soft + share * self._carried(true, k, before + L, error)
            made[:, k] = (soft >= 0.5).float()
        return made.flatten(0, 1)

    def grown(self, pixels: int) -> Tensor:
        """Return labels, and warped pseudo-labels that are all too large by so many pixels."""
        made = self.warped(0.0)
        large = F.max_pool2d(made, 2 * pixels + 1, stride=1, padding=pixels)
        return torch.where(self.labelled[:, None, None, None], made, large)

    def bent(self, wanted: float, tries: int = 7) -> Tensor:
        """Return labels, and pseudo-labels warped along flows so wrong that they err by `wanted`.

        Args:
            wanted: mean 1 - IoU of the pseudo-labels; not below that of the exact flow.
            tries: halvings of the flow's error between 0 and 0.25 of the side.
        """
        low, high = 0.0, 0.25
        for _ in range(tries):
            middle = (low + high) / 2
            made = self.warped(middle)
            low, high = (middle, high) if self.error(made) < wanted else (low, middle)
        return made

    def error(self, made: Tensor) -> float:
        """Return mean 1 - IoU of the pseudo-labels among labels and pseudo-labels (N, 1, H, W)."""
        free = ~self.labelled
        return error(made[free], self.learn.masks[free])

    def _carried(self, true: Tensor, k: int, n: int, error: float) -> Tensor:
        """Return the labels of frame n at frame k, (V, 1, H, W)."""
        flow, chance = self.flows[k, n], np.random.default_rng([self.seed, k, n])
        if error:
            flow = flow + torch.stack([smooth_field((SIDE, SIDE), error, chance) for _ in flow])
        return warp(true[:, n], flow)


def error(maps: Tensor, masks: Tensor) -> float:
    """Return the mean of 1 - IoU of maps in [0, 1], cut at 0.5, and masks."""
    return 1 - float(np.mean([iou(a >= 0.5, b) for a, b in zip(maps, masks, strict=True)]))


def film(seed: int) -> Film:
    """Make all videos of a seed; other seeds have other objects, grounds, motions and light."""
    videos = make_synthetic(replace(VIDEOS, seed=seed))
    annotated = range(0, VIDEOS.frames, EVERY)
    kept = {k: (k - k % L, k - k % L + L) for k in range(FRAMES) if k % L}
    learn, flows = [], []
    for video in videos[:LEARN]:  # one after the other: a scene is drawn once
        learn.append(_footage(video, annotated))
        flows.append(
            {(k, n): video.flow(EVERY * k, EVERY * n) for k, both in kept.items() for n in both}
        )
    exact = {
        pair: torch.from_numpy(np.stack([one[pair] for one in flows])).movedim(3, 1)
        for pair in flows[0]
    }
    test = [_footage(video, annotated[2::5]) for video in videos[LEARN:]]
    return Film(seed, _joined(learn), _joined(test), exact)


def _footage(video: SyntheticVideo, frames: Sequence[int]) -> Footage:
    rgb = torch.from_numpy(np.stack([video.frame(t) for t in frames]))
    masks = torch.from_numpy(np.stack([video.mask(t) for t in frames]))[:, None]
    # The same scene, small, in a light that changes: only its light is looked at.
    changing = replace(video.config, appearance_change=1.0, size=(16, 16))
    lit = SyntheticVideo(changing, video.index)
    light = torch.tensor(np.stack([lit.light(t) for t in frames]), dtype=torch.float32)
    return Footage(rgb.movedim(3, 1).float() / 255, light, masks.float())


def _joined(parts: Sequence[Footage]) -> Footage:
    return Footage(*(torch.cat([getattr(part, name) for part in parts])
                     for name in ("steady", "light", "masks")))  # fmt: skip
