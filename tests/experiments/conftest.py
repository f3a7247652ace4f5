"""Data that the tests of experiments share."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.small_experiments import write_set


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_set(tmp_path_factory.mktemp("experiments") / "set")
