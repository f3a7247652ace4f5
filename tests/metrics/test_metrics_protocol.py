"""From frames to a result under protocol `paper`: order of averaging, streaming, merging."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch

from rcrlib.errors import DataError, OptionError
from rcrlib.metrics import (
    SaliencyMetrics,
    f_measure,
    mae,
    precision_recall,
    s_measure,
)


def frames(count: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Return `(count, 1, 12, 10)` predictions on 8-bit levels, and masks they partly follow."""
    generator = torch.Generator().manual_seed(seed)
    masks = (torch.rand(count, 1, 12, 10, generator=generator) > 0.6).float()
    noise = torch.rand(count, 1, 12, 10, generator=generator)
    return ((0.5 * masks + 0.5 * noise) * 255).round() / 255, masks


def test_paper_averages_the_curves_before_f() -> None:
    predictions, masks = frames(7)
    metrics = SaliencyMetrics()
    metrics.update(predictions, masks)
    result = metrics.compute()
    pairs = [(p[0].double(), m[0]) for p, m in zip(predictions, masks, strict=True)]
    precision, recall = (
        torch.stack(curves).mean(0)
        for curves in zip(*(precision_recall(p, m) for p, m in pairs), strict=True)
    )
    assert torch.allclose(result.precision, precision)
    assert torch.allclose(result.recall, recall)
    assert result.max_f == pytest.approx(float(f_measure(precision, recall).max()))
    assert result.mean_f == pytest.approx(float(f_measure(precision, recall).mean()))
    assert result.s == pytest.approx(np.mean([s_measure(p, m) for p, m in pairs]), abs=1e-7)
    assert result.mae == pytest.approx(np.mean([mae(p, m) for p, m in pairs]), abs=1e-7)
    assert (result.protocol, result.frames) == ("paper", 7)


def test_f_of_the_means_is_not_the_mean_of_f() -> None:
    """One frame has P = 1, R = 1/5, one P = 1/5, R = 1: F of the means is 0.6, not 0.38."""
    one, every = torch.tensor([[1.0, 0, 0, 0, 0]]), torch.ones(1, 5)
    metrics = SaliencyMetrics()
    metrics.update(one, every)
    metrics.update(every, one)
    result = metrics.compute()
    assert float(f_measure(result.precision, result.recall)[255]) == pytest.approx(0.6)


def test_predictions_count_as_the_png_that_would_hold_them() -> None:
    generator = torch.Generator().manual_seed(3)
    prediction, mask = torch.rand(9, 9, generator=generator), torch.eye(9)
    in_memory, from_file = SaliencyMetrics(), SaliencyMetrics()
    in_memory.update(prediction, mask)
    from_file.update((prediction * 255).round() / 255, mask)
    for a, b in zip(scores(in_memory), scores(from_file), strict=True):
        assert a == b


def test_frames_one_by_one_equal_a_batch() -> None:
    predictions, masks = frames(6)
    batch, single = SaliencyMetrics(), SaliencyMetrics()
    batch.update(predictions, masks, video="a")
    for p, m in zip(predictions, masks, strict=True):
        single.update(p[0].numpy(), m[0].numpy(), video="a")
    assert scores(batch) == pytest.approx(scores(single), abs=1e-12)


def test_merge_equals_one_pass() -> None:
    predictions, masks = frames(9)
    whole, left, right = SaliencyMetrics(), SaliencyMetrics(), SaliencyMetrics()
    for start, video, part in [(0, "a", left), (3, "b", left), (6, "b", right)]:
        some = slice(start, start + 3)
        whole.update(predictions[some], masks[some], video)
        part.update(predictions[some], masks[some], video)
    before = scores(right)
    left.merge(right)
    assert scores(left) == pytest.approx(scores(whole), abs=1e-12)
    assert left.compute().frames == 9
    assert left.compute().per_video["b"].s == pytest.approx(whole.compute().per_video["b"].s)
    assert scores(right) == before


def test_the_order_of_whole_videos_changes_no_bit() -> None:
    predictions, masks = frames(8)
    forwards, backwards = SaliencyMetrics(), SaliencyMetrics()
    parts = [(predictions[i : i + 2], masks[i : i + 2], f"v{i}") for i in (0, 2, 4, 6)]
    for part in parts:
        forwards.update(*part)
    for part in reversed(parts):
        one = SaliencyMetrics()
        one.update(*part)
        backwards.merge(one)
    assert scores(forwards) == scores(backwards)
    assert torch.equal(forwards.compute().precision, backwards.compute().precision)


def test_each_video_has_its_own_scores() -> None:
    predictions, masks = frames(4)
    both, alone = SaliencyMetrics(), SaliencyMetrics()
    both.update(predictions[:3], masks[:3], "a")
    both.update(predictions[3:], masks[3:], "b")
    alone.update(predictions[3:], masks[3:], "b")
    per_video = both.compute().per_video
    assert list(per_video) == ["a", "b"]
    assert [s.frames for s in per_video.values()] == [3, 1]
    assert per_video["b"] == alone.compute().per_video["b"]
    assert per_video["b"].max_f == alone.compute().max_f


def test_memory_does_not_grow_with_the_frames() -> None:
    metrics = SaliencyMetrics()
    predictions, masks = frames(5)
    metrics.update(predictions, masks, "a")
    sizes = []
    for _ in range(3):
        metrics.update(predictions, masks, "a")
        sizes.append(len(pickle.dumps(metrics)))
    assert max(sizes) - min(sizes) < 32  # the number of a frame may take another byte


def test_what_is_above_a_threshold_between_two_levels_is_above_the_upper_one() -> None:
    """Of 255 thresholds from 0 to 255, the second is 1.004: level 1 is below it, 2 is not."""
    metrics = SaliencyMetrics(thresholds=255)
    metrics.update(torch.tensor([[1.0, 2.0]]) / 255, torch.ones(1, 2))
    assert metrics.compute().recall[:3].tolist() == [1, 0.5, 0]


def test_fewer_thresholds_are_a_subset_of_all() -> None:
    predictions, masks = frames(5)
    few, every = SaliencyMetrics(thresholds=16), SaliencyMetrics()
    few.update(predictions, masks)
    every.update(predictions, masks)
    assert few.compute().precision.shape == (16,)
    assert torch.equal(few.compute().recall, every.compute().recall[::17])
    assert few.compute().max_f <= every.compute().max_f


def test_empty_masks_count_with_an_f_of_zero() -> None:
    metrics = SaliencyMetrics()
    metrics.update(torch.zeros(4, 4), torch.zeros(4, 4))
    result = metrics.compute()
    assert (result.max_f, result.adp_f, result.s, result.mae) == (0, 0, 1, 0)


def test_bad_frames_are_refused_with_the_name_of_the_video_and_leave_no_trace() -> None:
    metrics = SaliencyMetrics()
    good = torch.zeros(2, 1, 3, 4)
    metrics.update(good, good, "swan")
    bad = good.clone()
    bad[1, 0, 0, 0] = float("nan")
    for prediction, mask, says in [
        (bad, good, "swan: prediction.*NaN"),
        (good, good[:1], "swan: the prediction is"),
        (good, good + 2, "swan: mask.*only 0 and 1"),
        (good.expand(2, 3, 3, 4), good.expand(2, 3, 3, 4), "swan: found 3 channels"),
        (good[:, 0], good[:, 0], r"swan: found the shape \(2, 3, 4\)"),
    ]:
        with pytest.raises(DataError, match=says):
            metrics.update(prediction, mask, "swan")
    assert metrics.compute().frames == 2


def test_impossible_options_are_refused() -> None:
    with pytest.raises(OptionError, match="paper"):
        SaliencyMetrics("papper")
    for thresholds in (1, 257):
        with pytest.raises(OptionError, match="2 to 256"):
            SaliencyMetrics(thresholds=thresholds)
    with pytest.raises(OptionError, match="do not merge"):
        SaliencyMetrics().merge(SaliencyMetrics(thresholds=128))
    with pytest.raises(DataError, match="no frame"):
        SaliencyMetrics().compute()


@pytest.mark.gpu
def test_gpu_and_cpu_agree() -> None:
    predictions, masks = frames(4)
    cpu, gpu = SaliencyMetrics(), SaliencyMetrics()
    cpu.update(predictions, masks)
    gpu.update(predictions.cuda(), masks.cuda())
    assert scores(gpu) == pytest.approx(scores(cpu), abs=1e-9)


def scores(metrics: SaliencyMetrics) -> list[float]:
    result = metrics.compute()
    named = vars(result)
    return [named[n] for n in ("max_f", "mean_f", "adp_f", "s", "mae", "max_e", "adp_e", "w_f")]
