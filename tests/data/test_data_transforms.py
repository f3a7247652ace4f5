from __future__ import annotations

import numpy as np
import pytest
import torch

from rcrlib.data import IMAGENET_MEAN, augment, denormalise, normalise, resize, to_tensor
from rcrlib.errors import OptionError


@pytest.fixture
def clip(generator):
    """A clip of one still scene, with a label that is where the picture is bright."""
    scene = torch.rand(1, 3, 6, 8, generator=generator)
    frames = torch.nn.functional.interpolate(scene, (48, 64), mode="bilinear").expand(4, 3, 48, 64)
    labels = (frames.mean(1, keepdim=True) > 0.5).to(torch.uint8)
    return frames.contiguous(), labels


def test_to_tensor_puts_channels_first():
    frame = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    assert to_tensor(frame)[1, 0, 3] == frame[0, 3, 1]
    assert to_tensor(frame[..., 0]).shape == (1, 2, 4)


def test_normalise_takes_bytes_and_floats_alike(generator):
    images = torch.randint(0, 256, (2, 4, 3, 5, 6), dtype=torch.uint8, generator=generator)
    assert torch.allclose(normalise(images), normalise(images / 255))
    assert normalise(torch.tensor(IMAGENET_MEAN).view(3, 1, 1)).abs().max() < 1e-6
    assert torch.allclose(denormalise(normalise(images)), images / 255, atol=1e-6)


def test_resize_keeps_masks_binary_and_soft_labels_soft(clip):
    _, labels = clip
    small = resize(labels, (20, 30), binary=True)
    assert small.shape == (4, 1, 20, 30)
    assert small.dtype == torch.uint8
    assert set(small.unique().tolist()) == {0, 1}
    assert abs(small.float().mean() - labels.float().mean()) < 0.02
    soft = resize(labels.float(), (20, 30))
    assert ((soft > 0) & (soft < 1)).any()


def test_resize_to_the_same_size_changes_nothing(clip):
    frames, _ = clip
    assert resize(frames, (48, 64)) is frames


def test_augment_is_a_function_of_its_seed(clip):
    frames, labels = clip
    first, again, other = (augment(frames, labels, seed) for seed in (3, 3, 4))
    assert torch.equal(first[0], again[0])
    assert torch.equal(first[1], again[1])
    assert not torch.equal(first[0], other[0])


def test_augment_leaves_the_global_random_state_alone(clip):
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    augment(*clip, seed=9)
    assert torch.equal(torch.rand(3), expected)


def test_augment_draws_once_for_the_whole_clip(clip):
    frames, labels = augment(*clip, seed=5)
    assert frames.shape == (4, 3, 48, 64)
    assert all(torch.allclose(frame, frames[0]) for frame in frames)
    assert all(torch.equal(label, labels[0]) for label in labels)


@pytest.mark.parametrize("seed", range(6))
def test_labels_and_maps_follow_the_frames(clip, seed):
    frames, labels = clip
    maps = frames[:, :1].repeat(1, 4, 1, 1)
    moved_frames, moved_labels, moved_maps = augment(frames, labels, seed, maps=maps)
    assert moved_maps.shape == maps.shape
    assert set(moved_labels.unique().tolist()) <= {0, 1}
    assert moved_labels.dtype == labels.dtype
    geometry = augment(frames, frames.mean(1, keepdim=True), seed)[1]  # no colour: as a label
    assert ((geometry > 0.5) == moved_labels.bool()).float().mean() > 0.999
    channels = torch.stack([moved_frames[0, 0].flatten(), moved_maps[0, 2].flatten()])
    assert torch.corrcoef(channels)[0, 1] > 0.9
    assert maps.min() <= moved_maps.min()
    assert moved_maps.max() <= maps.max()


def test_augment_sometimes_flips(clip):
    ramp = torch.linspace(0, 1, 64).expand(2, 3, 48, 64)
    flipped = [bool(augment(ramp, ramp[:, :1], s)[1][0, 0, 0].diff().mean() < 0) for s in range(20)]
    assert 4 <= sum(flipped) <= 16


def test_augment_refuses_what_does_not_belong_together(clip):
    frames, labels = clip
    with pytest.raises(OptionError, match="differ in T, H or W"):
        augment(frames, labels[:3], 0)
    with pytest.raises(OptionError, match="differ in T, H or W"):
        augment(frames, labels, 0, maps=torch.zeros(4, 2, 8, 8))
