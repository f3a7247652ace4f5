"""The students of lesson 07: what they see of a pixel, and what they learn from."""

from __future__ import annotations

import pytest
import torch

from rcrlib.course.lessons.l07_semi.pixel_networks import pixel_features, train_students


@pytest.fixture(scope="module")
def squares():
    """Return frames with a bright square on noise, and the squares: (N, 3, H, W), (N, 1, H, W)."""
    chance = torch.Generator().manual_seed(0)
    frames, masks = 0.3 * torch.rand(6, 3, 20, 24, generator=chance), torch.zeros(6, 1, 20, 24)
    for n in range(6):
        masks[n, :, 2 * n : 2 * n + 7, 3 * n : 3 * n + 6] = 1
    return frames + 0.6 * masks, masks


def test_features_see_the_light(squares):
    frames, _ = squares
    features = pixel_features(frames)
    assert features.shape == (6, 20, 24, 21)
    moved = pixel_features(frames + 0.1) - features
    plain, contrasts = moved[..., :15], moved[..., 15:]
    torch.testing.assert_close(plain, torch.full_like(plain, 0.3))
    torch.testing.assert_close(contrasts, torch.zeros_like(contrasts), rtol=0, atol=1e-5)
    darker = pixel_features(0.5 * frames)[..., 15:]  # contrasts shrink with the light
    torch.testing.assert_close(darker, 0.5 * features[..., 15:], rtol=1e-4, atol=1e-5)


def test_students_learn_what_they_are_taught_and_from_no_other_frame(squares):
    frames, masks = squares
    features = pixel_features(frames)
    targets = torch.stack([masks, 1 - masks])
    has_target = torch.ones(2, 6, dtype=torch.bool)
    has_target[:, 4:] = False
    students = train_students(features, targets, has_target, steps=60)
    maps = students.maps(features)
    assert maps.shape == (2, 6, 1, 20, 24)
    assert ((maps >= 0.5) == (targets >= 0.5)).float().mean() > 0.95
    other = targets.clone()
    other[:, 4:] = 0.5
    again = train_students(features, other, has_target, steps=60)
    assert all(torch.equal(a, b) for a, b in zip(students, again, strict=True))
