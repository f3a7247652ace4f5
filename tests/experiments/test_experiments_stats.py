"""Means, deviations and intervals, against scipy's and against numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ttest_rel

from rcrlib.experiments.stats import (
    over_seeds,
    over_seeds_and_videos,
    over_videos,
    pseudo_values,
    spread,
)
from rcrlib.metrics import f_measure


def test_the_deviation_is_that_of_a_sample():
    found = spread([0.1, 0.2, 0.6])
    assert found.mean == pytest.approx(0.3)
    assert found.deviation == pytest.approx(np.sqrt((0.04 + 0.01 + 0.09) / 2))
    assert spread([0.5]).deviation is None


def test_the_interval_over_seeds_is_scipys_of_the_paired_t_test():
    a, b = [0.61, 0.70, 0.66, 0.58], [0.55, 0.69, 0.60, 0.59]
    found, theirs = over_seeds(a, b), ttest_rel(a, b).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((theirs.low, theirs.high))
    assert found.mean == pytest.approx(np.mean(a) - np.mean(b))
    assert found.how == "paired over 4 seeds, t interval"


def test_two_seeds_give_the_interval_of_one_degree_of_freedom():
    found = over_seeds([0.5, 0.7], [0.4, 0.4])  # differences 0.1 and 0.3; t = 12.7062
    assert found.mean == pytest.approx(0.2)
    assert found.high - found.mean == pytest.approx(12.7062 * 0.1, rel=1e-4)


def test_pairing_takes_away_what_seeds_have_in_common():
    found = over_seeds([0.1, 0.5, 0.9], [0.0, 0.4, 0.8])
    assert (found.low, found.high) == pytest.approx((0.1, 0.1))


def test_with_one_seed_the_interval_is_over_videos_and_says_so():
    a, b = [0.61, 0.70, 0.66, 0.58, 0.71], [0.55, 0.69, 0.60, 0.59, 0.50]
    found, theirs = over_videos(a, b), ttest_rel(a, b).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((theirs.low, theirs.high))
    assert found.how == "one seed, paired over 5 videos, t interval"


def test_one_seed_on_one_video_has_no_interval():
    found = over_videos([0.5], [0.25])
    assert (found.mean, found.low, found.high) == (0.25, None, None)


def coverage(differences: np.ndarray) -> float:
    """Tell how often the interval of (N, S, V) differences around a truth of 0 covers it."""
    found = [
        over_videos(one[0], np.zeros(one.shape[1]))
        if len(one) == 1
        else over_seeds_and_videos(one, np.zeros_like(one))
        for one in differences
    ]
    return float(np.mean([one.low <= 0 <= one.high for one in found]))


@pytest.mark.parametrize("videos", [8, 12])
def test_the_interval_over_videos_covers_the_truth_in_94_of_100_cases(videos, full):
    cases = 20_000 if full else 4_000
    rng = np.random.default_rng(0)
    covered = coverage(rng.standard_normal((cases, 1, videos)))
    assert covered >= 0.94 - 2 * np.sqrt(0.94 * 0.06 / cases)


@pytest.mark.parametrize("shape", [(2, 8), (3, 8), (3, 12), (5, 8)], ids=str)
@pytest.mark.parametrize(
    ("of_videos", "of_seeds", "of_rest"),
    [(1, 0, 0.5), (0, 1, 0.5), (1, 1, 1), (1, 0.5, 0.5), (0.5, 0.3, 1), (0, 0, 1)],
)
def test_the_interval_over_seeds_and_videos_covers_the_truth_in_94_of_100_cases(
    shape, of_videos, of_seeds, of_rest, full
):
    """Whichever effect is the larger: which videos are in the set, or which seeds were run."""
    cases = 20_000 if full else 1_500
    (seeds, videos), rng = shape, np.random.default_rng(1)
    differences = of_videos * rng.standard_normal((cases, 1, videos))
    differences = differences + of_seeds * rng.standard_normal((cases, seeds, 1))
    differences = differences + of_rest * rng.standard_normal((cases, seeds, videos))
    assert coverage(differences) >= 0.94 - 2 * np.sqrt(0.94 * 0.06 / cases)


def test_a_percentile_bootstrap_over_8_videos_would_not_cover_it():
    rng = np.random.default_rng(2)
    differences = rng.standard_normal((1_000, 8))
    chosen = rng.integers(0, 8, (1_000, 1_000, 8))
    means = np.take_along_axis(differences[:, None], chosen, axis=2).mean(axis=2)
    low, high = np.percentile(means, [2.5, 97.5], axis=1)
    assert np.mean((low <= 0) & (high >= 0)) < 0.92


def test_pseudo_values_of_a_mean_are_the_values():
    values = np.array([0.2, 0.5, 0.9])
    assert pseudo_values([values], np.mean) == pytest.approx(values)


def test_pseudo_values_of_f_are_close_to_the_sets_own():
    rng = np.random.default_rng(0)
    precision, recall = rng.uniform(0.6, 0.9, (2, 8))

    def f_of_means(p: np.ndarray, r: np.ndarray) -> float:
        return f_measure(float(p.mean()), float(r.mean()))

    found = pseudo_values([precision, recall], f_of_means)
    assert found.mean() == pytest.approx(f_of_means(precision, recall), abs=1e-3)
