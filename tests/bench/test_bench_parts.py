"""Where a network's work goes, part by part."""

from __future__ import annotations

import time

import pytest
import torch

from rcrlib.bench.parts import PARTS, measure_by_part, multiply_adds_by_part, parts_in_turn
from rcrlib.bench.timing import in_turn
from rcrlib.models import RCRNetConfig, RCRNetNER, accelerate, for_inference


def small() -> RCRNetNER:
    torch.manual_seed(0)
    return RCRNetNER(RCRNetConfig(backbone="resnet18")).eval()


def test_the_papers_network_costs_what_the_authors_code_costs():
    with torch.device("meta"):
        network, clip = RCRNetNER().eval(), torch.empty(1, 4, 3, 448, 448)
    work = multiply_adds_by_part(network, clip)
    expected = {"ResNet": 24.9, "ASPP": 13.8, "NER": 8.1, "refinement": 5.6, "head": 59.3}
    assert list(work) == list(PARTS) == list(expected)
    for part, count in work.items():
        assert count / 1e9 == pytest.approx(expected[part], rel=0.03)


def test_the_fast_head_takes_a_fraction_of_the_multiply_adds():
    network, clip = small(), torch.randn(1, 1, 3, 64, 96)
    plain = multiply_adds_by_part(network, clip)
    fast = multiply_adds_by_part(accelerate(network), clip)
    assert fast["head"] < plain["head"] / 3
    for part in ("ResNet", "ASPP", "refinement"):
        assert fast[part] == plain[part]


@pytest.mark.parametrize("path", ["plain", "fast"])
def test_every_part_is_seen_and_together_they_take_no_more_than_the_whole(path):
    network, clip = small(), torch.randn(1, 2, 3, 64, 64)
    network = for_inference(network) if path == "fast" else network
    ticks = iter(range(10**6))
    with torch.no_grad():
        began = time.process_time()
        parts = measure_by_part(network, lambda: network(clip), time.process_time)
        whole = time.process_time() - began
        counted = measure_by_part(network, lambda: network(clip), lambda: next(ticks))
    assert sum(parts.values()) <= whole
    assert all(value > 0 for value in counted.values())
    assert not network.ner._forward_hooks


def test_variants_take_turns_and_their_parts_add_up():
    network, clip = small(), torch.randn(1, 1, 3, 32, 32)
    runs = {"once": (network, lambda: network(clip)), "again": (network, lambda: network(clip))}
    with torch.no_grad():
        times = parts_in_turn(runs, rounds=2)
    assert list(times) == [*PARTS, "all"]
    for name in runs:
        parts = sum(times[part][name].seconds[0] for part in PARTS)
        assert times["all"][name].seconds[0] == pytest.approx(parts)


def test_another_clock_can_be_read():
    ticks = iter(range(100))
    times = in_turn({"a": lambda: None}, 3, clock=lambda: float(next(ticks)))
    assert times["a"].seconds == (1.0, 1.0, 1.0)
