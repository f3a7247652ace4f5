"""A killed run that is resumed ends with the bits of one that was not."""

from __future__ import annotations

import os
import random
import shutil
import signal
from pathlib import Path

import pytest
import torch

from helpers.processes import kill_after, run_process, start_process
from helpers.small_runs import (
    STAGES,
    assert_same_run,
    content,
    metrics,
    metrics_count,
    small_preset,
    train_stage,
)
from rcrlib.files import PARTIAL

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.mark.parametrize("stage", STAGES)
def test_killed_and_resumed_runs_end_with_the_same_bits(stage, videos, whole, tmp_path, full):
    for number in range(3 if full else 1):
        run = tmp_path / f"run{number}"
        step = random.SystemRandom().randint(1, 5)
        process = start_process(train_stage, stage, videos, run, small_preset())
        kill_after(process, step, run)
        assert process.exitcode == -signal.SIGKILL, f"was not killed at step {step}"
        assert not (run / "model.safetensors").exists()
        assert run_process(train_stage, stage, videos, run, small_preset(), resume=True) == 0
        print(f"{stage}: killed after {step} of 6 steps")
        assert_same_run(run, whole / stage)


def test_killed_before_the_first_checkpoint_it_starts_from_the_beginning(videos, whole, tmp_path):
    run = tmp_path / "run"
    process = start_process(train_stage, "image", videos, run, small_preset())
    kill_after(process, 1, run)
    assert not (run / "checkpoint.pt").exists()
    assert run_process(train_stage, "image", videos, run, small_preset(), resume=True) == 0
    assert_same_run(run, whole / "image")


def _die_while_writing_the_second_checkpoint(videos: Path, run: Path) -> None:
    real, seen = torch.save, []

    def save(state, file):
        seen.append(file)
        if len(seen) == 2:
            file.write(b"half of a checkpoint")
            file.flush()
            os.kill(os.getpid(), signal.SIGKILL)
        real(state, file)

    torch.save = save
    train_stage("video", videos, run, small_preset())


def test_killed_while_writing_a_checkpoint_it_goes_on_from_the_one_before(videos, whole, tmp_path):
    run = tmp_path / "run"
    code = run_process(_die_while_writing_the_second_checkpoint, videos, run)
    assert code == -signal.SIGKILL
    assert torch.load(run / "checkpoint.pt")["step"] == 2
    assert list(run.glob(f"{PARTIAL}*")), "the half-written file should lie there"
    assert metrics_count(run) == 4
    assert run_process(train_stage, "video", videos, run, small_preset(), resume=True) == 0
    assert_same_run(run, whole / "video")
    names = {path.name for path in run.iterdir()}
    assert names == {"rcr.json", "metrics.jsonl", "checkpoint.pt", "model.safetensors"}


def test_resuming_a_finished_run_changes_nothing(videos, whole):
    before = content(whole / "image" / "model.safetensors")
    run = whole / "image"
    assert run_process(train_stage, "image", videos, run, small_preset(), resume=True) == 0
    assert content(run / "model.safetensors") == before
    assert len(metrics(run)) == 6


def test_a_run_killed_before_its_weights_were_written_writes_them(videos, whole, tmp_path):
    run = shutil.copytree(whole / "video", tmp_path / "run")
    (run / "model.safetensors").unlink()
    assert run_process(train_stage, "video", videos, run, small_preset(), resume=True) == 0
    assert_same_run(run, whole / "video")


def test_worker_processes_and_resuming_with_them_change_no_bit(videos, whole, tmp_path):
    run = tmp_path / "run"
    ahead = small_preset(workers=2)
    process = start_process(train_stage, "fgplg", videos, run, ahead)
    kill_after(process, 3, run)
    assert process.exitcode == -signal.SIGKILL
    assert run_process(train_stage, "fgplg", videos, run, ahead, resume=True) == 0
    tensors, metadata = content(run / "model.safetensors")
    expected, expected_metadata = content(whole / "fgplg" / "model.safetensors")
    assert tensors == expected
    assert metrics(run) == metrics(whole / "fgplg")
    assert {**metadata, "workers": 0} == expected_metadata
