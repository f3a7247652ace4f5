"""A network made ready to answer, and no longer to learn."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from itertools import pairwise
from typing import TypeVar

import torch
from torch import nn
from torchvision.models.resnet import BasicBlock, Bottleneck, ResNet

from rcrlib.models.layers import fold

AnyModule = TypeVar("AnyModule", bound=nn.Module)


@torch.no_grad()
def for_inference(network: AnyModule) -> AnyModule:
    """Give a copy that answers the same and faster: batch normalisation is in the convolutions.

    It is folded once and not at each call, and weights lie as convolutions read them. The copy's
    entries have no longer the names of weights files: do not save it. The network itself stays as
    it is.
    """
    ready = copy.deepcopy(network).eval().requires_grad_(False)
    for owner, conv_name, norm_name in list(_pairs(ready)):
        conv, norm = getattr(owner, conv_name), getattr(owner, norm_name)
        weight, bias = fold(conv, norm)
        conv.weight, conv.bias = (nn.Parameter(t, requires_grad=False) for t in (weight, bias))
        setattr(owner, norm_name, nn.Identity().eval())
    for module in ready.modules():
        if isinstance(module, nn.Conv2d):
            module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return ready


def _pairs(network: nn.Module) -> Iterator[tuple[nn.Module, str, str]]:
    """Give where each convolution and the normalisation after it are: owner and both names."""
    for module in network.modules():
        if isinstance(module, ResNet | BasicBlock | Bottleneck):
            names = [(f"conv{i}", f"bn{i}") for i in (1, 2, 3)]
        elif isinstance(module, nn.Sequential):
            names = list(pairwise(name for name, _ in module.named_children()))
        else:
            continue
        for conv, norm in names:
            is_conv = isinstance(getattr(module, conv, None), nn.Conv2d)
            if is_conv and isinstance(getattr(module, norm, None), nn.BatchNorm2d):
                yield module, conv, norm
