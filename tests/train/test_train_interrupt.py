"""Ctrl-C, SIGTERM and a full disk: what is kept, what is said, and going on afterwards."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest
import torch

from helpers.disks import small_disk
from helpers.processes import kill_after, run_process, start_process
from helpers.small_runs import assert_same_run, metrics_count, small_preset, train_stage
from rcrlib.errors import RcrError, StoppedError
from rcrlib.files import PARTIAL
from rcrlib.train.checkpoint import RunFolder
from rcrlib.train.progress import Log

pytestmark = pytest.mark.usefixtures("one_thread")


def _train_and_write_down_errors(videos: Path, run: Path, note: Path, workers: int) -> None:
    os.setsid()  # a process group of its own, as in a terminal, where Ctrl-C reaches all of it
    try:
        train_stage("video", videos, run, small_preset(workers=workers))
    except RcrError as error:
        note.write_text(str(error))


@pytest.mark.parametrize("workers", [0, 2])
def test_ctrl_c_ends_the_step_writes_a_checkpoint_and_says_so(workers, videos, whole, tmp_path):
    run, note = tmp_path / "run", tmp_path / "note"
    process = start_process(_train_and_write_down_errors, videos, run, note, workers)
    kill_after(process, 3, run, signal.SIGINT, whole_group=True)
    assert process.exitcode == 0
    done = metrics_count(run)
    assert 3 <= done < 6
    assert note.read_text() == f"{run}: stopped at step {done} of 6; --resume goes on"
    assert torch.load(run / "checkpoint.pt")["step"] == done
    assert not (run / "model.safetensors").exists()
    assert run_process(train_stage, "video", videos, run, small_preset(), resume=True) == 0
    assert_same_run(run, whole / "video")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_cluster_ends_a_step_as_ctrl_c_does_and_its_workers_do_not_die_of_it(
    number, videos, whole, tmp_path
):
    run, note = tmp_path / "run", tmp_path / "note"
    process = start_process(_train_and_write_down_errors, videos, run, note, 2)
    kill_after(process, 3, run, number, whole_group=True)
    assert process.exitcode == 0
    done = metrics_count(run)
    assert note.read_text() == f"{run}: stopped at step {done} of 6; --resume goes on"
    assert run_process(train_stage, "video", videos, run, small_preset(), resume=True) == 0
    assert_same_run(run, whole / "video")


def test_a_signal_in_the_last_step_is_not_forgotten(videos, whole, tmp_path, monkeypatch):
    """The run is whole, but what would come after it, as in the demo, is stopped."""
    step = Log.step

    def signal_at_the_last(log, number, *arguments):
        step(log, number, *arguments)
        if number == 6:
            signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(Log, "step", signal_at_the_last)
    with pytest.raises(StoppedError, match="stopped at step 6 of 6") as caught:
        train_stage("video", videos, tmp_path / "run", small_preset())
    assert caught.value.status == 143
    assert_same_run(tmp_path / "run", whole / "video")


def test_a_disk_that_fills_up_keeps_the_last_checkpoint(videos, whole, tmp_path):
    with small_disk(tmp_path / "disk", "200m") as disk:  # room for one checkpoint, not for two
        run = disk / "run"
        with pytest.raises(OSError, match="No space left on device") as caught:
            train_stage("video", videos, run, small_preset())
        assert caught.value.filename == str(run / "checkpoint.pt")
        assert torch.load(run / "checkpoint.pt")["step"] == 2
        assert not list(run.glob(f"{PARTIAL}*"))
        assert not (run / "model.safetensors").exists()
        subprocess.run(["mount", "-o", "remount,size=500m", str(disk)], check=True)
        assert run_process(train_stage, "video", videos, run, small_preset(), resume=True) == 0
        assert_same_run(run, whole / "video")


def test_a_full_disk_names_the_checkpoint(videos, tmp_path, monkeypatch):
    """The same without root: the write itself fails as it does on a full disk."""

    def no_space(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", no_space)
    run = tmp_path / "run"
    with pytest.raises(OSError, match="No space left on device") as caught:
        train_stage("video", videos, run, small_preset(checkpoint_every=1))
    assert caught.value.filename == str(run / "checkpoint.pt")
    assert {path.name for path in run.iterdir()} == {"rcr.json", "metrics.jsonl"}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_names_the_metrics(tmp_path):
    run = RunFolder(tmp_path)
    run.metrics.symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left on device") as caught:
        run.add_metrics({"step": 1})
    assert caught.value.filename == str(run.metrics)
