"""Differences with their intervals, drawn."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from helpers.pictures import in_colour
from rcrlib.errors import DataError
from rcrlib.show import PALETTE, interval_plot


def test_a_dot_is_full_only_where_the_interval_leaves_0_out() -> None:
    clear = in_colour(interval_plot({"a": (0.02, 0.01, 0.03)}, "max F"), PALETTE[0]).sum()
    open_ = in_colour(interval_plot({"a": (0.02, -0.01, 0.03)}, "max F"), PALETTE[0]).sum()
    alone = in_colour(interval_plot({"a": (0.02, None, None)}, "max F"), PALETTE[0]).sum()
    assert 0 < alone < open_
    assert clear > 0
    assert (
        in_colour(interval_plot({"a": (float("nan"), None, None)}, "max F"), PALETTE[0]).sum() == 0
    )


def test_references_are_drawn_and_belong_to_rows(tmp_path: Path) -> None:
    rows = {"a": (0.02, 0.01, 0.03), "b": (0.0, -0.1, 0.1)}
    drawn = interval_plot(
        rows, "max F", "title", {"b": 0.05}, "paper", tmp_path / "x.png", "Two rows."
    )
    assert in_colour(drawn, PALETTE[1]).sum() > 10
    assert Image.open(tmp_path / "x.png").info["Description"] == "Two rows."
    with pytest.raises(DataError, match="for rows only"):
        interval_plot(rows, "max F", reference={"c": 1.0})
    with pytest.raises(DataError, match="at least one row"):
        interval_plot({}, "max F")
