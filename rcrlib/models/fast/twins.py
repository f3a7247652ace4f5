"""Putting the fast twin of each part into a network, and making it ready to answer or to learn."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from itertools import pairwise
from typing import TypeVar

import torch
from torch import nn
from torchvision.models.resnet import BasicBlock, Bottleneck, ResNet

from rcrlib.models.convgru import DBConvGRU
from rcrlib.models.decoder import Decoder, ResidualSkip
from rcrlib.models.encoder import Encoder
from rcrlib.models.fast.convgru import FastDBConvGRU
from rcrlib.models.fast.convolution import FastConvBN, FastConvBNReLU, fold_batch_norm
from rcrlib.models.fast.decoder import FastDecoder, FastResidualSkip
from rcrlib.models.fast.encoder import FastBasicBlock, FastBottleneck, FastEncoder
from rcrlib.models.fast.memory_format import weights_to_channels_last
from rcrlib.models.fast.networks import FastRCRNet, FastRCRNetNER
from rcrlib.models.fast.nonlocal_block import FastNonLocalBlock
from rcrlib.models.layers import ConvBN, ConvBNReLU
from rcrlib.models.nonlocal_block import NonLocalBlock
from rcrlib.models.rcrnet import RCRNet
from rcrlib.models.video import RCRNetNER

TWINS: dict[type[nn.Module], type[nn.Module]] = {
    ConvBN: FastConvBN,
    ConvBNReLU: FastConvBNReLU,
    BasicBlock: FastBasicBlock,
    Bottleneck: FastBottleneck,
    Encoder: FastEncoder,
    ResidualSkip: FastResidualSkip,
    Decoder: FastDecoder,
    NonLocalBlock: FastNonLocalBlock,
    DBConvGRU: FastDBConvGRU,
    RCRNet: FastRCRNet,
    RCRNetNER: FastRCRNetNER,
}
"""The fast twin of each class of a part: a subclass that differs in `forward` alone."""

AnyModule = TypeVar("AnyModule", bound=nn.Module)


def accelerate(network: AnyModule) -> AnyModule:
    """Put the fast twin of each part in its place, and return the network.

    Works in place, on any of the networks or a part of one, as often as one likes. A twin computes
    the same function of the same weights, with the sums in another order; tests hold logits and
    gradients equal. It differs from the plain class in `forward` alone, so that exchanging a
    module's class is all there is to do: parameters, their names and those who hold them (an
    optimiser, hooks) stay. Use `accelerate(copy.deepcopy(network))` to keep the plain network.

    Example:
        >>> network = accelerate(RCRNetNER())
        >>> type(network).__name__
        'FastRCRNetNER'
    """
    for module in network.modules():
        if twin := TWINS.get(type(module)):
            module.__class__ = twin  # type: ignore[assignment]
    return network


def plain_copy(network: AnyModule) -> AnyModule:
    """Return a copy of a network in which each part has its plain class again: `accelerate` undone.

    Example:
        >>> type(plain_copy(accelerate(RCRNetNER()))).__name__
        'RCRNetNER'
    """
    plain = {twin: kind for kind, twin in TWINS.items()}
    network = copy.deepcopy(network)
    for module in network.modules():
        if kind := plain.get(type(module)):
            module.__class__ = kind  # type: ignore[assignment]
    return network


def for_training(network: AnyModule, side: int, device: torch.device) -> AnyModule:
    """Accelerate a network and put its weights into the memory format that training is fast in.

    Works in place and returns the network; values and names of its weights stay.

    Args:
        network: to be trained.
        side: of the frames that it will be trained on, in pixels.
        device: where it will be trained.
    """
    weights_to_channels_last(network, side, device)
    return accelerate(network)


@torch.no_grad()
def for_inference(network: AnyModule) -> AnyModule:
    """Return an accelerated copy that can only answer: batch normalisation is folded for good.

    It is folded once and not at each call, and weights are in channels_last. The copy's entries no
    longer have the names of weights files: do not save it. The network itself stays as it is.
    """
    ready = accelerate(copy.deepcopy(network)).eval().requires_grad_(False)
    for owner, conv_name, norm_name in list(_convs_with_norm(ready)):
        conv, norm = getattr(owner, conv_name), getattr(owner, norm_name)
        weight, bias = fold_batch_norm(conv, norm)
        conv.weight, conv.bias = (nn.Parameter(t, requires_grad=False) for t in (weight, bias))
        setattr(owner, norm_name, nn.Identity().eval())
    for module in ready.modules():
        if isinstance(module, nn.Conv2d):
            module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return ready


def _convs_with_norm(network: nn.Module) -> Iterator[tuple[nn.Module, str, str]]:
    """Yield where each convolution and the normalisation after it are: owner and both names."""
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
