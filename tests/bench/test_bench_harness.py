"""The harness of `rcr bench`: turns, medians, peak memory, reports."""

from __future__ import annotations

import json

import numpy as np
import pytest

from rcrlib.bench import Report, Times, in_turn, machine, peak_memory
from rcrlib.errors import OptionError, RcrError


def test_variants_run_in_turn_and_the_order_changes_from_round_to_round():
    ran = []
    times = in_turn({n: lambda n=n: ran.append(n) for n in "ab"}, rounds=3, warm_up=1)
    assert "".join(ran) == "ba" + "ab" + "ba" + "ab"
    assert {name: len(t.seconds) for name, t in times.items()} == {"a": 3, "b": 3}


def test_the_device_is_waited_for_before_and_after_each_run():
    seen = []
    in_turn({"a": lambda: seen.append("run")}, 1, warm_up=0, synchronise=lambda: seen.append("w"))
    assert seen == ["w", "run", "w"]


def test_a_ratio_is_the_median_of_the_rounds_ratios():
    slow, fast = Times((2.0, 30.0, 4.0)), Times((1.0, 10.0, 1.0))
    assert (slow.median, slow.low, slow.high) == (4.0, 2.0, 30.0)
    assert slow.over(fast) == 3.0


def test_no_rounds_are_refused():
    with pytest.raises(OptionError, match="rounds is 0; it must be at least 1"):
        in_turn({}, 0)


def fill(mebibytes: int):
    return lambda: np.ones(mebibytes * 2**17).sum()  # freed before anyone looks


def test_peak_memory_counts_what_is_freed_again():
    small, large = (peak_memory(fill, size) for size in (16, 80))
    assert 55 < large - small < 75


def broken():
    raise ValueError("not here")


def test_a_measurement_that_fails_says_so(capfd):
    with pytest.raises(RcrError, match="measuring memory ended with status 1"):
        peak_memory(broken)
    assert "not here" in capfd.readouterr().err


def test_a_report_is_a_table_and_a_file(tmp_path):
    rows = [{"path": "slow", "ms": 1234.5678}, {"path": "fast", "ms": 0.98765, "runs": [1, 2]}]
    report = Report("title", machine(), rows, ["a note"])
    lines = report.table().splitlines()
    assert lines[0] == "title"
    assert lines[3:] == ["path      ms", "slow    1235", "fast  0.9877", "", "a note"]
    report.save(tmp_path / "report.json")
    found = json.loads((tmp_path / "report.json").read_text())
    assert found["rows"] == rows
    assert found["machine"].keys() >= {"device", "torch", "threads", "load"}
