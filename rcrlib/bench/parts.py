"""Where a network's work goes: time, or operations, of each part of RCRNet+NER in one run."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from rcrlib.bench.timing import Times
from rcrlib.models import RCRNetNER

PARTS = ("ResNet", "ASPP", "NER", "refinement", "head")
"""The parts in the order in which a frame goes through them."""


def measure_by_part(
    network: RCRNetNER, run: Callable[[], object], total: Callable[[], float] = time.perf_counter
) -> dict[str, float]:
    """Measure how much `total` rises in each part of a network while `run` runs it.

    Works on plain and on accelerated networks, which call the same large modules: what lies between
    them, such as the ResNet and the head, is what is left of the module around it.

    Args:
        network: what `run` calls.
        run: calls the network, once or several times.
        total: something that only rises; by default seconds.

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
    computed; the tiled head of an accelerated network, which chooses its strips by the device,
    cannot be counted there.
    """
    # With gradients: the operators fused for inference are not counted.
    with torch.enable_grad(), FlopCounterMode(display=False) as counter:
        found = measure_by_part(network, lambda: network(clip), counter.get_total_flops)
    frames = clip.shape[0] * clip.shape[1]
    return {part: operations / 2 / frames for part, operations in found.items()}


def parts_in_turn(
    runs: Mapping[str, tuple[RCRNetNER, Callable[[], object]]],
    rounds: int,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, dict[str, Times]]:
    """Time each part of several variants, run in turn as `timing.in_turn` does, without warm-up.

    Args:
        runs: name of a variant -> its network and what runs it.
        rounds: of each.
        clock: see `timing.in_turn`.

    Returns:
        Part -> variant -> its times; after `PARTS` comes "all", their sum.
    """
    found: dict[str, list[dict[str, float]]] = {name: [] for name in runs}
    for number in range(rounds):
        for name in list(runs)[:: 1 if number % 2 == 0 else -1]:
            parts = measure_by_part(*runs[name], clock)
            found[name].append({**parts, "all": sum(parts.values())})
    return {
        part: {name: Times(tuple(one[part] for one in took)) for name, took in found.items()}
        for part in (*PARTS, "all")
    }
