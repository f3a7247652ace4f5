"""Fixtures for the tests of the networks."""

from __future__ import annotations

import pytest
import torch

from helpers import ALL_TWINS
from rcrlib.models.fast import TWINS


@pytest.fixture
def all_twins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `accelerate` accelerate, also in a run with `pytest --plain`."""
    for plain, fast in ALL_TWINS.items():
        monkeypatch.setitem(TWINS, plain, fast)


@pytest.fixture
def seeded() -> None:
    """Draw the same parameters and inputs whatever ran before."""
    torch.manual_seed(20190819)
