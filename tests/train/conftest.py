"""What the tests of training share."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_runs import write_videos


@pytest.fixture(scope="session")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a data set of two training videos of 9 frames."""
    return write_videos(tmp_path_factory.mktemp("videos") / "set")
