"""The warping error of maps: by hand, and of a map that moves along the flow."""

from __future__ import annotations

import pytest
import torch

from rcrlib.errors import DataError
from rcrlib.flow import warp
from rcrlib.metrics import warping_error


def test_by_hand() -> None:
    a, b = torch.tensor([[1.0, 0.5, 0.0, 0.2]]), torch.tensor([[0.0, 0.5, 0.5, 0.2]])
    assert warping_error(a, b) == pytest.approx((1 + 0.25) / 4)
    assert warping_error(a, b, torch.tensor([[0, 1, 1, 1]])) == pytest.approx(0.25 / 3)
    assert warping_error(a, a) == 0
    assert warping_error(torch.ones(2, 2), torch.zeros(2, 2)) == 1


def test_a_map_that_moves_with_the_flow_is_stable_and_one_that_stays_is_not() -> None:
    """The object moves two pixels to the right; the columns that come from outside are not seen."""
    here, there = torch.zeros(2, 1, 1, 6, 12)
    here[..., 3:6], there[..., 5:8] = 1, 1
    flow = torch.zeros(1, 2, 6, 12)
    flow[:, 0] = 2  # where the points of this frame are in the next one
    visible = torch.ones(1, 1, 6, 12, dtype=torch.bool)
    visible[..., -2:] = False
    assert warping_error(here, warp(there, flow), visible) == 0
    assert warping_error(here, warp(here, flow), visible) == pytest.approx(4 / 10)


def test_what_does_not_fit_is_refused() -> None:
    zeros = torch.zeros(2, 3)
    for args, says in [
        ((zeros, torch.zeros(3, 2)), r"the prediction is \(2, 3\) and warped \(3, 2\)"),
        ((zeros, zeros, torch.ones(2, 2)), r"and visible \(2, 2\)"),
        ((zeros, zeros - 1), "warped: found values from -1"),
        ((zeros, zeros, zeros), "no pixel is visible"),
    ]:
        with pytest.raises(DataError, match=says):
            warping_error(*args)
