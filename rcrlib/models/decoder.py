"""RCRNet's decoder: three refinement blocks and a head at full resolution (paper 3.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rcrlib.models.config import RCRNetConfig
from rcrlib.models.encoder import CHANNELS, Features
from rcrlib.models.layers import ConvBN, ConvBNReLU, upsample


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
            ConvBNReLU(in_channels, inner, 1),
            ConvBNReLU(inner, inner, 3),
            ConvBN(inner, out_channels, 1),
        )
        self.shortcut = ConvBN(in_channels, out_channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Compress encoder features (B, M, h, w)."""
        return F.relu(self.bottleneck(x) + self.shortcut(x))


class RefinementBlock(nn.Module):
    """Refines what comes from below with the encoder's features at twice its resolution."""

    def __init__(self, previous_channels: int, encoder_channels: int, config: RCRNetConfig) -> None:
        super().__init__()
        inner, outer = config.skip_channels
        self.skip = ResidualSkip(encoder_channels, inner, outer)
        self.refine = ConvBNReLU(previous_channels + outer, config.refine_channels, 3)

    def forward(self, previous: Tensor, skip: Tensor) -> Tensor:
        """Join (B, P, h', w') and the skip's result (B, 96, h, w) to (B, 128, h, w)."""
        previous = upsample(previous, skip.shape[2:])  # (B, P, h, w)
        return self.refine(torch.cat([previous, skip], dim=1))  # (B, 128, h, w)


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
            ConvBNReLU(width, config.head_channels, 3),
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
        x = self.refine16(context, skips.s16)  # (B, 128, ⌈H/16⌉, ⌈W/16⌉)
        x = self.refine8(x, skips.s8)  # (B, 128, ⌈H/8⌉, ⌈W/8⌉)
        x = self.refine4(x, skips.s4)  # (B, 128, ⌈H/4⌉, ⌈W/4⌉)
        # To full size first, as in the authors' code: the head is most of the network's work.
        return self.head(upsample(x, size))  # (B, 1, H, W)
