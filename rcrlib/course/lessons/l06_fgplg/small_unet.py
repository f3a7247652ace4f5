"""A small U-Net that is trained in seconds, its training loop, and IoU to judge it."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rcrlib.course.session import one_thread


class SmallUNet(nn.Module):
    """Channels (B, C, H, W) in, logits (B, 1, H, W) out; H and W are multiples of 8.

    Like RCRNet it goes down, comes up again by skips and lacks the finest ones: its answer is made
    at half the resolution (RCRNet's at a quarter).
    """

    def __init__(self, channels: int, width: int = 12) -> None:
        super().__init__()
        self.stem = nn.Conv2d(channels, width, 3, stride=2, padding=1)
        self.down2 = nn.Sequential(nn.BatchNorm2d(width), nn.ReLU())
        self.down4, self.down8 = _block(width, 2 * width, 2), _block(2 * width, 4 * width, 2)
        self.up4, self.up2 = _block(6 * width, 2 * width), _block(3 * width, width)
        self.head = nn.Conv2d(width, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits."""
        f2 = self.down2(self.stem(x))
        f4 = self.down4(f2)
        f4 = self.up4(torch.cat([_twice(self.down8(f4)), f4], dim=1))
        return _twice(self.head(self.up2(torch.cat([_twice(f4), f2], dim=1))))


def fit(network: nn.Module, x: Tensor, truth: Tensor, steps: int, batch: int = 16) -> nn.Module:
    """Train a network on inputs x (N, C, H, W) and masks (N, 1, H, W), and return it."""
    chance = torch.Generator().manual_seed(1)
    optimiser = torch.optim.Adam(network.parameters())
    rates = torch.optim.lr_scheduler.OneCycleLR(optimiser, 6e-3, total_steps=steps)
    network.train()
    with one_thread():  # maps this small only wait for more threads
        for _ in range(steps):
            some = torch.randint(len(x), (batch,), generator=chance)
            loss = F.binary_cross_entropy_with_logits(network(x[some]), truth[some])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            rates.step()
    return network.eval()


def overlap(guess: Tensor, truth: Tensor) -> Tensor:
    """Return the IoU of each guess (B, 1, H, W), cut at one half, with its truth: (B,)."""
    found, true = guess >= 0.5, truth >= 0.5
    inside, either = (where.sum(dim=(1, 2, 3)) for where in (found & true, found | true))
    return inside / either.clamp(min=1)


def _block(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, 1), nn.BatchNorm2d(outputs), nn.ReLU()
    )


def _twice(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2, mode="bilinear")
