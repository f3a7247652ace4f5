"""Protocol arithmetic by hand: which frames count, and what is averaged before what.

Each frame below has four pixels, so that its precision and recall can be read off.
"""

from __future__ import annotations

import itertools
import multiprocessing

import pytest
import torch

from rcrlib.errors import DataError, OptionError
from rcrlib.metrics import SaliencyMetrics

# A mask of two pixels, and maps of two levels; between 0 and the upper level, thresholds agree.
MASK = torch.tensor([[1, 1, 0, 0]])
HALF = torch.tensor([[1.0, 0, 0, 0]])  # precision 1, recall 1/2
WIDE = torch.tensor([[1.0, 1, 1, 1]])  # precision 1/2, recall 1
GOOD = torch.tensor([[1.0, 1, 0, 0]])  # precision 1, recall 1
JUNK = torch.tensor([[0.0, 0, 1, 1]])  # precision 0, recall 0


def f(precision: float, recall: float) -> float:
    return 1.3 * precision * recall / (0.3 * precision + recall)


def fed(protocol: str) -> SaliencyMetrics:
    """Two videos: of the first, two frames lie between the ends, of the second, one."""
    metrics = SaliencyMetrics(protocol)
    for map_ in (JUNK, HALF, GOOD, JUNK):
        metrics.update(map_, MASK, "long")
    for map_ in (GOOD, JUNK, GOOD):
        metrics.update(map_, MASK, "short")
    return metrics


def test_davsod_takes_f_of_each_frame_then_of_videos_then_the_maximum() -> None:
    """Of the long video, F is 1.3/1.6 ... and 1, of the short one 0: mean of means, not of frames.

    Threshold 0 takes every pixel: precision 1/2, recall 1, F = f(1/2, 1) in every frame.
    """
    result = fed("davsod").compute()
    long = (f(1, 1 / 2) + f(1, 1)) / 2
    at_zero = f(1 / 2, 1)
    assert result.frames == 3
    assert result.max_f == pytest.approx(max((long + 0) / 2, at_zero))
    assert float(result.f[1]) == pytest.approx((long + 0) / 2)
    assert result.mean_f == pytest.approx((at_zero + 255 * (long + 0) / 2) / 256)
    assert result.per_video["long"].max_f == pytest.approx(long)
    assert result.mae == pytest.approx(((1 / 4 + 0) / 2 + 1) / 2)


def test_paper_takes_f_of_the_mean_precision_and_recall_of_all_frames() -> None:
    """Seven frames: precisions 0 1 1 0 1 0 1, recalls 0 1/2 1 0 1 0 1."""
    result = fed("paper").compute()
    assert result.frames == 7
    assert float(result.precision[1]) == pytest.approx(4 / 7)
    assert float(result.recall[1]) == pytest.approx(3.5 / 7)
    assert float(result.f[1]) == pytest.approx(f(4 / 7, 3.5 / 7))
    assert result.max_f == pytest.approx(max(f(4 / 7, 3.5 / 7), f(1 / 2, 1)))
    assert result.mae == pytest.approx((1 + 1 / 4 + 0 + 1 + 0 + 1 + 0) / 7)


def test_davsod_stretches_each_map_and_paper_takes_it_as_it_is() -> None:
    dim = 0.2 + 0.2 * GOOD
    numbers = {}
    for protocol in ("davsod", "paper"):
        metrics = SaliencyMetrics(protocol)
        for _ in range(3):
            metrics.update(dim, MASK, "v")
        numbers[protocol] = metrics.compute()
    assert numbers["davsod"].mae == 0
    assert numbers["paper"].mae == pytest.approx((0.6 + 0.6 + 0.2 + 0.2) / 4)
    assert numbers["davsod"].normalisation == "min-max per frame"
    assert numbers["paper"].normalisation == "none"


def test_e_and_s_are_averaged_by_video_under_davsod_and_by_frame_under_paper() -> None:
    of_frame = {}
    for name, map_ in {"half": HALF, "good": GOOD, "junk": JUNK, "wide": WIDE}.items():
        one = SaliencyMetrics()
        one.update(map_, MASK)
        of_frame[name] = one.compute()
    davsod, paper = fed("davsod").compute(), fed("paper").compute()
    for name in ("s", "w_f", "adp_f", "adp_e"):
        half, good, junk = (getattr(of_frame[frame], name) for frame in ("half", "good", "junk"))
        assert getattr(davsod, name) == pytest.approx(((half + good) / 2 + junk) / 2)
        assert getattr(paper, name) == pytest.approx((3 * junk + half + 3 * good) / 7)
    curves = [of_frame[frame].e for frame in ("half", "good", "junk")]
    mean = ((curves[0] + curves[1]) / 2 + curves[2]) / 2
    assert davsod.max_e == pytest.approx(float(mean.max()))
    assert davsod.mean_e == pytest.approx(float(mean.mean()))


def test_the_ends_are_found_by_number_in_whatever_order_frames_come() -> None:
    expected = vars(fed("davsod").compute().per_video["long"])
    # These are taken at the set's threshold, which is another one without the other videos.
    expected = {name: x for name, x in expected.items() if not name.endswith("_at")}
    for order in itertools.permutations(enumerate((JUNK, HALF, GOOD, JUNK))):
        metrics = SaliencyMetrics("davsod")
        for number, map_ in order:
            metrics.update(map_, MASK, "long", frames=[number])
        found = metrics.compute()
        mine = vars(found.per_video["long"])
        assert {name: mine[name] for name in expected} == pytest.approx(expected)
        assert mine["f_at"] == pytest.approx(found.max_f)  # there is no other video


def test_a_video_of_which_nothing_is_left_is_named() -> None:
    metrics = SaliencyMetrics("davsod")
    metrics.update(GOOD, MASK, "swan")
    metrics.update(GOOD, MASK, "swan")
    with pytest.raises(
        DataError, match=r"swan: protocol 'davsod' leaves out.*use protocol 'paper'"
    ):
        metrics.compute()


def test_frame_numbers_have_to_be_as_many_as_frames() -> None:
    with pytest.raises(OptionError, match="v: 2 frame numbers for 1 frames"):
        SaliencyMetrics().update(GOOD, MASK, "v", frames=[0, 1])


@pytest.mark.parametrize("protocol", ["paper", "davsod"])
def test_two_processes_merge_into_the_result_of_one(protocol: str) -> None:
    """Every video is spread over both processes."""
    whole = SaliencyMetrics(protocol)
    for number in range(8):
        add(whole, number)
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        left, right = pool.starmap(share, [(protocol, range(0, 8, 2)), (protocol, range(1, 8, 2))])
    left.merge(right)
    one, two = vars(whole.compute()), vars(left.compute())
    numbers = [name for name, value in one.items() if isinstance(value, (int, float))]
    assert {n: two[n] for n in numbers} == pytest.approx({n: one[n] for n in numbers}, abs=1e-12)
    assert torch.allclose(one["f"], two["f"], atol=1e-12)


def test_parts_of_a_video_without_numbers_do_not_merge_where_its_ends_matter() -> None:
    """Both would count from 0, and a frame of the middle would be taken for the last one."""
    left, right = fed("davsod"), fed("davsod")
    before = vars(left.compute())
    with pytest.raises(OptionError, match=r"long: both parts have a frame 0.*numbers"):
        left.merge(right)
    assert vars(left.compute())["mae"] == before["mae"]
    both = fed("paper")
    both.merge(fed("paper"))
    assert both.compute().frames == 14


def share(protocol: str, numbers: range) -> SaliencyMetrics:
    metrics = SaliencyMetrics(protocol)
    for number in numbers:
        add(metrics, number)
    return metrics


def add(metrics: SaliencyMetrics, number: int) -> None:
    generator = torch.Generator().manual_seed(number)
    for video in ("a", "b"):
        mask = (torch.rand(9, 7, generator=generator) > 0.5).float()
        map_ = (mask + torch.rand(9, 7, generator=generator)) / 2
        metrics.update(map_, mask, video, frames=[number])
