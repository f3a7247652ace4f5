"""`rcr bench metrics`, and the script that compares with pysodmetrics, on a few small masks."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.small_runs import write_videos
from rcrlib.bench import bench_metrics, evaluate_from_disk, write_maps_and_masks
from rcrlib.bench import metrics as of_metrics

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "metrics.py"


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_videos(tmp_path_factory.mktemp("metrics") / "set", videos=2, frames=4)


def test_evaluation_is_measured_in_memory_and_from_disk(videos, monkeypatch):
    measured = []
    monkeypatch.setattr(of_metrics, "peak_memory", lambda *given: measured.append(given) or 1.0)
    report = bench_metrics(videos, "train", frames=4, rounds=2)
    assert [row["what"] for row in report.rows] == [
        "F + S + MAE, in memory", "all nine numbers, from PNG files"
    ]  # fmt: skip
    assert all(row["ms/frame"] > 0 and len(row["seconds"]) == 2 for row in report.rows)
    assert "4 frames of set" in report.title
    assert "peak memory" in report.notes[0]
    assert [one_in for _, _, one_in in measured] == [4, 1]


def test_maps_and_masks_can_be_evaluated(videos, tmp_path):
    pairs = write_maps_and_masks(tmp_path, videos, "train", frames=3)
    assert len(list((tmp_path / "maps").rglob("*.png"))) == len(pairs) == 3
    evaluate_from_disk(tmp_path)


def test_the_comparison_with_pysodmetrics_runs(videos, tmp_path):
    pytest.importorskip("py_sod_metrics")
    file = tmp_path / "result.json"
    options = ["--data", str(videos), "--split", "train", "--frames", "4", "--rounds", "1"]
    subprocess.run([sys.executable, str(SCRIPT), *options, "--json", str(file)], check=True)
    rows = json.loads(file.read_text())["rows"]
    assert [row["tool"] for row in rows] == ["pysodmetrics", "rcrlib"] * 2
    assert all(row["ms/frame"] > 0 for row in rows)
    assert rows[0]["times as fast"] == 1
