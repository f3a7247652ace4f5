"""Stopping at the first problem, or writing all of them down."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rcrlib.errors import DataError

Problems = list[str] | None
"""Where problems are written down; None stops at the first one, by raising it."""


@contextmanager
def collecting(problems: Problems) -> Iterator[None]:
    """End the block at a `DataError`, which is written down, or raised where `problems` is None."""
    try:
        yield
    except DataError as error:
        if problems is None:
            raise
        problems.append(str(error))
