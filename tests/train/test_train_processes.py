"""Two processes on a CPU train as one does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from helpers import train_with_torchrun
from helpers.small_runs import content, metrics
from rcrlib.errors import OptionError

pytestmark = pytest.mark.usefixtures("one_thread")

ROOT = Path(__file__).parents[2]


def torchrun(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"]
    script = [train_with_torchrun.__file__, *map(str, arguments)]
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": path}
    return subprocess.run(
        [*command, *script], env=environment, capture_output=True, text=True, timeout=240
    )


@pytest.fixture(scope="module")
def one_process(videos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("one") / "run"
    train_with_torchrun.main(videos, run)
    return run


@pytest.fixture(scope="module")
def two_processes(videos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("two") / "run"
    finished = torchrun(videos, run)
    assert finished.returncode == 0, finished.stderr[-3000:]
    return run


def test_two_processes_have_the_loss_curve_of_one(one_process, two_processes):
    one, two = metrics(one_process), metrics(two_processes)
    assert [row["step"] for row in two] == [1, 2, 3, 4, 5, 6], "only one process keeps the metrics"
    differences = [abs(a["loss"] - b["loss"]) for a, b in zip(one, two, strict=True)]
    print(f"differences between the losses: {', '.join(f'{d:.1e}' for d in differences)}")
    assert max(differences) < 1e-6


def test_two_processes_end_with_the_weights_of_one(one_process, two_processes):
    one, two = (content(run / "model.safetensors")[0] for run in (one_process, two_processes))
    floats = [name for name in one if not name.endswith("num_batches_tracked")]
    one_values, two_values = (
        np.concatenate([np.frombuffer(part[name], np.float64) for name in floats])
        for part in (one, two)
    )
    assert np.abs(one_values - two_values).max() < 1e-9


def test_another_number_of_processes_is_another_setting(videos, two_processes):
    with pytest.raises(OptionError, match="processes: 2 -> 1"):
        train_with_torchrun.main(videos, two_processes)


def test_two_killed_processes_resume_to_the_same_bits(videos, two_processes, tmp_path, full):
    if not full:
        pytest.skip("starts torchrun twice more; run with --full")
    run = tmp_path / "run"
    assert torchrun(videos, run, 5).returncode != 0
    assert len(metrics(run)) == 5
    finished = torchrun(videos, run)
    assert finished.returncode == 0, finished.stderr[-3000:]
    assert content(run / "model.safetensors") == content(two_processes / "model.safetensors")
    assert metrics(run) == metrics(two_processes)
