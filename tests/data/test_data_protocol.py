from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rcrlib.data import (
    Interval,
    clips,
    dataset_intervals,
    dataset_triplets,
    intervals,
    keep_labels,
    keep_one_in,
    load,
    triplets,
)
from rcrlib.errors import DataError, OptionError

ANNOTATED = st.sets(st.integers(0, 2000), max_size=60).map(sorted)


@st.composite
def m_and_l(draw: st.DrawFn) -> tuple[int, int]:
    l = draw(st.integers(1, 25))
    return draw(st.integers(0, l - 1)), l


@given(ANNOTATED, st.integers(1, 30))
def test_kept_labels_are_one_in_l_from_the_first(annotated, l):
    kept = keep_one_in(annotated, l)
    assert kept == tuple(frame for position, frame in enumerate(annotated) if position % l == 0)


@given(ANNOTATED, m_and_l())
def test_targets_are_annotated_distinct_and_strictly_inside(annotated, ml):
    m, l = ml
    kept = keep_one_in(annotated, l)
    found = intervals(annotated, l, m)
    assert [(interval.i, interval.j) for interval in found] == list(pairwise(kept))
    for interval in found:
        assert len(set(interval.targets)) == len(interval.targets) == m
        assert list(interval.targets) == sorted(interval.targets)
        assert set(interval.targets) <= set(annotated)
        assert all(interval.i < k < interval.j for k in interval.targets)


@given(m_and_l())
def test_targets_are_evenly_spaced(ml):
    m, l = ml
    (interval,) = intervals(range(l + 1), l, m)
    stops = [interval.i, *interval.targets, interval.j]
    steps = [after - before for before, after in pairwise(stops)]
    assert max(steps) - min(steps) <= 1


@given(ANNOTATED, st.integers(1, 25))
def test_all_frames_between_are_targets_where_m_is_l_less_1(annotated, l):
    for interval in intervals(annotated, l, l - 1):
        inside = [frame for frame in annotated if interval.i < frame < interval.j]
        assert list(interval.targets) == inside


def test_vos_1_in_5_lands_on_annotated_frames_only():
    annotated = range(0, 15 * 11, 15)
    assert intervals(annotated, 5, 1) == (Interval(0, 75, (45,)), Interval(75, 150, (120,)))


def test_seven_targets_in_twenty_are_those_worked_out_by_hand():
    (interval,) = intervals(range(21), 20, 7)
    assert interval.targets == (3, 5, 8, 10, 13, 15, 18)  # 2.5, 5, 7.5, ... rounded half up


@given(ANNOTATED, st.integers(1, 5), st.integers(0, 40))
def test_raw_frames_are_chosen_inside_and_all_of_them_where_there_are_few(annotated, l, m):
    for interval in intervals(annotated, l, m, unit="frames"):
        inside = interval.j - interval.i - 1
        assert len(set(interval.targets)) == min(m, inside)
        assert all(interval.i < k < interval.j for k in interval.targets)


def test_raw_frames_are_evenly_spaced():
    assert intervals([0, 40], 1, 3, unit="frames") == (Interval(0, 40, (10, 20, 30)),)


@pytest.mark.parametrize(
    ("l", "m", "unit", "message"),
    [
        (0, 0, "annotated", "l=0: one label in l is kept"),
        (5, -1, "annotated", "m=-1: the number of pseudo-labels"),
        (5, 5, "annotated", "m=5, l=5: .* give m <= 4, or place them on any frames"),
        (5, 1, "seconds", "unit='seconds': expected 'annotated' or 'frames'"),
    ],
)
def test_impossible_protocols_are_refused(l, m, unit, message):
    with pytest.raises(OptionError, match=message):
        intervals(range(10), l, m, unit)


def test_triplets_further_apart_come_after_neighbours():
    assert triplets((0, 5, 10, 15, 20), apart=2) == (
        (0, 5, 10), (5, 10, 15), (10, 15, 20), (0, 10, 20)
    )  # fmt: skip
    with pytest.raises(OptionError, match="apart=0: "):
        triplets((0, 5, 10), apart=0)


@given(ANNOTATED)
def test_triplets_are_neighbours_among_kept_labels(kept):
    found = triplets(kept)
    assert len(found) == max(len(kept) - 2, 0)
    assert [k for _, k, _ in found] == kept[1:-1]
    assert all(kept.index(j) - kept.index(i) == 2 for i, _, j in found)


@given(ANNOTATED, st.integers(1, 8), st.integers(1, 8))
def test_clips_cover_every_frame_and_none_comes_twice(frames, length, stride):
    found = clips(frames, length, min(stride, length))
    assert len(set(found)) == len(found)
    assert {frame for clip in found for frame in clip} == set(frames)
    assert all(len(clip) == min(length, len(frames)) for clip in found)


def test_last_clip_is_aligned_to_the_end():
    assert clips(range(10), 4) == ((0, 1, 2, 3), (4, 5, 6, 7), (6, 7, 8, 9))
    assert clips(range(8), 4) == ((0, 1, 2, 3), (4, 5, 6, 7))
    assert clips([5, 9], 4) == ((5, 9),)
    assert clips([], 4) == ()


@pytest.mark.parametrize(("length", "stride"), [(0, None), (4, 0), (4, 5)])
def test_impossible_clips_are_refused(length, stride):
    with pytest.raises(OptionError, match="clip"):
        clips(range(10), length, stride)


@pytest.fixture
def dataset(mini):
    mini.video("long/frames", "long/labels", count=9)
    mini.video("short/frames", "short/labels", count=2)
    return load(mini.root)


def test_dataset_keeps_labels_and_finds_intervals(dataset):
    kept = keep_labels(dataset, 4)
    assert kept["long"].annotated == (0, 4, 8)
    assert kept["short"].annotated == (0,)
    assert dataset_intervals(dataset, 4, 1) == {
        "long": (Interval(0, 4, (2,)), Interval(4, 8, (6,))),
        "short": (),
    }
    assert dataset_triplets(kept) == {"long": ((0, 4, 8),), "short": ()}


def test_too_few_labels_say_which_video_has_most(dataset):
    with pytest.raises(DataError, match=r"needs 3 kept labels .* long has most, with 2; lower --l"):
        dataset_triplets(keep_labels(dataset, 8))
    with pytest.raises(DataError, match=r"needs 2 kept labels .* has most, with 1; lower --l"):
        dataset_intervals(dataset, 20, 1)
    bare = replace(dataset, videos=tuple(video.with_labels({}) for video in dataset))
    with pytest.raises(DataError, match="needs at least 1 label"):
        keep_labels(bare, 2)
