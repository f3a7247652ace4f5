"""oneDNN's convolution with sum and ReLU fused into it, where PyTorch has it for this CPU."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def can_fuse(x: Tensor, weight: Tensor) -> bool:
    """Tell whether `fused_conv` can be used: inference on a CPU, in float32, with oneDNN."""
    return bool(
        AVAILABLE
        and x.device.type == "cpu"
        and x.dtype == weight.dtype == torch.float32
        and not torch.is_grad_enabled()
        and not torch.is_autocast_enabled("cpu")
        and torch.backends.mkldnn.enabled
    )


def fused_conv(
    conv: nn.Conv2d, x: Tensor, weight: Tensor, bias: Tensor, add: Tensor | None, relu: bool
) -> Tensor:
    """Return relu(conv(x) + add) with `weight` and `bias` in place of the convolution's own.

    oneDNN adds and rectifies while the values are in registers. The operators are those that
    `torch.compile` uses on a CPU; they are not among PyTorch's documented ones, so that
    `can_fuse` looks whether they are there.
    """
    operators, where = torch.ops.mkldnn, (conv.padding, conv.stride, conv.dilation, conv.groups)
    if add is None:
        after = "relu" if relu else "none"
        alone: Tensor = operators._convolution_pointwise(x, weight, bias, *where, after, [], "")
        return alone
    after_sum = "relu" if relu else None
    added: Tensor = operators._convolution_pointwise.binary(
        x, add, weight, bias, *where, "add", None, after_sum, [], None
    )
    return added


def _is_available() -> bool:
    if not torch.backends.mkldnn.is_available():
        return False
    operator = getattr(torch.ops.mkldnn, "_convolution_pointwise", None)
    return operator is not None and {"default", "binary"} <= set(operator.overloads())


AVAILABLE = _is_available()
"""Whether this build of PyTorch has the operators."""
