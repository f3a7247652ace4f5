"""One process at a time: two that write one file would spoil it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rcrlib.errors import DataError

POLL = 0.2
"""Seconds between two looks whether a lock is free."""


@contextmanager
def only_one(path: Path) -> Iterator[None]:
    """Hold the lock file `path`; the system lets go of it when the process ends, killed or not.

    Raises:
        DataError: another process holds it.
    """
    with _opened(path) as handle:
        if not _lock(handle):
            raise DataError(f"{path.parent}: another rcr is at work here; let it end first")
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


@contextmanager
def my_turn(path: Path, wait: Callable[[], object] = lambda: None) -> Iterator[None]:
    """Hold the lock file `path` as soon as no other process does.

    The file stays: were it deleted, one process could hold the deleted file and another a new one.

    Args:
        path: of the lock.
        wait: is called once, when another process holds it.
    """
    with _opened(path) as handle:
        if not _lock(handle):
            wait()
            while not _lock(handle):
                time.sleep(POLL)
        yield


@contextmanager
def if_free(path: Path) -> Iterator[bool]:
    """Hold the lock file `path` unless another process does; tell whether it is held here."""
    with _opened(path) as handle:
        yield _lock(handle)


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    """Open a lock file, made if need be; closing it lets go of its lock."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT)
    try:
        yield handle
    finally:
        os.close(handle)


def _lock(handle: int) -> bool:
    try:
        import fcntl
    except ImportError:  # Windows: an open file cannot be replaced there anyway
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
