"""Folders that the tests of evaluation score."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.scored_folders import write_maps, write_truth


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    return write_truth(tmp_path / "set")


@pytest.fixture
def maps(tmp_path: Path) -> Path:
    return write_maps(tmp_path / "maps")
