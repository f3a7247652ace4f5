"""`rcr bench data`: its rows say what was measured; how fast it was is for people to read."""

from __future__ import annotations

import pytest

from helpers.networks import NETWORK
from helpers.small_runs import one_thread, small_preset, write_videos
from rcrlib.bench.data import bench_data
from rcrlib.data import load
from rcrlib.errors import OptionError


@pytest.fixture
def videos(tmp_path):
    return load(write_videos(tmp_path / "set"), split="train")


def test_every_variant_has_its_row(videos):
    with one_thread():
        preset = small_preset()
        report = bench_data(videos, preset, workers=1, steps=2, rounds=1, device="cpu")
    assert preset.network == NETWORK
    assert [row["what"] for row in report.rows] == [
        "decoding alone", "reading, in this process", "reading, in 1 more", "training step alone",
        "training, read in this process", "training, read in 1 more",
    ]  # fmt: skip
    assert all(row["frames/s"] > 0 for row in report.rows)
    assert all(row["of decoding"] > 0 for row in report.rows[1:3])
    assert all(0 <= row["waits %"] <= 100 for row in report.rows[4:])
    assert "clips of 3 at 32x32, 2 a step" in report.title


@pytest.mark.parametrize("options", [{"workers": -1}, {"steps": 0}, {"rounds": 0}])
def test_options_out_of_range_are_refused(videos, options):
    with one_thread(), pytest.raises(OptionError):
        bench_data(videos, small_preset(), device="cpu", **{"workers": 0, "steps": 1, **options})
