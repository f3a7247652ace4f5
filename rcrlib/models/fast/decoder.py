"""The decoder with fused residual skips and the tiled head."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from torch import Tensor, nn
from torch.nn import functional as F

from rcrlib.models.decoder import Decoder, ResidualSkip, Skips
from rcrlib.models.fast.convolution import conv_bn, fold_batch_norm
from rcrlib.models.fast.head import is_worth_tiling, tiled_head
from rcrlib.models.layers import ConvBN, ConvBNReLU, upsample


class FastResidualSkip(ResidualSkip):
    """`ResidualSkip` with sum and ReLU fused into the last convolution."""

    def forward(self, x: Tensor) -> Tensor:
        """Compress encoder features (B, M, h, w)."""
        first, second, third = cast("list[ConvBN]", list(self.bottleneck))
        inner = second(first(x))
        return conv_bn(third[0], third[1], inner, relu=True, add=self.shortcut(x))


class FastDecoder(Decoder):
    """`Decoder` with its head in tiles where that is possible and pays."""

    def forward(self, context: Tensor, skips: Skips, size: Sequence[int]) -> Tensor:
        """Decode context and skips to logits of `size` (H, W)."""
        x = self.refine16(context, skips.s16)
        x = self.refine8(x, skips.s8)
        x = self.refine4(x, skips.s4)
        (conv, norm, *_), to_logit = cast(ConvBNReLU, self.head[0]), cast(nn.Conv2d, self.head[1])
        # A normalisation by the batch's own statistics needs the map at full size to compute them.
        if norm.training or not is_worth_tiling(conv, size):
            return to_logit(F.relu_(norm(conv(upsample(x, size)))))
        assert to_logit.bias is not None
        folded = fold_batch_norm(conv, norm)
        return tiled_head(x, *folded, to_logit.weight, to_logit.bias, size)
