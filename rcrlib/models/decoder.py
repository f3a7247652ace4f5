"""RCRNet's decoder: three refinement blocks and a head at full resolution (paper 3.1)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rcrlib.models.config import RCRNetConfig
from rcrlib.models.encoder import CHANNELS, Features
from rcrlib.models.layers import conv_bn, conv_bn_relu, upsample


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
        return F.relu(self.bottleneck(x) + self.shortcut(x))


class RefinementBlock(nn.Module):
    """Refines what comes from below with the encoder's features at twice its resolution."""

    def __init__(self, previous_channels: int, encoder_channels: int, config: RCRNetConfig) -> None:
        super().__init__()
        inner, outer = config.skip_channels
        self.skip = ResidualSkip(encoder_channels, inner, outer)
        self.refine = conv_bn_relu(previous_channels + outer, config.refine_channels, 3)

    def forward(self, previous: Tensor, features: Tensor) -> Tensor:
        """Join (B, P, h', w') and encoder features (B, M, h, w) to (B, 128, h, w)."""
        skip = self.skip(features)
        previous = upsample(previous, skip.shape[2:])
        return self.refine(torch.cat([previous, skip], dim=1))


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

    def forward(self, features: Features, size: Sequence[int]) -> Tensor:
        """Decode to logits of `size` (H, W)."""
        x = self.refine16(features.context, features.f16)
        x = self.refine8(x, features.f8)
        x = self.refine4(x, features.f4)
        return self.head(upsample(x, size))  # to full size first: the head is most of the work
