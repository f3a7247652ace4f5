"""Means, deviations and intervals, against scipy's and against numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ttest_rel

from rcrlib.experiments.stats import over_seeds, over_videos, spread


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


def test_with_one_seed_the_bootstrap_is_over_videos_and_says_so():
    rng = np.random.default_rng(1)
    a, b = rng.uniform(size=40), rng.uniform(size=40)
    found = over_videos(a, b)
    differences = a - b
    error = differences.std(ddof=1) / np.sqrt(40)  # 40 videos: nearly normal
    assert found.mean == pytest.approx(differences.mean())
    assert (found.low, found.high) == pytest.approx(
        (found.mean - 1.96 * error, found.mean + 1.96 * error), abs=0.15 * error
    )
    assert "40 videos" in found.how
    assert "one seed" in found.how
    assert over_videos(a, b) == found  # the same resamples every time


def test_one_seed_on_one_video_has_no_interval():
    found = over_videos([0.5], [0.25])
    assert (found.mean, found.low, found.high) == (0.25, None, None)
