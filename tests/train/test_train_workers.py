"""Worker processes: whatever goes wrong in one reaches the parent, and none stays."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from rcrlib.errors import RcrError
from rcrlib.train import Sample, SampleKey, StepSampler, read_steps, workers

STEPS = 9


class Numbers:
    """Samples that hold their own number, large enough to fill any pipe."""

    def __init__(self, at: int = -1, do=None) -> None:
        self.at, self.do = at, do

    def __len__(self) -> int:
        return STEPS

    def frames(self, index: int) -> int:
        return 1

    def __getitem__(self, key: SampleKey) -> Sample:
        if key.sample == self.at:
            self.do()
        value = torch.full((1, 3, 200, 200), float(key.sample))
        return Sample(value, value[:, :0], value[:, :1])


def read(samples, count=2):
    sampler = StepSampler(STEPS, batch=1, steps=STEPS, seed=0)
    return read_steps(samples, sampler, workers=count, pin_memory=False)


def numbers(steps) -> list[float]:
    return [group.frames.mean().item() for groups in steps for group in groups]


@pytest.fixture(autouse=True)
def no_worker_stays():
    yield
    assert multiprocessing.active_children() == []


def test_steps_come_in_their_order_whoever_reads_them():
    expected = numbers(read(Numbers(), 0))
    assert sorted(expected) == list(range(STEPS))
    for count in (1, 2, 12):
        assert numbers(read(Numbers(), count)) == expected


def test_what_arrives_can_be_written_to():
    (groups, *_) = read(Numbers(), 1)
    groups[0].frames.add_(1)


@pytest.mark.parametrize(
    ("do", "says"),
    [
        (lambda: os.kill(os.getpid(), signal.SIGKILL), "killed by SIGKILL; the memory may"),
        (lambda: os.kill(os.getpid(), signal.SIGXCPU), "killed by SIGXCPU"),
        (lambda: os._exit(3), r"ended \(3\)"),
    ],
)
def test_a_worker_that_dies_ends_the_reading_in_one_line(do, says):
    with pytest.raises(RcrError, match=rf"{says}.*--resume goes on; give --workers 0") as caught:
        numbers(read(Numbers(4, do)))
    assert "\n" not in str(caught.value)


def test_a_worker_that_hangs_ends_the_reading(monkeypatch):
    monkeypatch.setattr(workers, "PATIENCE", 1.0)
    monkeypatch.setattr(workers, "POLL", 0.2)
    with pytest.raises(RcrError, match=r"lives but sent nothing for 1 s; .*--workers 0"):
        numbers(read(Numbers(4, lambda: time.sleep(600))))


def test_a_defect_keeps_its_kind_and_its_place():
    with pytest.raises(ZeroDivisionError) as caught:
        numbers(read(Numbers(4, lambda: 1 // 0)))
    assert "in a worker process" in str(caught.value.__cause__)
    assert "test_train_workers.py" in str(caught.value.__cause__)


def test_an_error_that_cannot_be_sent_is_told():
    class Local(Exception):
        pass

    def fail():
        raise Local("of this function")

    with pytest.raises(RuntimeError, match="Local: of this function"):
        numbers(read(Numbers(4, fail)))


def test_a_full_memory_in_a_worker_is_one_in_the_parent():
    def fail():
        raise MemoryError

    with pytest.raises(MemoryError):
        numbers(read(Numbers(4, fail)))


def test_a_process_that_cannot_be_started_is_said(monkeypatch):
    def fail(process):
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(multiprocessing.Process, "start", fail)
    with pytest.raises(RcrError, match=r"cannot be started .*temporarily.*--workers 0"):
        numbers(read(Numbers()))


def test_leaving_early_ends_the_workers_at_once():
    steps = read(Numbers(4, lambda: time.sleep(600)))
    next(steps)
    start = time.monotonic()
    steps.close()
    assert time.monotonic() - start < 60
    assert multiprocessing.active_children() == []


def test_workers_end_with_a_parent_that_is_killed(tmp_path):
    """Also one that is at a sample that takes for ever."""
    code = (
        "import sys, os, time; sys.path[:0] = sys.argv[2:]\n"
        "from test_train_workers import Numbers, read\n"
        "def note():\n"
        "    open(sys.argv[1], 'w').write(str(os.getpid()))\n"
        "    time.sleep(600)\n"
        "list(read(Numbers(4, note), 2))\n"
    )
    here = Path(__file__).parent
    paths = [str(path) for path in (here, here.parent, here.parents[1])]
    note = tmp_path / "note"
    process = subprocess.Popen([sys.executable, "-c", code, str(note), *paths])
    deadline = time.monotonic() + 240
    while not (note.is_file() and note.read_text()) and time.monotonic() < deadline:
        assert process.poll() is None
        time.sleep(0.05)
    process.kill()
    process.wait()
    worker = int(note.read_text())
    while _lives(worker) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _lives(worker)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{process}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"


def test_no_shared_memory_is_needed(tmp_path):
    """One page of it, where a plain container has 64 MB: the step would need 500 KB."""
    shared = Path("/dev/shm")
    if not shared.is_dir():
        pytest.skip("the system has no /dev/shm")
    before = set(shared.iterdir())
    steps = read(Numbers())
    next(steps)
    time.sleep(0.5)
    ours = {p for p in set(shared.iterdir()) - before if p.name.startswith(("torch_", "sem."))}
    numbers(steps)
    assert ours == set()
