"""A run's state between two steps, taken and put back."""

from __future__ import annotations

from types import SimpleNamespace

import torch

from rcrlib.train.state import restore


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
        assert restore(process, network, optimiser, checkpoint) == 7
        assert torch.equal(torch.rand(3), expected)
    assert torch.equal(network.weight, checkpoint["network"]["weight"])
