"""Single images as triplets: labels that are wrong, but not too wrong to be mended."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from helpers.scored_folders import write_picture
from helpers.small_runs import content, small_preset, train_stage
from rcrlib.data import Dataset, denormalise, load
from rcrlib.errors import DataError, WeightsError
from rcrlib.models import FGPLG
from rcrlib.train import StillTriplets, load_as
from rcrlib.train.sampler import SampleKey
from rcrlib.train.stills import corrupted_guidance

pytestmark = pytest.mark.usefixtures("one_thread")

SIZE = (32, 48)


@pytest.fixture(scope="module")
def images(videos: Path) -> Dataset:
    return load(videos, split="train")


@pytest.fixture
def label() -> torch.Tensor:
    label = torch.zeros(1, 1, 96, 96)
    label[..., 30:70, 20:60] = 1
    return label


def overlap(a: torch.Tensor, b: torch.Tensor) -> float:
    a, b = a >= 0.5, b >= 0.5
    return ((a & b).sum() / (a | b).sum().clamp(min=1)).item()


def test_every_labelled_image_is_a_sample_of_one_frame_with_four_channels_of_guidance(images):
    samples = StillTriplets(images, SIZE, "paper", augment=True)
    assert len(samples) == 18
    assert samples.frames(3) == 1
    sample = samples[SampleKey(3, 7)]
    assert sample.frames.shape == (1, 3, *SIZE)
    assert sample.guidance.shape == (1, 4, *SIZE)
    assert set(sample.labels.unique().tolist()) == {0.0, 1.0}


def test_half_of_the_images_share_the_frame_with_one_that_nobody_labelled(tmp_path):
    for number in range(18):
        grey = np.full((*SIZE, 3), 128 + 5 * number, np.uint8)
        write_picture(tmp_path / f"imgs/{number:02d}.png", grey)
        write_picture(tmp_path / f"gt/{number:02d}.png", np.full(SIZE, 255, np.uint8))
    samples = StillTriplets(load(tmp_path, "images"), SIZE, "paper")
    drawn = [samples[SampleKey(0, seed)] for seed in range(60)]
    shares = [sample.labels.mean().item() for sample in drawn]
    assert set(shares) == {0.5, 1.0}
    assert 0.3 < shares.count(0.5) / len(shares) < 0.7
    halves = {tuple(sample.labels[0, 0, ::31, ::47].flatten().tolist()) for sample in drawn}
    left, right, top, bottom = (1, 0, 1, 0), (0, 1, 0, 1), (1, 1, 0, 0), (0, 0, 1, 1)
    assert halves == {left, right, top, bottom, (1, 1, 1, 1)}
    for sample in drawn:
        own = denormalise(sample.frames)[:, :1][sample.labels == 1]
        assert torch.allclose(own, torch.tensor(0.5), atol=0.2)


def test_the_channels_lie_in_the_ranges_of_real_ones(label):
    guides = torch.cat([corrupted_guidance(label, seed) for seed in range(20)])
    labels, lengths = guides[:, :2], guides[:, 2:]
    assert labels.min() == 0
    assert labels.max() == 1
    assert lengths.min() >= 0
    assert 1 <= lengths.max() <= 2**0.5 + 1e-6


def test_made_up_labels_are_wrong_each_in_its_own_way_and_mostly_near(label):
    guides = [corrupted_guidance(label, seed)[0] for seed in range(60)]
    right = torch.tensor([[overlap(guide[n], label[0, 0]) for n in (0, 1)] for guide in guides])
    alike = torch.tensor([overlap(guide[0], guide[1]) for guide in guides])
    assert 0.6 < right.mean() < 0.9
    assert (right < 0.5).float().mean() > 0.05
    assert (right > 0.9).float().mean() > 0.2
    assert (alike < 1).float().mean() > 0.8


def test_some_labels_have_holes_and_some_ghosts(label):
    inside = torch.zeros_like(label)
    inside[..., 45:55, 35:45] = 1
    far = 1 - label
    far[..., 15:85, 5:75] = 0
    guides = torch.cat([corrupted_guidance(label, seed)[:, :2] for seed in range(60)])
    holed = ((guides < 0.5) & (inside > 0)).flatten(2).any(dim=2)
    ghost = ((guides > 0.5) & (far > 0)).flatten(2).any(dim=2)
    assert 0.1 < holed.float().mean() < 0.7
    assert 0.02 < ghost.float().mean() < 0.5


def test_an_empty_label_stays_empty():
    empty = torch.zeros(1, 1, 40, 40)
    assert all(not corrupted_guidance(empty, seed)[:, :2].any() for seed in range(10))


def test_a_sample_is_a_pure_function_of_its_key(images):
    samples = StillTriplets(images, SIZE, "official", augment=True)
    one = samples[SampleKey(2, 5)]
    before = torch.get_rng_state()
    torch.rand(3)
    state = torch.get_rng_state()
    again, other = samples[SampleKey(2, 5)], samples[SampleKey(2, 6)]
    assert torch.equal(torch.get_rng_state(), state)
    assert not torch.equal(before, state)
    assert all(torch.equal(a, b) for a, b in zip(one, again, strict=True))
    assert not torch.equal(one.guidance, other.guidance)


def test_images_without_labels_are_refused(images):
    bare = replace(images, videos=tuple(video.with_labels({}) for video in images))
    with pytest.raises(DataError, match="has no labelled image to learn from"):
        StillTriplets(bare, SIZE, "paper")


def test_stage_2_learns_from_images_too_and_says_so(images, videos, tmp_path):
    preset = small_preset(steps=2)
    both = train_stage("fgplg", videos, tmp_path / "both", preset, images=images)
    alone = train_stage("fgplg", videos, tmp_path / "alone", preset)
    assert content(both)[0] != content(alone)[0]
    assert content(both)[1]["images"]["fingerprint"] == images.fingerprint()
    assert "images" not in content(alone)[1]


def test_stage_2_goes_on_from_a_generator_of_its_own_kind_only(videos, tmp_path):
    first = train_stage("fgplg", videos, tmp_path / "one", small_preset(steps=1), residual=True)
    still = small_preset(steps=1, lr=1e-30)  # too low a rate to change a bit
    options = {"start": first, "residual": True}
    second = train_stage("fgplg", videos, tmp_path / "two", still, **options)
    one, two = (load_as(FGPLG, path).state_dict() for path in (first, second))
    assert all(torch.allclose(one[name], two[name], rtol=0, atol=1e-20) for name in one)
    assert load_as(FGPLG, second).residual
    with pytest.raises(WeightsError, match=r"residual=True; ask for the same, or start from"):
        train_stage("fgplg", videos, tmp_path / "three", still, start=first)
    assert not (tmp_path / "three").exists()
