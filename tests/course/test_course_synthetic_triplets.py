"""The frames of lesson 06: what moves, what is labelled, what is hidden."""

from __future__ import annotations

import pytest
import torch

from rcrlib.course.lessons.l06_fgplg.synthetic_triplets import SIDE, reed_triplets
from rcrlib.flow import warp


@pytest.fixture(scope="module")
def drawn():
    return reed_triplets(40, seed=0, gaps=(3, 2))


def test_triplets_have_the_shapes_and_ranges_of_real_ones(drawn):
    assert drawn.frames.shape == (40, 3, 3, SIDE, SIDE)
    assert drawn.labels.shape == (40, 3, 1, SIDE, SIDE)
    assert drawn.flow_i.shape == drawn.flow_j.shape == (40, 2, SIDE, SIDE)
    assert 0 <= float(drawn.frames.min()) <= float(drawn.frames.max()) <= 1
    assert set(drawn.labels.unique().tolist()) == {0, 1}
    assert 0 <= float(drawn.hidden.min()) <= float(drawn.hidden.max()) <= 1


def test_the_same_seed_gives_the_same_triplets_and_another_gives_others(drawn):
    again, other = (reed_triplets(40, seed=seed, gaps=(3, 2)) for seed in (0, 1))
    assert all(torch.equal(a, b) for a, b in zip(drawn, again, strict=True))
    assert not torch.equal(drawn.frames, other.frames)


def test_without_reed_and_error_the_animal_fetches_its_own_label():
    drawn = reed_triplets(40, seed=0, reeds=0, error=0)
    assert float(drawn.hidden.max()) == 0
    for n, flow in ((0, drawn.flow_i), (2, drawn.flow_j)):
        fetched = warp(drawn.labels[:, n], flow)[drawn.labels[:, 1] > 0]
        assert float((fetched >= 0.5).float().mean()) > 0.97


def test_what_is_hidden_is_missing_from_a_warped_label():
    drawn = reed_triplets(40, seed=0, error=0)
    animal = drawn.labels[:, 1] > 0
    missing = [
        ((warp(drawn.labels[:, n], flow) < 0.5) & animal).sum(dim=(1, 2, 3)) / animal.sum((1, 2, 3))
        for n, flow in ((0, drawn.flow_i), (2, drawn.flow_j))
    ]
    hidden = drawn.hidden > 0.2
    assert hidden.any()
    assert torch.corrcoef(torch.stack([torch.maximum(*missing), drawn.hidden]))[0, 1] > 0.5
