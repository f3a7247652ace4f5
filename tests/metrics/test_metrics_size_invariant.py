"""Size-invariant MAE and F: worked by hand, and against pysodmetrics."""

from __future__ import annotations

import cv2
import numpy as np
import py_sod_metrics
import pytest
import torch

from rcrlib.metrics import mae, si_f_measure, si_mae


def two_objects() -> tuple[torch.Tensor, torch.Tensor]:
    """Draw an object of one pixel that is missed, one of four that is found, and a half alarm."""
    mask = torch.zeros(4, 6)
    mask[0, 0] = 1
    mask[2:, 3:5] = 1
    prediction = mask.clone()
    prediction[0, 0] = 0
    prediction[0, 5] = 0.5
    return prediction, mask


def test_by_hand() -> None:
    """The boxes have 1 and 4 of 24 pixels, so alpha is 19/5; the background's MAE is 0.5/19."""
    prediction, mask = two_objects()
    assert mae(prediction, mask) == 1.5 / 24
    expected = (1 + 0 + 19 / 5 * 0.5 / 19) / (2 + 19 / 5)
    assert si_mae(prediction, mask, min_area=1) == pytest.approx(expected, abs=1e-12)
    f = si_f_measure(prediction, mask, min_area=1)
    assert f[1:].tolist() == [0.5] * 255  # (0 + 1) / 2, the false alarm is in no box
    assert float(f[0]) == 1  # at 0 all of both boxes is predicted, and they are full


def test_a_part_that_is_too_small_is_no_object_of_its_own() -> None:
    prediction, mask = two_objects()
    assert si_mae(prediction, mask, min_area=2) == pytest.approx(
        (0 + 20 / 4 * 1.5 / 20) / (1 + 20 / 4)
    )
    assert si_mae(prediction, mask) == si_mae(prediction, mask, min_area=2)  # the largest stays


def test_an_empty_mask_and_one_whose_box_is_the_picture() -> None:
    half = torch.full((3, 4), 0.5)
    assert si_mae(half, torch.zeros(3, 4)) == si_mae(half, torch.ones(3, 4)) == 0.5
    assert si_f_measure(half, torch.zeros(3, 4)).max() == 0


@pytest.mark.parametrize("seed", range(8))
def test_random_frames_have_the_numbers_of_pysodmetrics(seed: int) -> None:
    """At threshold 0 it also counts what lies outside of the box."""
    rng = np.random.default_rng(seed)
    size = (60, 80)
    mask = cv2.blur(rng.random(size), (13, 13)) > 0.53
    mask[:2] = False
    levels = np.where(mask, 90, 20) + rng.integers(0, 120, size)
    prediction = levels / 255
    theirs = py_sod_metrics.SizeInvarianceMAE()
    theirs.step(prediction, mask, normalize=False)
    assert si_mae(prediction, mask) == pytest.approx(theirs.get_results()["si_mae"], abs=1e-6)
    handler = py_sod_metrics.FmeasureHandler(
        beta=0.3, with_dynamic=True, with_adaptive=False, sample_based=True
    )
    f = py_sod_metrics.SizeInvarianceFmeasureV2({"fm": handler})
    f.step(prediction, mask, normalize=False)
    curve = np.mean(f.get_results()["fm"]["dynamic"][0], axis=0)[::-1]
    assert si_f_measure(prediction, mask)[1:].numpy() == pytest.approx(curve[1:], abs=1e-6)
