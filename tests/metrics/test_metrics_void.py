"""Void pixels are not counted: by hand, against cropped frames, and fast against readable."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
import torch

from helpers import oracle
from rcrlib.errors import DataError
from rcrlib.metrics import (
    SaliencyMetrics,
    SegmentationMetrics,
    adaptive_e,
    adaptive_f,
    boundary_f,
    e_measure,
    f_measure,
    iou,
    mae,
    precision_recall,
    s_measure,
    stretch,
    weighted_f,
)
from rcrlib.metrics.counts import _count_by_torch, _splits, count_levels

MAP = np.uint8([[255, 0, 255, 0]])
MASK = np.uint8([[1, 1, 255, 0]])  # 255: as Pascal VOC's files mark void
VOID = np.array([[False, False, True, False]])

seeds = pytest.mark.parametrize("seed", range(12))


def test_the_measures_by_hand() -> None:
    """What counts: a hit, a miss, and a rejection. Predicted 1 0 0, true 1 1 0.

    E: less their means 1/3 and 2/3, xi is 0.8, -1 and 0.8. S: the object is 1 and 0, of deviation
    sqrt(1/2), the background 0; the column of the centroid is alike, the rest is not at all.
    """
    metrics = SaliencyMetrics()
    (frame,) = metrics.update(MAP, MASK, void=VOID)
    objects = (2 * 2 * 0.5 / (0.25 + 1 + math.sqrt(0.5)) + 1) / 3
    assert frame.precision[1:].tolist() == [1] * 255
    assert frame.recall[1:].tolist() == [0.5] * 255
    assert frame.precision[0] == pytest.approx(2 / 3)
    assert frame.mae == pytest.approx(1 / 3)
    assert frame.e[1:] == pytest.approx((1.8**2 + 0 + 1.8**2) / 4 / (3 - 1))
    assert frame.adp_f == pytest.approx(1.3 * 0.5 / (0.3 + 0.5))
    assert frame.s == pytest.approx((objects + 1 / 3) / 2)


def test_a_map_is_stretched_between_the_levels_that_count() -> None:
    metrics = SaliencyMetrics("sod")
    metrics.update(
        np.uint8([[51, 102, 255, 0]]), np.uint8([[0, 1, 1, 0]]), void=np.array([[0, 0, 1, 1]])
    )
    assert metrics.compute().mae == 0


@pytest.mark.parametrize("protocol", ["paper", "sod"])
@seeds
def test_void_rows_and_columns_at_the_border_are_as_good_as_cut_off(seed: int, protocol: str):
    levels, mask, _ = frame_of(seed)
    void = np.ones_like(mask)
    inner = slice(3, 15), slice(2, -4)
    void[inner] = False
    whole, cut = SaliencyMetrics(protocol), SaliencyMetrics(protocol)
    whole.update(levels, mask, void=void)
    cut.update(levels[inner], mask[inner])
    assert numbers(whole) == pytest.approx(numbers(cut), abs=1e-6)


@pytest.mark.parametrize("min_max", [False, True])
@seeds
def test_the_fast_path_has_the_numbers_of_the_equations(seed: int, min_max: bool) -> None:
    levels, mask, void = frame_of(seed)
    metrics = SaliencyMetrics("sod" if min_max else "paper")
    (fast,) = metrics.update(levels, mask, void=void)
    p, g, v = torch.from_numpy(levels / 255), torch.from_numpy(mask), torch.from_numpy(void)
    precision, recall = precision_recall(p, g, min_max=min_max, void=v)
    e = e_measure(p, g, min_max=min_max, void=v)
    if min_max:
        p = p.clone()
        p[~v] = stretch(p[~v])
    readable = {
        "precision": precision.numpy(), "recall": recall.numpy(),
        "f": f_measure(precision, recall).numpy(), "e": e.numpy(),
        "adp_f": adaptive_f(p, g, void=v), "adp_e": adaptive_e(p, g, void=v),
        "s": s_measure(p, g, void=v), "mae": mae(p, g, void=v),
        "w_f": weighted_f(p, g, void=v),
    }  # fmt: skip
    answers = vars(fast) | {"w_f": metrics.compute().w_f}
    assert oracle.differing(answers, readable, 1e-6) == set()


@seeds
def test_what_map_and_mask_hold_in_void_changes_no_bit(seed: int) -> None:
    levels, mask, void = frame_of(seed)
    one, other = SaliencyMetrics("sod"), SaliencyMetrics("sod")
    one.update(levels, mask, void=void)
    foreign = np.where(void, 255, mask).astype(np.uint8)
    other.update(np.where(void, 255 - levels, levels).astype(np.uint8), foreign, void=void)
    assert numbers(one) == numbers(other)


@seeds
def test_where_nothing_is_void_no_bit_changes(seed: int) -> None:
    levels, mask, void = frame_of(seed)
    without, with_none = SaliencyMetrics(), SaliencyMetrics()
    without.update(levels, mask)
    with_none.update(levels, mask, void=np.zeros_like(void))
    assert numbers(without) == numbers(with_none)


@seeds
def test_both_ways_of_counting_leave_void_out(seed: int) -> None:
    levels, mask, void = (torch.from_numpy(part)[None] for part in frame_of(seed))
    mask = mask & ~void
    (counts,) = count_levels(levels, mask, counted=~void)
    (other,) = _count_by_torch(levels, mask, ~void, _splits(mask, "upper left"))
    assert counts.sum() == (~void).sum()
    assert np.array_equal(counts, other)


def test_a_batch_has_void_of_its_own_in_each_frame() -> None:
    frames = [frame_of(seed, rows=20) for seed in range(3)]
    batch, single = SaliencyMetrics(), SaliencyMetrics()
    parts = zip(*frames, strict=True)
    levels, masks, voids = (torch.from_numpy(np.stack(part))[:, None] for part in parts)
    batch.update(levels, masks, void=voids)
    for level, mask, void in frames:
        single.update(level, mask, void=void)
    assert numbers(batch) == pytest.approx(numbers(single), abs=1e-12)


def test_void_that_cannot_be_is_refused_and_leaves_no_trace() -> None:
    good, nowhere = torch.zeros(2, 1, 3, 4), torch.zeros(2, 1, 3, 4, dtype=torch.bool)
    all_void = nowhere.clone()
    all_void[1] = True
    metrics = SaliencyMetrics()
    for void, says in [
        (all_void, "swan: frame 1 of 2: every pixel is void"),
        (nowhere[:1], r"swan: void is \(1, 1, 3, 4\) and the mask \(2, 1, 3, 4\)"),
        (nowhere + 2, "swan: void: found the value 2, expected only 0 and 1"),
    ]:
        with pytest.raises(DataError, match=says):
            metrics.update(good, good, "swan", void=void)
    with pytest.raises(DataError, match="no frame"):
        metrics.compute()
    with pytest.raises(DataError, match=r"^every pixel is void"):
        mae(torch.zeros(2, 2), torch.zeros(2, 2), void=torch.ones(2, 2))


def test_j_counts_void_neither_in_the_intersection_nor_in_the_union() -> None:
    """One hit, one false alarm, one miss; the false alarm is void, then the hit, then both."""
    prediction, mask = np.array([[1, 1, 0, 0]]), np.array([[1, 0, 1, 0]])
    assert iou(prediction, mask) == 1 / 3
    for void, j in [([0, 1, 0, 0], 1 / 2), ([1, 0, 0, 0], 0), ([1, 1, 1, 0], 1)]:
        assert iou(prediction, mask, void=np.array([void])) == j
    assert iou(prediction, np.array([[1, 255, 1, 0]]), void=np.array([[0, 1, 0, 0]])) == 1 / 2


def test_f_takes_both_masks_for_empty_in_void() -> None:
    """The edges are two columns apart, and what lies between them is void."""
    left, right, between = (np.zeros((20, 20), bool) for _ in range(3))
    left[:, 10:], right[:, 12:], between[:, 10:12] = True, True, True
    reach = 1 / math.hypot(20, 20)
    assert boundary_f(left, right, reach) == 0
    assert boundary_f(left, right, reach, void=between) == 1


def test_an_object_that_reaches_into_void_has_its_contour_along_it() -> None:
    """Without void the objects have the same one edge; with it, the true one ends at column 15."""
    truth, prediction, void = (np.zeros((20, 20), bool) for _ in range(3))
    truth[:, 5:], prediction[:, 5:15], void[:, 15:] = True, True, True
    assert boundary_f(prediction, truth, void=void) == 1
    void[:, 15:] = False
    void[:, 18:] = True  # contours: truth at 4 and 17, prediction at 4 and 14
    reach = 1 / math.hypot(20, 20)
    assert boundary_f(prediction, truth, reach, void=void) == pytest.approx(1 / 2)


@seeds
def test_j_and_f_are_those_of_the_masks_zeroed_in_void(seed: int) -> None:
    levels, mask, void = frame_of(seed)
    salient = levels > 127
    metrics = SegmentationMetrics("all-frames")
    batch = [torch.from_numpy(part)[None, None] for part in (salient, mask, void)]
    ((j, f),) = metrics.update(batch[0], batch[1], void=batch[2])
    assert j == iou(salient & ~void, mask & ~void) == iou(salient, mask, void=void)
    assert f == boundary_f(salient & ~void, mask & ~void) == boundary_f(salient, mask, void=void)


def test_where_nothing_is_void_j_and_f_stay() -> None:
    levels, mask, void = frame_of(1)
    a, b = SegmentationMetrics("all-frames"), SegmentationMetrics("all-frames")
    assert a.update(levels / 255, mask) == b.update(levels / 255, mask, void=np.zeros_like(void))


def test_a_frame_that_is_all_void_has_two_empty_masks() -> None:
    ones = np.ones((4, 4), bool)
    assert SegmentationMetrics().update(ones, ~ones, void=ones) == [(1, 1)]


def frame_of(seed: int, rows: int | None = None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw a map (uint8) that partly follows a mask (bool), and blobs of void (bool)."""
    rng = np.random.default_rng(seed)
    size = (rows or 18 + seed, 23)
    mask, void = (cv2.blur(rng.random(size), (5, 5)) > cut for cut in (0.5, 0.55))
    levels = np.where(mask, 90, 20) + rng.integers(0, 120, size)
    return levels.astype(np.uint8), mask, void


def numbers(metrics: SaliencyMetrics) -> dict[str, float]:
    scores = vars(metrics.compute().per_video[""])
    return {name: value for name, value in scores.items() if name != "frames"}
