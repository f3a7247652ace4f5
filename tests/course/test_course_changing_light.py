"""The videos of lesson 07: only their light differs, and teachers err by known amounts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from rcrlib.course.lessons.l07_semi.changing_light import EVERY, FRAMES, LEARN, TEST, VIDEOS, film
from rcrlib.data import make_synthetic


@pytest.fixture(scope="module")
def one():
    return film(100)


def test_the_light_is_the_generators_and_nothing_else_changes(one):
    assert one.learn.steady.shape == (LEARN * FRAMES, 3, 48, 48)
    assert len(one.test.masks) % TEST == 0
    assert torch.equal(one.learn.frames(0.0), one.learn.steady)
    video = make_synthetic(replace(VIDEOS, seed=100, appearance_change=1.0, noise=0.0))[0]
    still = make_synthetic(replace(VIDEOS, seed=100, noise=0.0))[0]
    for k in (3, 12):
        changed = torch.from_numpy(video.frame(EVERY * k)).movedim(2, 0).float() / 255
        plain = torch.from_numpy(still.frame(EVERY * k)).movedim(2, 0).float() / 255
        expected = (plain * torch.exp(one.learn.light[k])[:, None, None]).clamp(max=1)
        whole = plain < 1  # what is overexposed in steady light cannot be known in another
        assert whole.float().mean() > 0.95
        torch.testing.assert_close(expected[whole], changed[whole], rtol=0, atol=0.02)
        np.testing.assert_array_equal(video.mask(EVERY * k), one.learn.masks[k, 0].numpy())


def test_kept_labels_stay_and_teachers_err_by_as_much_as_they_are_told(one):
    good, bad, grown = one.warped(0.01), one.warped(0.08), one.grown(1)
    bent = one.bent(one.error(grown))
    for made in (good, bad, grown, bent):
        assert torch.equal(made[one.labelled], one.learn.masks[one.labelled])
        assert set(made.unique().tolist()) == {0.0, 1.0}
    assert one.error(one.learn.masks) == 0
    assert one.error(good) < one.error(bent) < one.error(bad)
    assert one.error(bent) == pytest.approx(one.error(grown), abs=0.01)
    assert (grown >= one.warped(0.0))[~one.labelled].all()
