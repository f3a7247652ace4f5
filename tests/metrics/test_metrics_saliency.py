"""The measures of one frame, against numbers worked out by hand and against plain NumPy."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rcrlib.errors import DataError
from rcrlib.metrics import adaptive_f, f_measure, iou, mae, precision_recall, s_measure


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
    """Two quadrants (the centroid is at row 0, column 2); each value below is worked out."""
    prediction = torch.tensor([[0.0, 0.5, 1.0, 0.5]])
    mask = torch.tensor([[0, 0, 1, 1]])
    # The centroid's column is 2.5, rounded half to even: 2. Left of it the truth's mean is 0, so 0;
    # right of it no covariance, so 0. Object: mean 3/4 and deviation sqrt(1/8) on both sides.
    likeness = 2 * 0.75 / (0.75**2 + 1 + math.sqrt(1 / 8))
    assert s_measure(prediction, mask) == pytest.approx(0.5 * likeness)
    assert s_measure(prediction, mask, alpha=1) == pytest.approx(likeness)
    assert s_measure(prediction, mask, alpha=0) == 0


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
    # The centroid's row is 7: below it, in 30 % of the area, prediction and mask are constant.
    assert s_measure(prediction, mask, alpha=0) == pytest.approx(0.3)


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

    y, x = (round(c) for c in np.argwhere(g).mean(0))
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


@pytest.mark.parametrize("measure", [precision_recall, adaptive_f, mae, s_measure])
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
