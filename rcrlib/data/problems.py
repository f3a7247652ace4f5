"""Raise the first problem of a data set, or collect all of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rcrlib.errors import DataError

Problems = list[str] | None
"""A list that collects problems; None: the first one is raised."""


@contextmanager
def collecting(problems: Problems) -> Iterator[None]:
    """Catch a `DataError` of the block into `problems`; raise it if `problems` is None."""
    try:
        yield
    except DataError as error:
        if problems is None:
            raise
        problems.append(str(error))
