"""What the tests of training share."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.processes import run_process
from helpers.small_runs import STAGES, small_preset, train_stage, write_videos


@pytest.fixture(scope="session")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a data set of two training videos of 9 frames."""
    return write_videos(tmp_path_factory.mktemp("videos") / "set")


@pytest.fixture(scope="session")
def whole(videos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with an uninterrupted run of each stage."""
    folder = tmp_path_factory.mktemp("whole")
    for stage in STAGES:
        assert run_process(train_stage, stage, videos, folder / stage, small_preset()) == 0
    return folder
