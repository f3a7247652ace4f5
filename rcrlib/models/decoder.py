"""RCRNet's decoder: three refinement blocks and a head at full resolution (paper 3.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn

from rcrlib.models.config import RCRNetConfig
from rcrlib.models.encoder import CHANNELS, Features
from rcrlib.models.head import pays, upsampled_head
from rcrlib.models.layers import conv_bn, conv_bn_relu, fold, run, upsample
from rcrlib.models.paths import is_readable


class Skips(NamedTuple):
    """What the decoder takes from the encoder's features, in a third of their size."""

    s4: Tensor  # (B, 96, ⌈H/4⌉, ⌈W/4⌉)
    s8: Tensor  # (B, 96, ⌈H/8⌉, ⌈W/8⌉)
    s16: Tensor  # (B, 96, ⌈H/16⌉, ⌈W/16⌉)


class ResidualSkip(nn.Module):
    """A residual skip connection: bottleneck beside shortcut, (B, M, h, w) -> (B, 96, h, w)."""

    def __init__(self, in_channels: int, inner: int, out_channels: int) -> None:
        super().__init__()
        self.bottleneck = nn.Sequential(
            conv_bn_relu(in_channels, inner, 1),
            conv_bn_relu(inner, inner, 3),
            conv_bn(inner, out_channels, 1),
        )
        self.shortcut = conv_bn(in_channels, out_channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Compress encoder features (B, M, h, w)."""
        inner = run(self.bottleneck[1], run(self.bottleneck[0], x))
        return run(self.bottleneck[2], inner, add=run(self.shortcut, x), relu=True)


class RefinementBlock(nn.Module):
    """Refines what comes from below with the encoder's features at twice its resolution."""

    def __init__(self, previous_channels: int, encoder_channels: int, config: RCRNetConfig) -> None:
        super().__init__()
        inner, outer = config.skip_channels
        self.skip = ResidualSkip(encoder_channels, inner, outer)
        self.refine = conv_bn_relu(previous_channels + outer, config.refine_channels, 3)

    def forward(self, previous: Tensor, skip: Tensor) -> Tensor:
        """Join (B, P, h', w') and the skip's result (B, 96, h, w) to (B, 128, h, w)."""
        previous = upsample(previous, skip.shape[2:])
        return run(self.refine, torch.cat([previous, skip], dim=1))


class Decoder(nn.Module):
    """Features of all strides -> logits (B, 1, H, W)."""

    def __init__(self, config: RCRNetConfig) -> None:
        super().__init__()
        c4, c8, c16, _ = CHANNELS[config.backbone]
        width = config.refine_channels
        self.refine16 = RefinementBlock(config.aspp_channels, c16, config)
        self.refine8 = RefinementBlock(width, c8, config)
        self.refine4 = RefinementBlock(width, c4, config)
        self.head = nn.Sequential(
            conv_bn_relu(width, config.head_channels, 3),
            nn.Conv2d(config.head_channels, 1, 1),
        )

    def skips(self, features: Features) -> Skips:
        """Compress the encoder's features; the context is not needed for it."""
        return Skips(
            self.refine4.skip(features.f4),
            self.refine8.skip(features.f8),
            self.refine16.skip(features.f16),
        )

    def forward(self, context: Tensor, skips: Skips, size: Sequence[int]) -> Tensor:
        """Decode context and skips to logits of `size` (H, W)."""
        x = self.refine16(context, skips.s16)
        x = self.refine8(x, skips.s8)
        x = self.refine4(x, skips.s4)
        (conv, norm, *_), to_logit = (
            cast(nn.Sequential, self.head[0]),
            cast(nn.Conv2d, self.head[1]),
        )
        if is_readable() or norm.training or not pays(conv, size):
            return self.head(upsample(x, size))  # to full size first: the head is most of the work
        assert to_logit.bias is not None
        return upsampled_head(x, *fold(conv, norm), to_logit.weight, to_logit.bias, size)
