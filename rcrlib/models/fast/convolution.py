"""Convolution, batch normalisation, sum and ReLU as one convolution."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rcrlib.models.fast.onednn import can_fuse, fused_conv
from rcrlib.models.layers import ConvBN, ConvBNReLU


class FastConvBN(ConvBN):
    """`ConvBN` with its normalisation folded into the convolution."""

    def forward(self, x: Tensor) -> Tensor:
        """Return bn(conv(x)) of (B, C, h, w)."""
        return conv_bn(self[0], self[1], x, relu=False)


class FastConvBNReLU(ConvBNReLU):
    """`ConvBNReLU` with its normalisation folded into the convolution."""

    def forward(self, x: Tensor) -> Tensor:
        """Return relu(bn(conv(x))) of (B, C, h, w)."""
        return conv_bn(self[0], self[1], x, relu=True)


def conv_bn(
    conv: nn.Module, norm: nn.Module, x: Tensor, *, relu: bool, add: Tensor | None = None
) -> Tensor:
    """Return relu(norm(conv(x)) + add), in fewer passes over memory than step by step.

    A batch normalisation that uses its stored statistics is folded into the convolution. Where the
    statistics are the batch's own (the image stage), it is computed step by step; and so it is in
    training where there are more weights than values, for then scaling the weights, forwards and
    backwards, takes longer than scaling the values.

    Args:
        conv: an `nn.Conv2d`.
        norm: an `nn.BatchNorm2d`, or what `for_inference` has left in its place.
        x: (B, C, h, w).
        relu: whether a ReLU follows.
        add: added to the result of the normalisation.
    """
    assert isinstance(conv, nn.Conv2d)
    few_values = torch.is_grad_enabled() and x.numel() < conv.weight.numel()
    if norm.training or (few_values and isinstance(norm, nn.BatchNorm2d)):
        y = norm(conv(x))
    else:
        weight, bias = fold_batch_norm(conv, norm)
        if can_fuse(x, weight):
            return fused_conv(conv, x, weight, bias, add, relu)
        y = F.conv2d(x, weight, bias, conv.stride, conv.padding, conv.dilation)
    if add is not None:
        y = y.add_(add)
    return F.relu_(y) if relu else y


def fold_batch_norm(conv: nn.Module, norm: nn.Module) -> tuple[Tensor, Tensor]:
    """Return weight and bias of the one convolution that computes norm(conv(x)).

    γ (w ∗ x - μ) / σ + β = (γ/σ w) ∗ x + (β - γ μ/σ), with gradients for w, γ and β. Those of a
    convolution that `for_inference` has folded already are returned as they are.
    """
    assert isinstance(conv, nn.Conv2d)
    if isinstance(norm, nn.Identity):
        assert conv.bias is not None
        return conv.weight, conv.bias
    assert isinstance(norm, nn.BatchNorm2d)
    assert norm.running_mean is not None and norm.running_var is not None  # noqa: PT018
    scale = norm.weight / (norm.running_var + norm.eps).sqrt()
    return conv.weight * scale[:, None, None, None], norm.bias - norm.running_mean * scale
