"""Student networks which classify single pixels: many small ones, trained all at once."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

_NEAR, _WIDE, _WIDEST = 3, 7, 13


def pixel_features(frames: Tensor) -> Tensor:
    """Describe each pixel by 21 numbers: its colour, its surroundings' colours, and the frame's.

    Colours are taken as they are: a student that is to know an object in the evening has to have
    seen evenings.

    Args:
        frames: (N, 3, H, W) in [0, 1].

    Returns:
        (N, H, W, 21), scaled so that most numbers lie between -2 and 2.
    """
    colours = frames - 0.5
    near, wide, widest = (_blurred(colours, size) for size in (_NEAR, _WIDE, _WIDEST))
    whole = colours.mean(dim=(2, 3), keepdim=True).expand_as(colours)
    plain = [3 * part for part in (colours, near, wide, widest, whole)]
    contrasts = [5 * (colours - wide), 5 * (near - widest)]
    return torch.cat(plain + contrasts, dim=1).movedim(1, 3)


class Students(NamedTuple):
    """S networks 21 -> hidden -> 1 with one hidden layer, side by side."""

    w1: Tensor
    b1: Tensor
    w2: Tensor
    b2: Tensor

    def __call__(self, pixels: Tensor) -> Tensor:
        """Return logits (S, N) of pixels (S, N, 21), or of the same pixels (1, N, 21) for all."""
        return (torch.relu(pixels @ self.w1 + self.b1) @ self.w2 + self.b2)[..., 0]

    def maps(self, features: Tensor) -> Tensor:
        """Return the saliency of all students, (S, N, 1, H, W) in [0, 1], for (N, H, W, 21)."""
        with torch.no_grad():
            few = features.flatten(0, 2).split(8192)  # so many fit into a processor's cache
            logits = torch.cat([self(pixels[None]) for pixels in few], dim=1)
        return logits.sigmoid().unflatten(1, (len(features), 1, *features.shape[1:3]))


def train_students(
    features: Tensor,
    targets: Tensor,
    has_target: Tensor,
    *,
    steps: int = 300,
    pixels: int = 512,
    hidden: int = 32,
    seed: int = 0,
) -> Students:
    """Train S students, each on its own targets for the same frames, from the same start.

    Args:
        features: (N, H, W, 21), of all frames that there are.
        targets: (S, N, 1, H, W) in [0, 1].
        has_target: (S, N) bool: which frames each student learns from.
        steps: of Adam, at a rate that rises and falls.
        pixels: drawn anew for each step, from the frames with a target.
        hidden: size of the hidden layer.
        seed: decides the start and which pixels are drawn.
    """
    chance = torch.Generator().manual_seed(seed)
    count, known = len(targets), features.flatten(0, 2)
    per_frame = features.shape[1] * features.shape[2]
    inputs = known.shape[1]
    shapes = ((inputs, hidden), (1, hidden), (hidden, 1), (1, 1))
    start = [torch.randn(shape, generator=chance) / shape[0] ** 0.5 for shape in shapes]
    students = Students(*(one.repeat(count, 1, 1).requires_grad_() for one in start))
    adam = torch.optim.Adam(students, lr=0.02)
    rate = torch.optim.lr_scheduler.OneCycleLR(adam, 0.02, total_steps=steps)
    weights, answers = has_target.float(), targets.flatten(1)
    for _ in range(steps):
        frame = torch.multinomial(weights, pixels, replacement=True, generator=chance)
        at = frame * per_frame + torch.randint(per_frame, frame.shape, generator=chance)
        loss = F.binary_cross_entropy_with_logits(students(known[at]), answers.gather(1, at))
        adam.zero_grad()
        (count * loss).backward()  # as if each student had an optimiser of its own
        adam.step()
        rate.step()
    return Students(*(one.detach() for one in students))


def _blurred(maps: Tensor, size: int) -> Tensor:
    """Return the mean of the size x size pixels around each one, the border repeated."""
    return F.avg_pool2d(F.pad(maps, (size // 2,) * 4, mode="replicate"), size, stride=1)
