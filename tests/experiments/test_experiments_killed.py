"""A grid that is killed, and two processes in one folder, give what one process gives."""

from __future__ import annotations

import json
import shutil
import sys
import time
from pathlib import Path

import pytest

from helpers.processes import kill_after, run_process, start_process
from helpers.small_experiments import finished, run_small, scores
from helpers.small_runs import content, metrics_count
from rcrlib.experiments import load_result
from rcrlib.files import PARTIAL
from rcrlib.signals import raise_signals

pytestmark = pytest.mark.usefixtures("one_thread")

CELL = "cells/1in5-rgb+labels+flow-residual-m1-Re-s0"
GRID = {"only": ("0/5", "1/5"), "steps": 6}


@pytest.fixture(scope="module")
def undisturbed(data, tmp_path_factory):
    out = tmp_path_factory.mktemp("undisturbed") / "out"
    assert run_process(run_small, "table2", data, out, **GRID) == 0
    return out


def assert_same(out, other):
    """Same steps, table to the byte, numbers and weights to the bit."""
    assert finished(out) == finished(other)
    tables = [(folder / "table2/table.txt").read_bytes() for folder in (out, other)]
    assert tables[0] == tables[1]
    assert scores(load_result(out / "table2")) == scores(load_result(other / "table2"))
    for run in other.rglob("model.safetensors"):
        assert content(run) == content(out / run.relative_to(other))


def test_a_grid_killed_twice_goes_on_and_gives_the_same_table(data, undisturbed, tmp_path):
    out = tmp_path / "out"
    for run in (out / "image/1in5-s0/run", out / CELL / "run"):
        process = start_process(run_small, "table2", data, out, **GRID)
        kill_after(process, 3, run)
        assert process.exitcode == -9
        assert 3 <= metrics_count(run) < 6
    assert run_process(run_small, "table2", data, out, **GRID) == 0
    assert_same(out, undisturbed)
    assert metrics_count(out / CELL / "run") == 6


def test_two_shards_at_once_do_each_step_once(data, undisturbed, tmp_path):
    out = tmp_path / "out"
    both = [
        start_process(run_small, "table2", data, out, shard=f"{number}/2", **GRID)
        for number in (1, 2)
    ]
    for process in both:
        process.join()
        assert process.exitcode == 0
    assert run_process(run_small, "table2", data, out, **GRID) == 0
    assert_same(out, undisturbed)
    # An image stage that both need was trained once: its steps are there once.
    assert metrics_count(out / "image/1in5-s0/run") == 6
    shards = {
        json.loads(path.read_text())["made"]["command"].split("--shard ")[-1][:3]
        for path in (out / "cells").glob("*/result.json")
    }
    assert shards == {"1/2", "2/2"}


def test_two_processes_of_one_command_give_what_one_gives(data, undisturbed, tmp_path):
    out = tmp_path / "out"
    assert run_process(run_small, "table2", data, out, processes=2, **GRID) == 0
    assert_same(out, undisturbed)


def test_a_second_process_that_cannot_run_is_done_without(data, undisturbed, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    run_small("table2", data, tmp_path / "out", processes=2, **GRID)
    assert_same(tmp_path / "out", undisturbed)


def _run_as_command(*args, **options):
    with raise_signals():
        run_small(*args, **options)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_second_process_ends_with_the_first_when_that_is_terminated(data, tmp_path):
    out = tmp_path / "out"
    options = {"processes": 2, **GRID, "steps": 500}
    process = start_process(_run_as_command, "table2", data, out, **options)
    while not list(out.rglob("metrics.jsonl")):
        assert process.is_alive()
        time.sleep(0.1)
    (other,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    process.terminate()
    process.join(120)
    assert process.exitcode == 1  # the error that says so; the command makes a status of it
    assert not Path(f"/proc/{other}/exe").exists()
    assert list(out.rglob(f"{PARTIAL}*")) == []


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_second_process_ends_with_the_first_when_that_is_killed(data, tmp_path):
    out = tmp_path / "out"
    process = start_process(run_small, "table2", data, out, processes=2, **{**GRID, "steps": 500})
    while not list(out.rglob("metrics.jsonl")):
        assert process.is_alive()
        time.sleep(0.1)
    (other,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    process.kill()
    process.join()
    deadline = time.monotonic() + 60
    while Path(f"/proc/{other}/exe").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not Path(f"/proc/{other}/exe").exists()
