"""Where a network's work goes: time, or operations, of each part of RCRNet+NER in one run."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from rcrlib.models import RCRNetNER

PARTS = ("ResNet", "ASPP", "NER", "refinement", "head")
"""The parts in the order in which a frame goes through them."""


def by_part(
    network: RCRNetNER, run: Callable[[], object], total: Callable[[], float] = time.perf_counter
) -> dict[str, float]:
    """Give by how much `total` rises in each part of a network while `run` runs it.

    Works on both paths, which call the same large modules: what lies between them, such as the
    ResNet on the fast path and the head on both, is what is left of the module around it.

    Args:
        network: what `run` calls.
        run: calls the network, once or several times.
        total: something that only rises; seconds by default.

    Returns:
        A number for each of `PARTS`.
    """
    decoder = network.rcrnet.decoder
    blocks = [decoder.refine16, decoder.refine8, decoder.refine4]
    encoder = network.rcrnet.encoder
    skips: list[nn.Module] = [block.skip for block in blocks]
    watched = [encoder, encoder.aspp, network.ner, decoder, *blocks, *skips]
    rise: dict[nn.Module, float] = dict.fromkeys(watched, 0.0)

    def enter(module: nn.Module, given: Any) -> None:
        rise[module] -= total()

    def leave(module: nn.Module, given: Any, made: Any) -> None:
        rise[module] += total()

    hooks = [module.register_forward_pre_hook(enter) for module in watched]
    hooks += [module.register_forward_hook(leave) for module in watched]
    try:
        run()
    finally:
        for hook in hooks:
            hook.remove()
    refined = sum(rise[block] for block in blocks)  # without the skips, which are called before
    found = (
        rise[encoder] - rise[encoder.aspp],
        rise[encoder.aspp],
        rise[network.ner],
        refined + sum(rise[skip] for skip in skips),
        rise[decoder] - refined,
    )
    return dict(zip(PARTS, found, strict=True))


def multiply_adds_by_part(network: RCRNetNER, clip: torch.Tensor) -> dict[str, float]:
    """Count the multiply-adds that each part takes for clips (B, T, 3, H, W), per frame.

    Only convolutions and products of matrices count. On PyTorch's device "meta" nothing is
    computed; the fast path's head, which chooses its strips by the device, cannot be counted there.
    """
    with FlopCounterMode(display=False) as counter:
        # With gradients: the operators fused for inference are not counted.
        found = by_part(network, lambda: network(clip), counter.get_total_flops)
    frames = clip.shape[0] * clip.shape[1]
    return {part: operations / 2 / frames for part, operations in found.items()}
