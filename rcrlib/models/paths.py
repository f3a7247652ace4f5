"""Which path the networks take: the fast one, or the one that reads like the equations."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

VARIABLE = "RCR_READABLE"
"""Environment variable that makes the readable path a process's default where it is 1."""

_readable = os.environ.get(VARIABLE) == "1"


def is_readable() -> bool:
    """Tell whether networks take the readable path now."""
    return _readable


@contextmanager
def readable(chosen: bool = True) -> Iterator[None]:
    """Let all networks of this process take the readable path inside the block.

    Both paths compute the same function of the same weights, by different orders of summation;
    tests hold them equal. The fast one is the default; `RCR_READABLE=1` in the environment
    changes that for whole processes and their children.

    Args:
        chosen: False takes the fast path, whatever the environment says.

    Example:
        >>> with readable():                    # doctest: +SKIP
        ...     logits = network(clip)          # step by step as in the paper
    """
    global _readable
    before, _readable = _readable, chosen
    try:
        yield
    finally:
        _readable = before
