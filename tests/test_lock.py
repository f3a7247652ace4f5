"""File locks between processes and threads."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from rcrlib.errors import DataError
from rcrlib.lock import file_lock, lock_or_raise, try_lock

HOLD = """
import sys
from pathlib import Path
from rcrlib.lock import file_lock
with file_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "locks" / "step.lock"


@pytest.fixture
def holder(path: Path):
    """Another process that holds the lock until it is killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline().strip() == b"held"
    yield process
    process.kill()
    process.communicate()


def test_who_waits_goes_on_when_the_other_has_ended(path):
    order = []

    def other():
        with file_lock(path):
            order.append("other")

    thread = threading.Thread(target=other)
    with file_lock(path):
        thread.start()
        thread.join(timeout=0.5)
        order.append("first")
    thread.join()
    assert order == ["first", "other"]


def test_an_error_releases_the_lock(path):
    for hold in (file_lock, try_lock, lock_or_raise):
        with pytest.raises(ZeroDivisionError), hold(path):
            raise ZeroDivisionError
        with try_lock(path) as held:
            assert held


def test_try_lock_says_whether_another_process_holds_it(path, holder):
    with try_lock(path) as held:
        assert not held


def test_a_killed_process_holds_nothing(path, holder):
    holder.kill()
    holder.wait()
    with try_lock(path) as held:
        assert held


def test_lock_or_raise_does_not_wait(path, holder):
    with pytest.raises(DataError, match="another rcr is at work"), lock_or_raise(path):
        pass
    assert path.exists()  # it is the other's


def test_lock_or_raise_leaves_no_file(path):
    with lock_or_raise(path), pytest.raises(DataError), lock_or_raise(path):
        pass
    assert not path.exists()
