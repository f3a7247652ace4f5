"""The small parts that several networks share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from torch import Tensor, nn
from torch.nn import functional as F

if TYPE_CHECKING:
    from typing_extensions import Self


class ConvBN(nn.Sequential):
    """A convolution without bias that keeps the resolution, then batch normalisation.

    (B, C, h, w) -> (B, O, h, w).
    """

    def __init__(self, in_channels: int, out_channels: int, kernel: int, dilation: int = 1) -> None:
        padding = dilation * (kernel // 2)
        conv = nn.Conv2d(
            in_channels, out_channels, kernel, padding=padding, dilation=dilation, bias=False
        )
        nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")
        super().__init__(conv, nn.BatchNorm2d(out_channels))


class ConvBNReLU(ConvBN):
    """`ConvBN`, then a ReLU."""

    def __init__(self, in_channels: int, out_channels: int, kernel: int, dilation: int = 1) -> None:
        super().__init__(in_channels, out_channels, kernel, dilation)
        self.append(nn.ReLU())


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


def parameter_count(model: nn.Module) -> int:
    """Count a network's parameters (batch normalisation's statistics are not parameters)."""
    return sum(parameter.numel() for parameter in model.parameters())
