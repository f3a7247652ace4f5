"""What students measure costs with: time, and the largest tensor."""

from __future__ import annotations

import torch

from rcrlib.course.profiling import largest_tensor, seconds


def test_the_largest_tensor_is_that_between_two_products():
    a = torch.randn(100, 3)
    assert largest_tensor(lambda x: x @ x.mT @ x, a) == 4 * 100 * 100
    assert largest_tensor(lambda x: x @ (x.mT @ x), a) == 4 * 100 * 3
    assert largest_tensor(lambda x: x.max(dim=0), a) == 8 * 3  # values and indices
    assert largest_tensor(lambda x: x.double(), a) == 8 * 100 * 3


def test_a_time_is_that_of_one_run():
    runs = []
    assert 0 <= seconds(runs.append, 1, repeats=4) < 1
    assert runs == [1] * 4
