"""J and F of binary masks: by hand, against dilated contours, and against DAVIS' own code."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rcrlib.data import load, read_mask
from rcrlib.errors import DataError, OptionError
from rcrlib.metrics import SegmentationMetrics, boundary_f
from rcrlib.metrics.segmentation import contour


def test_the_contour_by_hand() -> None:
    """A pixel is on it when its right, lower or lower right neighbour is another."""
    mask = np.array([[0, 0, 0, 0], [0, 0, 1, 1], [0, 0, 1, 1], [0, 0, 0, 0]], bool)
    expected = [[0, 1, 1, 1], [0, 1, 0, 0], [0, 1, 1, 1], [0, 0, 0, 0]]
    assert contour(mask).astype(int).tolist() == expected


def test_boundary_f_by_hand() -> None:
    """An edge two columns off: within a reach of 2, not of 1."""
    left, right = np.zeros((20, 20), bool), np.zeros((20, 20), bool)
    left[:, 10:], right[:, 12:] = True, True
    assert boundary_f(left, right, tolerance=2 / math.hypot(20, 20)) == 1
    assert boundary_f(left, right, tolerance=1 / math.hypot(20, 20)) == 0


def test_the_tolerance_at_480p_is_eight_pixels() -> None:
    near, far, truth = (np.zeros((480, 854), bool) for _ in range(3))
    truth[:, 400:], near[:, 408:], far[:, 409:] = True, True, True
    assert boundary_f(near, truth) == 1
    assert boundary_f(far, truth) == 0


def test_masks_without_a_contour_agree_with_each_other_only() -> None:
    empty, full, half = np.zeros((9, 9)), np.ones((9, 9)), np.tri(9)
    assert boundary_f(empty, empty) == boundary_f(empty, full) == 1
    assert boundary_f(empty, half) == boundary_f(half, empty) == 0


@settings(max_examples=100, deadline=None)
@given(st.integers(2, 40), st.integers(2, 40), st.integers(0, 2**31), st.floats(0.001, 0.2))
def test_boundary_f_equals_the_definition_by_dilation(height, width, seed, tolerance) -> None:
    rng = np.random.default_rng(seed)
    a, b = (cv2.blur(rng.random((height, width)), (7, 7)) > 0.5 for _ in range(2))
    expected = f_by_dilation(a, b, math.ceil(tolerance * math.hypot(height, width)))
    assert boundary_f(a, b, tolerance) == pytest.approx(expected, abs=1e-12)


def f_by_dilation(a: np.ndarray, b: np.ndarray, reach: int) -> float:
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    disk = (x * x + y * y <= reach * reach).astype(np.uint8)
    ours, truth = contour(a), contour(b)
    if not ours.any() or not truth.any():
        return float(ours.any() == truth.any())
    wide = [cv2.dilate(c.astype(np.uint8), disk).astype(bool) for c in (truth, ours)]
    precision, recall = wide[0][ours].mean(), wide[1][truth].mean()
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def fed(scores: list[int], protocol: str = "all-frames") -> SegmentationMetrics:
    """Return frames of a video of 100 pixels whose J are the scores, in percent."""
    metrics = SegmentationMetrics(protocol)
    mask = np.ones((10, 10), bool)
    for score in scores:
        metrics.update((np.arange(100) < score).reshape(10, 10), mask, "v")
    return metrics


def test_mean_recall_and_decay_by_hand() -> None:
    """Quarters of nine frames are 1..3, 3..5, 5..7, 7..9; half is not more than half."""
    result = fed([90, 80, 70, 60, 50, 40, 30, 20, 10]).compute()
    assert result.j_mean == pytest.approx(0.5)
    assert result.j_recall == pytest.approx(4 / 9)
    assert result.j_decay == pytest.approx(0.8 - 0.2)


def test_davis16_leaves_the_first_and_the_last_frame_out() -> None:
    result = fed([0, 90, 70, 0], "davis16").compute()
    assert (result.frames, result.j_mean) == (2, pytest.approx(0.8))
    with pytest.raises(DataError, match="v: protocol 'davis16' leaves out"):
        fed([90, 70], "davis16").compute()


def test_videos_weigh_the_same_whatever_their_length() -> None:
    metrics = fed([100, 100, 100])
    metrics.update(np.zeros((10, 10), bool), np.ones((10, 10), bool), "w")
    assert metrics.compute().j_mean == 0.5


def test_soft_maps_are_cut_at_the_threshold_that_the_result_carries() -> None:
    soft, mask = torch.tensor([[0.5, 0.4], [0.6, 0.0]]), torch.tensor([[1, 0], [1, 0]])
    for threshold, j in ((0.5, 1.0), (0.4, 2 / 3), (0.55, 0.5)):
        metrics = SegmentationMetrics("all-frames", threshold)
        metrics.update(soft[None, None], mask[None, None])
        result = metrics.compute()
        assert (result.j_mean, result.threshold) == (pytest.approx(j), threshold)


def test_parts_merge_into_the_whole_and_no_frame_counts_twice() -> None:
    whole = fed([90, 80, 70, 60])
    left, right = SegmentationMetrics("all-frames"), SegmentationMetrics("all-frames")
    mask = np.ones((10, 10), bool)
    for number, score in enumerate([90, 80, 70, 60]):
        part = left if number % 2 else right
        part.update((np.arange(100) < score).reshape(10, 10), mask, "v", frames=[number])
    left.merge(right)
    assert vars(left.compute()) == vars(whole.compute())
    with pytest.raises(OptionError, match="v: frame 0 was measured before"):
        left.merge(right)


def test_impossible_options_and_maps_are_refused() -> None:
    with pytest.raises(OptionError, match="protocol 'davis': expected one of davis16, all-frames"):
        SegmentationMetrics("davis")
    with pytest.raises(OptionError, match="threshold 0"):
        SegmentationMetrics(threshold=0)
    with pytest.raises(OptionError, match="do not merge"):
        SegmentationMetrics().merge(SegmentationMetrics(threshold=0.4))
    with pytest.raises(DataError, match="no frame"):
        SegmentationMetrics().compute()
    with pytest.raises(DataError, match="swan: the prediction is"):
        SegmentationMetrics().update(torch.zeros(3, 3), torch.zeros(3, 4), "swan")
    with pytest.raises(DataError, match=r"swan: prediction.*NaN"):
        SegmentationMetrics().update(torch.full((3, 3), math.nan), torch.zeros(3, 3), "swan")


@pytest.mark.shared
def test_j_and_f_equal_those_of_davis_own_code(shared: Path) -> None:
    folder = shared / "reference" / "davis-jf"
    dataset = load(shared / "data" / "DAVIS2016", split="val")
    protocols = {"no_first_last": "davis16", "all": "all-frames"}
    metrics = {protocol: SegmentationMetrics(protocol) for protocol in protocols.values()}
    for video in dataset:
        for index in video.annotated:
            mask = read_mask(folder / "masks" / video.name / f"{video.frame_names[index]}.png")
            for gathered in metrics.values():
                gathered.update(mask.astype(bool), video.label(index), video.name, [index])
    got = {name: gathered.compute().per_video for name, gathered in metrics.items()}
    with (folder / "expected.csv").open() as file:
        for row in csv.DictReader(file):
            for column, protocol in protocols.items():
                scores = got[protocol][row["sequence"]]
                expected = float(row[f"J_mean_{column}"]), float(row[f"F_mean_{column}"])
                assert (scores.j_mean, scores.f_mean) == pytest.approx(expected, abs=1e-4)
