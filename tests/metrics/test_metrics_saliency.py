"""The measures of one frame, against numbers worked out by hand and against plain NumPy."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rcrlib.errors import DataError
from rcrlib.metrics import (
    adaptive_e,
    adaptive_f,
    e_measure,
    f_measure,
    iou,
    mae,
    precision_recall,
    s_measure,
    s_object,
    s_region,
    weighted_f,
)


def one_pixel(height: int, width: int, y: int, x: int) -> torch.Tensor:
    mask = torch.zeros(height, width)
    mask[y, x] = 1
    return mask


def test_precision_and_recall_by_hand() -> None:
    prediction = torch.tensor([[1.0, 200 / 255], [100 / 255, 0.0]])
    mask = torch.tensor([[1, 0], [1, 0]])
    precision, recall = precision_recall(prediction, mask)
    assert precision.shape == recall.shape == (256,)
    assert precision.dtype == recall.dtype == torch.float64
    at = {0: (2 / 4, 1.0), 1: (2 / 3, 1.0), 100: (2 / 3, 1.0), 101: (0.5, 0.5), 201: (1.0, 0.5)}
    for threshold, expected in at.items():
        assert (float(precision[threshold]), float(recall[threshold])) == pytest.approx(expected)


def test_f_weighs_precision_with_three_tenths() -> None:
    f = f_measure(torch.tensor([0.5, 0.0, 1.0]), torch.tensor([0.8, 0.0, 1.0]))
    assert f.tolist() == pytest.approx([1.3 * 0.5 * 0.8 / (0.3 * 0.5 + 0.8), 0, 1])


def test_adaptive_f_thresholds_at_twice_the_mean() -> None:
    prediction = torch.tensor([[0.9, 0.5, 0.1, 0.1]])  # mean 0.4, threshold 0.8
    assert adaptive_f(prediction, torch.tensor([[1, 1, 0, 0]])) == pytest.approx(
        1.3 * 1 * 0.5 / (0.3 * 1 + 0.5)
    )


def test_adaptive_threshold_stops_at_one() -> None:
    assert adaptive_f(torch.tensor([[1.0, 0.9]]), torch.tensor([[1, 0]])) == 1


def test_mae_by_hand() -> None:
    assert mae(np.array([[0.25, 1.0]]), np.array([[0, 1]])) == pytest.approx(0.125)


def test_s_measure_by_hand() -> None:
    """Two quadrants, for there is one row; each value below is worked out.

    The centroid's column is 2.5, rounded half to even: 2, and it belongs to the left.
    """
    prediction = torch.tensor([[0.0, 0.5, 1.0, 0.5]])
    mask = torch.tensor([[0, 0, 1, 1]])
    # Left: means 1/2 and 1/3, squared deviations 1/2 and 2/3, their products 1/2. Right: 1 pixel.
    left = 4 * (1 / 2) * (1 / 3) * (1 / 2) / ((1 / 4 + 1 / 9) * (1 / 2 + 2 / 3))
    region = 3 / 4 * left + 1 / 4 * 1
    # Object: mean 3/4 and deviation sqrt(1/8) on both sides.
    likeness = 2 * 0.75 / (0.75**2 + 1 + math.sqrt(1 / 8))
    assert s_measure(prediction, mask) == pytest.approx((likeness + region) / 2)
    assert s_object(prediction, mask) == pytest.approx(likeness)
    assert s_region(prediction, mask) == pytest.approx(region)
    assert s_measure(prediction, mask, alpha=1) == pytest.approx(likeness)
    # Split before the centroid, the truth's mean is 0 on the left and nothing varies on the right.
    assert s_region(prediction, mask, "lower right") == 0


def test_e_measure_by_hand() -> None:
    """At t = 1, one of two salient pixels is right: means 2/4 and 1/4."""
    prediction, mask = torch.tensor([[1.0, 1.0, 0.0, 0.0]]), torch.tensor([[1, 0, 0, 0]])
    hit, miss = 2 * (1 / 2) * (3 / 4) / (1 / 4 + 9 / 16), 2 * (1 / 2) * (-1 / 4) / (1 / 4 + 1 / 16)
    rest = 2 * (-1 / 2) * (-1 / 4) / (1 / 4 + 1 / 16)
    expected = sum((1 + xi) ** 2 / 4 for xi in (hit, miss, rest, rest)) / 3
    assert float(e_measure(prediction, mask)[1]) == pytest.approx(expected)
    assert adaptive_e(prediction, mask) == pytest.approx(expected)


def test_e_of_an_empty_and_of_a_full_mask_is_the_share_that_agrees() -> None:
    prediction = torch.tensor([[1.0, 0.0, 0.0, 0.0]])
    assert float(e_measure(prediction, torch.zeros(1, 4))[1]) == pytest.approx(3 / 3)
    assert float(e_measure(prediction, torch.ones(1, 4))[1]) == pytest.approx(1 / 3)


def test_weighted_f_forgives_a_hole_and_weighs_what_is_far_off() -> None:
    mask = torch.zeros(40, 40)
    mask[10:20, 10:20] = 1
    hole, ring, far = mask.clone(), mask.clone(), mask.clone()
    hole[14:16, 14:16], ring[20, 10:14], far[35, 35:39] = 0, 1, 1
    assert weighted_f(mask, mask) == 1
    assert weighted_f(1 - mask, mask) == 0
    assert weighted_f(mask, torch.zeros(40, 40)) == 0
    assert 1 > weighted_f(hole, mask) > f_at_half(hole, mask)
    assert weighted_f(ring, mask) > weighted_f(far, mask)


def test_weighted_f_by_hand() -> None:
    """A single object pixel, missed by 0.4, and a false 0.5 five pixels off, which counts 3/2."""
    prediction, mask = torch.zeros(1, 20), torch.zeros(1, 20)
    mask[0, 8], prediction[0, 8], prediction[0, 13] = 1, 0.6, 0.5
    # Around the object, each pixel's error is the object's own; the window leaves the picture above
    # and below, so that only its middle row counts.
    bell = [math.exp(-(x**2) / 50) for x in range(-3, 4)]
    inside = 0.4 / sum(bell)
    recall, precision = 1 - inside, (1 - inside) / (1 - inside + 0.5 * 1.5)
    expected = 2 * recall * precision / (recall + precision)
    assert weighted_f(prediction, mask) == pytest.approx(expected, abs=1e-6)


def f_at_half(prediction: torch.Tensor, mask: torch.Tensor) -> float:
    precision, recall = (float(curve[128]) for curve in precision_recall(prediction, mask))
    return 2 * precision * recall / (precision + recall)


@pytest.mark.parametrize("value", [0.0, 0.3, 1.0])
def test_s_measure_of_an_empty_and_of_a_full_mask(value: float) -> None:
    prediction = torch.full((5, 7), value)
    assert s_measure(prediction, torch.zeros(5, 7)) == pytest.approx(1 - value)
    assert s_measure(prediction, torch.ones(5, 7)) == pytest.approx(value)


def test_f_with_an_empty_mask_is_zero() -> None:
    prediction, empty = torch.rand(5, 7), torch.zeros(5, 7)
    assert f_measure(*precision_recall(prediction, empty)).max() == 0
    assert adaptive_f(prediction, empty) == 0


def test_nothing_predicted_has_no_precision_above_threshold_zero() -> None:
    precision, recall = precision_recall(torch.zeros(3, 3), one_pixel(3, 3, 1, 1))
    assert precision[0] == pytest.approx(1 / 9)
    assert recall[0] == 1
    assert precision[1:].max() == recall[1:].max() == 0


BORDERS = {
    "first row": (slice(0, 1), slice(None)),
    "last row": (slice(-1, None), slice(None)),
    "first column": (slice(None), slice(0, 1)),
    "last column": (slice(None), slice(-1, None)),
    "first pixel": (slice(0, 1), slice(0, 1)),
    "last pixel": (slice(-1, None), slice(-1, None)),
}


@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.parametrize("size", [(6, 9), (1, 9), (6, 1), (2, 2)])
def test_masks_along_a_border_give_numbers(border: str, size: tuple[int, int]) -> None:
    mask = torch.zeros(size)
    mask[BORDERS[border]] = 1
    for prediction in (mask, 1 - mask, torch.full(size, 0.5), mask * 0.3 + 0.2):
        assert 0 <= s_measure(prediction, mask) <= 1
        assert not torch.stack(precision_recall(prediction, mask)).isnan().any()
    assert s_measure(mask, mask) == pytest.approx(1)


def test_a_single_pixel_is_measured() -> None:
    one = torch.ones(1, 1)
    assert s_measure(one, one) == mae(one, 0 * one) == adaptive_f(one, one) == 1


def test_constant_quadrants_are_alike_whatever_the_rounding_of_their_mean() -> None:
    """The mean of many 0.7 is not quite 0.7; common tools then see a variance."""
    mask = torch.zeros(10, 7)
    mask[5:] = 1
    prediction = torch.full((10, 7), 0.7, dtype=torch.float64)
    # The centroid's row is 7: below it, in 20 % of the area, prediction and mask are constant.
    assert s_measure(prediction, mask, alpha=0) == pytest.approx(0.2)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 12), st.integers(1, 12), st.integers(0, 2**31))
def test_s_measure_equals_a_transcription_in_numpy(height: int, width: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    prediction, mask = rng.random((height, width)), rng.random((height, width)) < rng.random()
    assert s_measure(prediction, mask) == pytest.approx(s_in_numpy(prediction, mask), abs=1e-12)


def s_in_numpy(p: np.ndarray, g: np.ndarray) -> float:
    if g.mean() in (0, 1):
        return float(p.mean() if g.mean() else 1 - p.mean())

    def likeness(x: np.ndarray) -> float:
        return 2 * x.mean() / (x.mean() ** 2 + 1 + (x.std(ddof=1) if x.size > 1 else 0))

    y, x = (round(c) + 1 for c in np.argwhere(g).mean(0))
    region = 0.0
    for part in (np.s_[:y, :x], np.s_[:y, x:], np.s_[y:, :x], np.s_[y:, x:]):
        a, b = p[part].ravel(), g[part].ravel().astype(float)
        if a.size == 0:
            continue
        if a.size == 1:
            region += 1 / g.size
            continue
        (vx, cov), (_, vy) = np.cov(a, b)
        bound = (a.mean() ** 2 + b.mean() ** 2) * (vx + vy)
        region += a.size / g.size * (4 * a.mean() * b.mean() * cov / bound if bound else 1)
    return max(0.0, (g.mean() * likeness(p[g]) + (1 - g.mean()) * likeness(1 - p[~g]) + region) / 2)


def test_iou_by_hand() -> None:
    a, b = np.array([[1, 1, 0]]), np.array([[0, 1, 1]])
    assert iou(a, b) == pytest.approx(1 / 3)
    assert iou(a, a) == 1
    assert iou(a, 0 * a) == 0
    assert iou(0 * a, torch.zeros(1, 3)) == 1


@pytest.mark.parametrize(
    "measure", [precision_recall, adaptive_f, mae, s_measure, e_measure, adaptive_e, weighted_f]
)
@pytest.mark.parametrize(
    ("prediction", "mask", "says"),
    [
        (torch.zeros(4, 4), torch.zeros(4, 5), r"\(4, 4\) and the mask \(4, 5\)"),
        (torch.full((4, 4), math.nan), torch.zeros(4, 4), "NaN"),
        (torch.full((4, 4), math.inf), torch.zeros(4, 4), "infinity"),
        (torch.full((4, 4), 1.5), torch.zeros(4, 4), r"1\.5.*\[0, 1\]"),
        (torch.full((4, 4), -0.1), torch.zeros(4, 4), "sigmoid"),
        (torch.zeros(4, 4, dtype=torch.uint8), torch.zeros(4, 4), "uint8.*255"),
        (np.zeros((4, 4), bool), np.zeros((4, 4)), "bool"),
        (torch.zeros(4, 4), torch.full((4, 4), 255), "255.*threshold"),
        (torch.zeros(4, 4), torch.full((4, 4), 0.5), "only 0 and 1"),
        (torch.zeros(4, 4), torch.full((4, 4), math.nan), "only 0 and 1"),
        (torch.zeros(4), torch.zeros(4), r"\(H, W\)"),
        (torch.zeros(0, 4), torch.zeros(0, 4), r"\(H, W\)"),
    ],
)
def test_what_cannot_be_measured_is_refused_in_one_line(measure, prediction, mask, says) -> None:
    with pytest.raises(DataError, match=says) as error:
        measure(prediction, mask)
    assert "\n" not in str(error.value)


def test_iou_refuses_other_sizes_and_grey() -> None:
    with pytest.raises(DataError, match="same size"):
        iou(torch.zeros(2, 2), torch.zeros(2, 3))
    with pytest.raises(DataError, match="only 0 and 1"):
        iou(torch.zeros(2, 2), torch.full((2, 2), 255))


def test_numpy_and_torch_of_any_precision_agree() -> None:
    prediction = torch.rand(6, 8, generator=torch.Generator().manual_seed(1)).half()
    mask = torch.zeros(6, 8, dtype=torch.bool)
    mask[2:5, 3:] = True
    flipped = prediction.numpy()[::-1], mask.numpy()[::-1].astype(np.uint8)
    back = (flipped[0][::-1], flipped[1][::-1])  # a view with strides that torch does not take
    assert s_measure(prediction, mask) == s_measure(*back)
    assert mae(prediction.double(), mask.float()) == mae(*back)


@pytest.mark.parametrize("excess", [-1e-8, 2e-7, 0.0019])
def test_what_rounding_left_outside_of_the_range_is_clamped(excess):
    mask = np.zeros((4, 5), bool)
    mask[1:3, 1:3] = True
    prediction = mask.astype(np.float32)
    prediction[0 if excess < 0 else 1, 1] += np.float32(excess)
    assert mae(prediction, mask) == pytest.approx(0, abs=1e-9)


def test_values_further_outside_are_refused_as_they_are():
    mask = np.ones((2, 2), bool)
    with pytest.raises(DataError, match=r"found values from 1 to 1\.0040001, expected"):
        mae(np.array([[1, 1], [1, 1.0040001]]), mask)
