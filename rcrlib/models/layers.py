"""The small parts that several networks share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rcrlib.models.fused import fused_conv, is_fusable
from rcrlib.models.paths import is_readable

if TYPE_CHECKING:
    from typing_extensions import Self


SMALL = 128 * 128
"""Pixels of a frame below which `arrange_frames` leaves the layout of training as it is."""


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


def run(layers: nn.Module, x: Tensor, *, add: Tensor | None = None, relu: bool = False) -> Tensor:
    """Run what `conv_bn` or `conv_bn_relu` made: relu(layers(x) + add), as far as asked for.

    Args:
        layers: convolution, batch normalisation and maybe a ReLU.
        x: (B, C, h, w).
        add: added to the result of the normalisation.
        relu: end with a ReLU; one among `layers` counts too.
    """
    assert isinstance(layers, nn.Sequential)
    return conv_norm(layers[0], layers[1], x, add=add, relu=relu or len(layers) > 2)


def conv_norm(
    conv: nn.Module, norm: nn.Module, x: Tensor, *, add: Tensor | None = None, relu: bool = True
) -> Tensor:
    """Give relu(norm(conv(x)) + add), in fewer passes over memory than step by step.

    A batch normalisation that uses its stored statistics is a scale and a shift per channel, and so
    is part of the convolution: see `fold`. Where the statistics are the batch's own (the image
    stage), it is done step by step; and so it is in training where the weights outnumber the
    values, for then scaling the weights there and back takes longer than scaling the values.
    """
    assert isinstance(conv, nn.Conv2d)
    few = torch.is_grad_enabled() and x.numel() < conv.weight.numel()
    if is_readable() or norm.training or (few and isinstance(norm, nn.BatchNorm2d)):
        y = norm(conv(x))
    else:
        weight, bias = fold(conv, norm)
        if is_fusable(x, weight):
            return fused_conv(conv, x, weight, bias, add, relu)
        y = F.conv2d(x, weight, bias, conv.stride, conv.padding, conv.dilation)
    if add is not None:
        y = y + add if is_readable() else y.add_(add)
    return F.relu_(y) if relu else y


def fold(conv: nn.Module, norm: nn.Module) -> tuple[Tensor, Tensor]:
    """Give weight and bias of the convolution that does what `conv` and then `norm` do.

    γ (w ∗ x - μ) / σ + β = (γ/σ w) ∗ x + (β - γ μ/σ), with gradients for w, γ and β. A convolution
    that `for_inference` folded already is given as it is.
    """
    assert isinstance(conv, nn.Conv2d)
    if isinstance(norm, nn.Identity):
        assert conv.bias is not None
        return conv.weight, conv.bias
    assert isinstance(norm, nn.BatchNorm2d)
    assert norm.running_mean is not None and norm.running_var is not None  # noqa: PT018
    scale = norm.weight / (norm.running_var + norm.eps).sqrt()
    return conv.weight * scale[:, None, None, None], norm.bias - norm.running_mean * scale


def arrange(x: Tensor) -> Tensor:
    """Lay images (B, C, H, W) out with their channels side by side, where convolutions want that.

    It is the layout of matrix units and of oneDNN, which in it also skips the taps of a dilated
    convolution that read padding: on a 28x28 map, over half of those at rates 12 and 18.
    """
    if is_readable() or x.device.type == "mps":
        return x
    return x.contiguous(memory_format=torch.channels_last)


def arrange_frames(frames: Tensor) -> Tensor:
    """Lay the network's input (B, C, H, W) out as `arrange` does, where that pays.

    Training on small frames on a CPU is a quarter faster without: there, oneDNN's backward passes
    reorder narrow layers back and forth (measured with preset tiny, 96x96).
    """
    learning = torch.is_grad_enabled()
    if learning and _are_small(frames.shape[-2] * frames.shape[-1], frames.device):
        return frames
    return arrange(frames)


def arrange_weights(network: nn.Module, side: int, device: torch.device) -> None:
    """Lay a network's weights out as `arrange_frames` does the frames that it will learn from.

    Preset light on noise, two cores of an AMD EPYC, float32, seed 0: a step of the image stage
    (batch 8, 224x224) is 1.2 times as fast, one of the video stage (T = 4, 288x288) 1.1 times.
    Weights files do not know of it.

    Args:
        network: its weights are laid out in place; values and names stay.
        side: of the frames, in pixels.
        device: where it will learn.
    """
    if not (is_readable() or device.type == "mps" or _are_small(side**2, device)):
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def _are_small(pixels: int, device: torch.device) -> bool:
    return device.type == "cpu" and pixels < SMALL


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
