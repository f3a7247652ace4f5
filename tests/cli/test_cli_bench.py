"""`rcr bench`: what it prints and writes."""

from __future__ import annotations

import json
from pathlib import Path


def test_bench_metrics_prints_a_table_and_writes_json(rcr):
    ended = rcr("bench", "metrics", "--frames", 3, "--rounds", 1, "--json", "b.json")
    assert ended.status == 0, ended.err
    rows = json.loads(Path("b.json").read_text())["rows"]
    assert [row["what"].partition(",")[0] for row in rows] == ["F + S + MAE", "all nine numbers"]
    assert all(row["what"] in ended.out for row in rows)
    assert "peak memory from disk" in ended.out
