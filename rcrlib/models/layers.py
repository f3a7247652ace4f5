"""The small parts that several networks share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from torch import Tensor, nn
from torch.nn import functional as F

if TYPE_CHECKING:
    from typing_extensions import Self


def conv_bn(in_channels: int, out_channels: int, kernel: int, dilation: int = 1) -> nn.Sequential:
    """Make a convolution that keeps the resolution, without bias, and a batch normalisation."""
    padding = dilation * (kernel // 2)
    conv = nn.Conv2d(
        in_channels, out_channels, kernel, padding=padding, dilation=dilation, bias=False
    )
    nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")
    return nn.Sequential(conv, nn.BatchNorm2d(out_channels))


def conv_bn_relu(
    in_channels: int, out_channels: int, kernel: int, dilation: int = 1
) -> nn.Sequential:
    """Make `conv_bn` followed by a ReLU."""
    return conv_bn(in_channels, out_channels, kernel, dilation).append(nn.ReLU(inplace=True))


def upsample(x: Tensor, size: Sequence[int]) -> Tensor:
    """Resize (B, C, h, w) to (B, C, H, W) bilinearly, corners not aligned."""
    return F.interpolate(x, size=tuple(size), mode="bilinear", align_corners=False)


class FrozenBatchNorm(nn.Module):
    """A network whose batch normalisation always uses its stored statistics.

    A video batch holds few, similar frames: their statistics would be worse than the image stage's.
    Scale and shift still learn. The authors' code freezes once, and its next `.train()` undoes it;
    here `train()` itself keeps them frozen, also when it reaches the network through a wrapper (but
    not when it is called on a part of the network alone).
    """

    def train(self, mode: bool = True) -> Self:
        """Set training mode for everything but batch normalisation."""
        super().train(mode)
        for module in self.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eval()
        return self
