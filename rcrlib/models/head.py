"""The decoder's head without its map at full size: the same logits, a tenth of the work.

The head is a 3x3 convolution of a bilinear enlargement, batch normalisation, ReLU, and a 1x1
convolution to one logit. Written out, it fills (B, 256, H, W) several times over and takes more
than half of the network's multiply-adds. Why the shortcut gives the same:

* Enlarging acts on positions, a 1x1 convolution on channels: they may change places. So each of the
  nine taps W_k is applied where the features are, at stride 4, a sixteenth of the positions.
* What remains is linear in the positions and works along one axis at a time:

      out = Σ_k  A_ky  (W_k x)  A_kxᵀ

  where A_k interpolates along an axis and then shifts by the tap (`shifted_interpolation`). The
  convolution's zero padding is a row of zeros in A_k, the clamping of the interpolation at the
  border is in A's other rows; any size of the features and of the image has its A.
* A is banded. In blocks of 16 outputs that read 6 inputs, both axes are small matrix products.
* Bias, ReLU and the 1x1 convolution act on each pixel alone, so a strip of 16 rows at a time goes
  the whole way to its logits while it is in the processor's cache.

The backward pass makes each strip once more instead of keeping it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from rcrlib.models.strips import Gradients, Walk

PAYS = 2**30
"""Multiply-adds of a frame's head from which the shortcut is faster than the convolution."""


def pays(conv: nn.Module, size: Sequence[int]) -> bool:
    """Tell whether a head with this 3x3 convolution is large enough for the shortcut."""
    assert isinstance(conv, nn.Conv2d)
    known = conv.weight.device.type in ("cpu", "cuda")
    return known and conv.weight.numel() * size[0] * size[1] >= PAYS


def upsampled_head(
    x: Tensor,
    weight: Tensor,
    bias: Tensor,
    out_weight: Tensor,
    out_bias: Tensor,
    size: Sequence[int],
) -> Tensor:
    """Give conv1x1(relu(conv3x3(upsample(x, size)))), (B, 1, H, W), in strips.

    Args:
        x: features (B, C, h, w).
        weight, bias: of the 3x3 convolution, (O, C, 3, 3) and (O,), batch normalisation folded in.
        out_weight, out_bias: of the 1x1 convolution, (1, O, 1, 1) and (1,).
        size: (H, W) of the enlargement.
    """
    given = (x, weight, bias, out_weight.flatten(), out_bias)
    kind = x.device.type
    if torch.is_autocast_enabled(kind):
        low = torch.get_autocast_dtype(kind)
        given = tuple(tensor.to(low) for tensor in given)  # type: ignore[assignment]
    with torch.autocast(kind, enabled=False):
        logits: Tensor = _Head.apply(*given, tuple(size))
    return logits


class _Head(torch.autograd.Function):
    """The forward and the backward pass, frame by frame and strip by strip."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        weight: Tensor,
        bias: Tensor,
        w: Tensor,
        b: Tensor,
        size: tuple[int, int],
    ) -> Tensor:
        ctx.save_for_backward(x, weight, bias, w)
        ctx.size = size
        walk = Walk(x, weight, bias, size)
        logits = x.new_empty(len(x), 1, *size)
        for n in range(len(x)):
            for strip in walk.strips(n):
                features = walk.enlarge(strip).relu_()
                rows = slice(strip.top, min(strip.top + strip.height, size[0]))
                values = torch.mv(features, w).add_(b).view(strip.height, -1)
                logits[n, 0, rows] = values[: rows.stop - rows.start, : size[1]]
        return logits

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, bias, w = ctx.saved_tensors
        walk = Walk(x, weight, bias, ctx.size)
        totals = Gradients(walk)
        grad_bias, grad_w = torch.zeros_like(bias), torch.zeros_like(w)
        for n in range(len(x)):
            for strip in walk.strips(n):
                features = walk.enlarge(strip).relu_()
                pixels = walk.pad(grad[n, 0, strip.top : strip.top + strip.height], strip.height)
                grad_w.addmv_(features.mT, pixels)
                features.sign_().mul_(pixels[:, None]).mul_(w)  # ReLU passes on what was above 0
                grad_bias += features.sum(dim=0)
                totals.add(n, strip, features)
        grad_x, grad_weight = totals.result()
        return grad_x, grad_weight, grad_bias, grad_w, grad.sum().view(1), None
