"""What several files of tests share: small data and runs, servers, processes that can be killed.

With `pytest --plain`, importing this package makes `accelerate` change nothing, also in the
processes that tests start.
"""

from __future__ import annotations

import os

from rcrlib.models.fast import TWINS

PLAIN = "RCR_TESTS_PLAIN"
"""Environment variable that carries `--plain` to other processes."""

ALL_TWINS = dict(TWINS)
"""For tests of the fast twins themselves, also in a run with `--plain`."""


def without_twins() -> None:
    """Let `accelerate` change nothing in this process."""
    TWINS.clear()


if os.environ.get(PLAIN) == "1":
    without_twins()
