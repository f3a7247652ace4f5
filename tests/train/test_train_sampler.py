"""What a step trains on follows from the seed and the step, and from nothing else."""

from __future__ import annotations

from collections import Counter
from itertools import chain

import pytest
import torch

from rcrlib.errors import OptionError
from rcrlib.train.sampler import StepSampler


def test_no_sample_is_left_out_however_the_batch_divides_the_set():
    sampler = StepSampler(samples=10, batch=4, steps=15, seed=1)  # six epochs of two and a half
    drawn = [key.sample for key in chain.from_iterable(sampler)]
    for epoch in range(6):
        assert sorted(drawn[10 * epoch : 10 * (epoch + 1)]) == list(range(10))


def test_each_epoch_has_an_order_of_its_own():
    sampler = StepSampler(samples=12, batch=12, steps=4, seed=1)
    orders = {tuple(key.sample for key in keys) for keys in sampler}
    assert len(orders) == 4


def test_a_batch_larger_than_the_set_repeats_it():
    (keys,) = StepSampler(samples=3, batch=8, steps=1, seed=0)
    assert Counter(key.sample for key in keys).most_common()[-1][1] == 2
    assert len({key.seed for key in keys}) == 8, "a repeated sample is augmented anew"


def test_a_step_does_not_depend_on_what_came_before_nor_on_the_global_seed():
    sampler = StepSampler(samples=7, batch=3, steps=9, seed=5)
    steps = list(sampler)
    torch.manual_seed(99)
    assert list(sampler.starting_at(6)) == steps[6:]
    assert sampler.at(8) == steps[8]
    assert len(sampler.starting_at(6)) == 3


def test_another_seed_gives_another_order_and_other_seeds():
    one, other = (list(StepSampler(20, 5, 4, seed)) for seed in (0, 1))
    assert one != other
    seeds = [{key.seed for keys in steps for key in keys} for steps in (one, other)]
    assert not seeds[0] & seeds[1]


def test_processes_share_a_step_without_gap_or_overlap():
    whole = StepSampler(samples=11, batch=6, steps=5, seed=2)
    parts = [StepSampler(11, 6, 5, 2, rank=rank, world=3) for rank in range(3)]
    for step, shares in enumerate(zip(*parts, strict=True)):
        assert sorted(chain.from_iterable(shares)) == sorted(whole.at(step))
        assert {len(share) for share in shares} == {2}


def test_a_batch_that_processes_cannot_share_is_refused():
    with pytest.raises(OptionError, match="batch 5 cannot be shared by 2 processes"):
        StepSampler(samples=10, batch=5, steps=1, seed=0, world=2)
