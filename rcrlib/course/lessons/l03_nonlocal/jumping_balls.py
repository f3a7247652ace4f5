"""Clips of balls that jump between frames; one ball is marked in the first frame."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from rcrlib.show import PALETTE

GREY = 0.5
"""Of the ground, in all three colours."""

_CELL, _RADIUS = 4, 1.7
_PAINT = torch.tensor([[int(code[i : i + 2], 16) / 255 for i in (1, 3, 5)] for code in PALETTE[:6]])


class Clips(NamedTuple):
    """Frames, what is pointed at, and what should be found."""

    frames: Tensor
    """(B, T, 3, H, W) in [0, 1]: balls of different colours on grey."""

    pointer: Tensor
    """(B, T, 1, H, W) of {0, 1}: the ball that is meant, in frame 0 only."""

    truth: Tensor
    """(B, T, 1, H, W) of {0, 1}: the ball that is meant, in all frames."""


def clips(count: int, seed: int, frames: int = 3, side: int = 12, balls: int = 3) -> Clips:
    """Draw clips in which nothing can be followed: all balls jump between frames.

    Args:
        count: clips.
        seed: the same seed gives the same clips.
        frames: of each clip.
        side: height and width; balls keep apart on a grid of cells of 4 x 4.
        balls: in each frame, up to 6, each of a colour of its own.
    """
    chance = torch.Generator().manual_seed(seed)
    paint = _PAINT[torch.rand(count, len(_PAINT), generator=chance).argsort(dim=1)[:, :balls]]
    grid = side // _CELL
    spot = torch.rand(count, frames, grid * grid, generator=chance).argsort(dim=2)[..., :balls]
    corner = torch.stack([spot // grid, spot % grid], dim=-1) * _CELL
    centre = corner + 1 + torch.rand(corner.shape, generator=chance)
    down, across = (torch.arange(side) - centre[..., axis, None] for axis in (0, 1))
    inside = (down[..., None] ** 2 + across[..., None, :] ** 2 < _RADIUS**2).float()
    ground = GREY * (1 - inside.sum(dim=2, keepdim=True))
    truth = inside[:, :, :1].clone()
    pointer = truth.clone()
    pointer[:, 1:] = 0
    return Clips(ground + torch.einsum("ntbyx,nbc->ntcyx", inside, paint), pointer, truth)
