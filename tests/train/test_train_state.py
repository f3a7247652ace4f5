"""A run's state between two steps, taken and put back."""

from __future__ import annotations

import copy
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from rcrlib.train.state import restore_checkpoint

pytestmark = pytest.mark.usefixtures("one_thread")


def test_each_process_gets_its_own_random_state_back():
    network = torch.nn.Linear(2, 2)
    optimiser = torch.optim.Adam(network.parameters())
    states, draws = [], []
    for seed in (1, 2):
        torch.manual_seed(seed)
        states.append(torch.get_rng_state())
        draws.append(torch.rand(3))
    checkpoint = {
        "network": {name: value + 1 for name, value in network.state_dict().items()},
        "optimiser": optimiser.state_dict(),
        "scaler": {},
        "step": 7,
        "random": {"cpu": torch.stack(states)},
        "settings": {},
    }
    for rank, expected in enumerate(draws):
        process = SimpleNamespace(global_rank=rank, device=torch.device("cpu"))
        assert restore_checkpoint(process, network, optimiser, checkpoint) == 7
        assert torch.equal(torch.rand(3), expected)
    assert torch.equal(network.weight, checkpoint["network"]["weight"])


def test_a_run_goes_on_the_same_where_weights_now_lie_in_another_order():
    """Fused Adam takes weights and its means by their place in memory."""
    torch.manual_seed(0)
    before = nn.Conv2d(3, 4, 2)
    after = nn.Conv2d(3, 4, 2).to(memory_format=torch.channels_last)
    adams = [torch.optim.Adam(n.parameters(), lr=0.1, fused=True) for n in (before, after)]
    images = torch.randn(2, 3, 5, 5)

    def step(network: nn.Module, adam: torch.optim.Optimizer) -> None:
        adam.zero_grad()
        network(images).square().sum().backward()
        adam.step()

    step(before, adams[0])
    checkpoint = {
        "network": before.state_dict(),
        "optimiser": copy.deepcopy(adams[0].state_dict()),
        "scaler": {},
        "step": 1,
        "random": {"cpu": torch.get_rng_state()[None]},
        "settings": {},
    }
    process = SimpleNamespace(global_rank=0, device=torch.device("cpu"))
    restore_checkpoint(process, after, adams[1], checkpoint)
    assert after.weight.is_contiguous(memory_format=torch.channels_last)
    for network, adam in zip((before, after), adams, strict=True):
        step(network, adam)
    torch.testing.assert_close(after.weight, before.weight)
