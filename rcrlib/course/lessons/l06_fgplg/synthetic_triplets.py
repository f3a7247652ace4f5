"""Synthetic triplets of frames: an animal, its double, and a reed that sweeps over them."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from rcrlib.show import PALETTE, Picture, overlay

SIDE = 48
"""Height and width of a frame, in pixels."""

MARGIN = 3.0
"""Pixels of ground around what moves that the flow takes along, as estimated flow does."""

_PAINT = torch.tensor([[int(code[i : i + 2], 16) / 255 for i in (1, 3, 5)] for code in PALETTE[:6]])
_ANIMAL = 2  # in front of the ground, 0, and its double, 1; behind the reed, 3


class Triplets(NamedTuple):
    """Frames i, k and j of many small videos, in this order, and the flows that start at k."""

    frames: Tensor
    """(B, 3, 3, H, W) in [0, 1]; the second side is i, k, j."""

    labels: Tensor
    """(B, 3, 1, H, W) of {0, 1}: what is seen of the animal."""

    flow_i: Tensor
    """(B, 2, H, W) in pixels: from k to i, off by a smooth error of a fraction of a pixel."""

    flow_j: Tensor
    """The same from k to j."""

    hidden: Tensor
    """(B,): which share of the animal in k is covered in i or in j, whichever is more."""


def tinted(frame: Tensor, label: Tensor | None = None, times: int = 4) -> Picture:
    """Return a frame (3, H, W) in [0, 1] enlarged, and tinted where a label (1, H, W) is."""
    parts = (frame,) if label is None else (frame, label)
    large = [F.interpolate(part[None], scale_factor=times)[0].movedim(0, 2) for part in parts]
    rgb: Picture = (255 * large[0]).byte().numpy()
    if label is None:
        return rgb
    # Half of the tint: what it lies on stays visible.
    return overlay(rgb, 0.5 * large[1][..., 0].clamp(0, 1).numpy(), level=0.25)


class _Chance:
    """Draws for `count` videos at once."""

    def __init__(self, count: int, seed: int) -> None:
        self.count, self.generator = count, torch.Generator().manual_seed(seed)

    def even(self, low: float, high: float, *shape: int) -> Tensor:
        values = torch.rand(self.count, *shape, generator=self.generator)
        return low + (high - low) * values

    def around(self, angle: Tensor) -> Tensor:
        return torch.stack([angle.cos(), angle.sin()], dim=1)

    def direction(self) -> Tensor:
        return self.around(self.even(0, 6.283))

    def smooth(self, channels: int, cells: int) -> Tensor:
        values = torch.randn(self.count, channels, cells, cells, generator=self.generator)
        return F.interpolate(values, size=(SIDE, SIDE), mode="bicubic", align_corners=True)


def reed_triplets(
    count: int, seed: int, gaps: tuple[int, int] = (5, 5), reeds: float = 0.7, error: float = 0.5
) -> Triplets:
    """Draw triplets in which an animal moves, and its double too, which has no label.

    The camera stands still. The flow is that of what is seen in k, its edges and lengths a bit off,
    so that warped labels have holes where the reed covered the animal, and ghosts where ground
    comes to light.

    Args:
        count: videos.
        seed: the same seed gives the same videos.
        gaps: frames from i to k and from k to j.
        reeds: share of the videos in which a reed sweeps over the animal between i and j.
        error: deviation of the flow's error in pixels, over five frames.
    """
    chance = _Chance(count, seed)
    y, x = torch.meshgrid(torch.arange(SIDE), torch.arange(SIDE), indexing="ij")
    grid = torch.stack([x, y]).float()
    side = chance.even(-1, 1).sign()
    bodies = [_Body(chance, way * side) for way in (-1, 1)]  # the double, the animal
    reed = _Reed(chance, bodies[1], gaps, reeds)
    layers: tuple[_Body | _Reed, ...] = (*bodies, reed)
    paint = _PAINT[torch.rand(count, 6, generator=chance.generator).argsort(dim=1)[:, :3]]
    ground = chance.even(0.25, 0.75, 3)[..., None, None] + 0.08 * chance.smooth(3, 9)
    frames, labels, covered = [], [], []
    for t in (-gaps[0], 0, gaps[1]):
        frame = ground
        for layer, colour in zip(layers, paint.unbind(dim=1), strict=True):
            inside = layer.inside(grid, t)[:, None]
            frame = torch.where(inside, colour[..., None, None] + layer.coat(grid, t), frame)
        frames.append(frame.clamp(0, 1))
        labels.append((_front(layers, grid, t) == _ANIMAL).float()[:, None])
        covered.append(reed.inside(grid + (t * bodies[1].velocity)[..., None, None], t))
    moving = _front(layers, grid, 0, MARGIN)
    flows = [
        _flow(moving, t, layers) + error * abs(t) / 5 * chance.smooth(2, 5)
        for t in (-gaps[0], gaps[1])
    ]
    animal = labels[1][:, 0] > 0
    lost = [(animal & covered[n]).sum(dim=(1, 2)) for n in (0, 2)]
    hidden = torch.maximum(*lost) / animal.sum(dim=(1, 2)).clamp(min=1)
    return Triplets(torch.stack(frames, 1), torch.stack(labels, 1), flows[0], flows[1], hidden)


def _front(layers: tuple[_Body | _Reed, ...], grid: Tensor, t: int, margin: float = 0) -> Tensor:
    """Return the number of the layer that is in front, (B, H, W); 0 is the ground."""
    front = torch.zeros(len(layers[0].centre), SIDE, SIDE, dtype=torch.long)
    for depth, layer in enumerate(layers, start=1):
        front[layer.inside(grid, t, margin)] = depth
    return front


class _Body:
    """An ellipse with stripes that moves evenly; its side is -1 (left) or 1 (right) at time 0."""

    def __init__(self, chance: _Chance, side: Tensor) -> None:
        self.centre = chance.even(-4, 4, 2) + (SIDE - 1) / 2
        self.centre[:, 0] += 9 * side
        self.velocity = chance.direction() * chance.even(0.3, 1.4)[:, None]
        self.axes = chance.even(6, 10, 2)
        self.along = chance.direction()
        self.stripes = chance.even(0.5, 1.2)

    def _own(self, grid: Tensor, t: int) -> Tensor:
        """Return the grid in the body's own coordinates, (B, 2, H, W) in pixels."""
        away = _away(grid, self.centre + t * self.velocity)
        across = torch.stack([-self.along[:, 1], self.along[:, 0]], dim=1)
        return torch.stack([_dot(away, self.along), _dot(away, across)], dim=1)

    def inside(self, grid: Tensor, t: int, margin: float = 0) -> Tensor:
        return (self._own(grid, t) / (self.axes + margin)[..., None, None]).norm(dim=1) < 1

    def coat(self, grid: Tensor, t: int) -> Tensor:
        return 0.12 * (self._own(grid, t)[:, :1] * self.stripes[:, None, None, None]).sin()


class _Reed:
    """A straight band that meets the animal's centre at some time between i and j, or never."""

    def __init__(self, chance: _Chance, animal: _Body, gaps: tuple[int, int], share: float) -> None:
        self.normal = chance.direction()
        self.velocity = self.normal * chance.even(1.5, 3.5)[:, None]
        self.half = chance.even(2.5, 4.5)[:, None, None]
        meeting = chance.even(-gaps[0] - 1, gaps[1] + 1)[:, None]
        self.centre = animal.centre + meeting * (animal.velocity - self.velocity)
        self.centre[chance.even(0, 1) >= share] = 1e4

    def inside(self, grid: Tensor, t: int, margin: float = 0) -> Tensor:
        across = _dot(_away(grid, self.centre + t * self.velocity), self.normal)
        return across.abs() < self.half + margin

    def coat(self, grid: Tensor, t: int) -> Tensor:
        return grid.new_zeros(1)


def _flow(front: Tensor, t: int, layers: tuple[_Body | _Reed, ...]) -> Tensor:
    """Return the exact flow from what is in front in k to t frames later, (B, 2, H, W)."""
    still = torch.zeros_like(layers[0].velocity)
    velocities = torch.stack([still, *(layer.velocity for layer in layers)], dim=1)  # (B, 4, 2)
    picked = velocities.gather(1, front.flatten(1)[..., None].expand(-1, -1, 2))
    return t * picked.mT.unflatten(2, front.shape[1:])


def _away(grid: Tensor, centre: Tensor) -> Tensor:
    """Return the way from a centre (B, 2) to each place of a grid, (B, 2, H, W)."""
    return grid - centre[..., None, None]


def _dot(away: Tensor, direction: Tensor) -> Tensor:
    return (away * direction[..., None, None]).sum(dim=1)
