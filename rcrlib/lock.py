"""File locks: one process at a time where two would spoil each other's files.

The system releases a lock when the process that holds it ends, killed or not.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from rcrlib.errors import DataError


def file_lock(path: Path) -> FileLock:
    """Return the file lock `path`, to be held by `with`, which waits while another holds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return FileLock(path)


@contextmanager
def try_lock(path: Path) -> Iterator[bool]:
    """Hold the file lock `path` unless another process does; yield whether it is held here."""
    lock = file_lock(path)
    with suppress(Timeout):
        lock.acquire(blocking=False)
    try:
        yield lock.is_locked
    finally:
        lock.release()


@contextmanager
def lock_or_raise(path: Path) -> Iterator[None]:
    """Hold the file lock `path`, and delete its file afterwards.

    Raises:
        DataError: another process holds it.
    """
    with try_lock(path) as held:
        if not held:
            raise DataError(f"{path.parent}: another rcr is at work here; let it end first")
        try:
            yield
        finally:
            # While it is held: after the release it might be another process's file. Windows
            # refuses to delete an open file; there filelock deletes it on release.
            with suppress(PermissionError):
                path.unlink(missing_ok=True)
