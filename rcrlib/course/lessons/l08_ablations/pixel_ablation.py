"""An ablation that runs in a second: networks which classify single pixels, many at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from rcrlib.data import SyntheticConfig, make_synthetic
from rcrlib.flow import get_flow

SIDE = 24

CUT = -1.0
"""Logit from which a pixel is called salient: few pixels are, so networks are shy."""

PARTS = {"colour": slice(0, 3), "contrast": slice(3, 6), "flow": slice(6, 8), "noise": slice(8, 10)}
"""Which features belong to what."""


class Pixels(NamedTuple):
    """Every pixel of some videos: what is known about it, and whether it is salient."""

    features: Tensor
    """(V, T, P, 10) float32, P = SIDE². See `PARTS`."""

    truth: Tensor
    """(V, T, P) float32, the share of the pixel that is salient, in [0, 1]."""


def pixels(count: int, frames: int, seed: int) -> Pixels:
    """Make videos and take their features.

    Colour is how far a pixel is from the frame's median colour, in each channel; contrast is the
    length of that, at the pixel and around it; flow is the speed against the frame's median, at the
    pixel and around it; noise is nothing, made to look like flow.

    Args:
        count: videos.
        frames: of each; at least 2.
        seed: the same seed gives the same pixels.
    """
    scenes = SyntheticConfig(videos=count, frames=frames, size=(64, 64), seed=seed)
    videos = make_synthetic(scenes)
    clips = np.stack([[video.frame(t) for t in range(frames)] for video in videos])
    masks = np.stack([[video.mask(t) for t in range(frames)] for video in videos])
    frame = torch.from_numpy(clips).movedim(4, 2)  # (V, T, 3, H, W) uint8
    other = torch.cat([frame[:, 1:], frame[:, -2:-1]], dim=1)  # the last one looks back
    flow = get_flow("dis")(frame.flatten(0, 1), other.flatten(0, 1))
    speed = (flow - _median(flow)).norm(dim=1, keepdim=True)
    colour = _small(frame.flatten(0, 1).float() / 255)
    colour = colour - _median(colour)
    contrast = colour.norm(dim=1, keepdim=True)
    chance = torch.Generator().manual_seed(seed)
    noise = _around(torch.rand(contrast.shape, generator=chance), 3)
    speed = _small(speed)
    every = [colour, contrast, _around(contrast, 5), _around(contrast, 11)]
    every += [speed, _around(speed, 5), noise, _around(noise, 5)]
    truth = _small(torch.from_numpy(masks).float().flatten(0, 1)[:, None])
    places = torch.cat([*every, truth], dim=1).flatten(2).mT.unflatten(0, (count, frames))
    return Pixels(places[..., :-1].contiguous(), places[..., -1].contiguous())


def train_rows(
    parts: Sequence[str], learn: Pixels, test: Pixels, seeds: int, labelled: int, steps: int = 100
) -> Tensor:
    """Train a network for each seed that sees some parts; return its IoU with the truth.

    A network has one hidden layer of 16 units. Its seed draws the videos that have labels, the
    first weights and the pixels of each step, in the same way whatever it sees: two calls that
    differ in `parts` share all of that.

    Args:
        parts: of `PARTS`; all other features are 0.
        learn: what to learn from.
        test: what to be judged on.
        seeds: how many networks.
        labelled: how many videos of `learn` have labels.
        steps: of Adam, with 1024 pixels each.

    Returns:
        (seeds, videos, frames) float32, of the pixels that are salient by more than half.
    """
    middle, scale = learn.features.mean((0, 1, 2)), learn.features.std((0, 1, 2))
    seen = torch.zeros(len(middle))
    for part in parts:
        seen[PARTS[part]] = 1
    x, unseen = ((one.features - middle) / scale * seen for one in (learn, test))
    x, y = x.flatten(1, 2), learn.truth.flatten(1, 2)
    luck = [torch.Generator().manual_seed(seed) for seed in range(seeds)]
    chosen = torch.stack([torch.randperm(len(x), generator=one)[:labelled] for one in luck])
    net = _Networks(luck, len(middle))
    optimiser = torch.optim.Adam(net.weights, lr=0.02)
    for _ in range(steps):
        drawn = [torch.randint(labelled * y.shape[1], (1024,), generator=one) for one in luck]
        at = torch.stack(drawn)
        video, pixel = chosen.gather(1, at // y.shape[1]), at % y.shape[1]
        loss = F.binary_cross_entropy_with_logits(net(x[video, pixel]), y[video, pixel])
        optimiser.zero_grad()
        (seeds * loss).backward()  # each network's gradient is as if it were alone
        optimiser.step()
    with torch.no_grad():
        found = net(unseen.flatten(0, 2).expand(seeds, -1, -1)) > CUT
    found, true = found.unflatten(1, test.truth.shape), test.truth > 0.5
    return (found & true).sum(-1) / (found | true).sum(-1).clamp(min=1)


class _Networks:
    """Many small networks in one, a batch of matrices each: (seeds, pixels, features) -> logits."""

    def __init__(self, luck: Sequence[torch.Generator], features: int) -> None:
        sizes = ((features, 16), (16, 1))
        self.weights = [
            torch.stack([torch.randn(a, b, generator=one) / a**0.5 for one in luck])
            for a, b in sizes
        ]
        self.weights += [torch.zeros(len(luck), 1, b) for _, b in sizes]
        for one in self.weights:
            one.requires_grad_()

    def __call__(self, x: Tensor) -> Tensor:
        w1, w2, b1, b2 = self.weights
        return torch.baddbmm(b2, torch.tanh(torch.baddbmm(b1, x, w1)), w2)[..., 0]


def _small(maps: Tensor) -> Tensor:
    return F.interpolate(maps, size=(SIDE, SIDE), mode="area")


def _median(maps: Tensor) -> Tensor:
    return maps.flatten(2).median(dim=2).values[..., None, None]


def _around(maps: Tensor, side: int) -> Tensor:
    """Return the mean over a square around each pixel, without what is outside the frame."""
    return F.avg_pool2d(maps, side, 1, side // 2, count_include_pad=False)
