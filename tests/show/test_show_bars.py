"""Bar charts of a few variants."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from helpers.pictures import in_colour
from rcrlib.errors import DataError
from rcrlib.show import PALETTE, bars

GROUPS = {"head": {"readable": 8.0, "fast": 2.0}, "ASPP": {"readable": 3.0, "fast": 1.0}}


def width(picture: np.ndarray, colour: str) -> int:
    """Return the pixels of a colour in the row that has most of it."""
    return int(in_colour(picture, colour).sum(axis=1).max())


def test_a_bar_is_as_long_as_its_number() -> None:
    once = width(bars(GROUPS, "ms"), PALETTE[0])
    more = {**GROUPS, "NER": {"readable": 16.0, "fast": 1.0}}
    assert width(bars(more, "ms"), PALETTE[0]) > once / 2
    halved = {"head": {"readable": 4.0, "fast": 8.0}}
    assert width(bars(halved, "ms"), PALETTE[0]) == pytest.approx(once / 2, rel=0.1)


def test_a_chart_carries_its_words(tmp_path: Path) -> None:
    bars(GROUPS, "ms", "title", path=tmp_path / "bars.png", alt="Four bars.")
    assert Image.open(tmp_path / "bars.png").info["Description"] == "Four bars."


def test_groups_of_other_variants_are_refused() -> None:
    for groups in ({}, {**GROUPS, "NER": {"fast": 1.0}}):
        with pytest.raises(DataError, match="give all the same"):
            bars(groups, "ms")
