"""Differences with their intervals, drawn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rcrlib.errors import DataError
from rcrlib.show import PALETTE, interval_plot


def count(picture: np.ndarray, colour: str) -> int:
    rgb = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    return int((picture.reshape(-1, 3) == rgb).all(1).sum())


def test_a_dot_is_full_only_where_the_interval_leaves_0_out() -> None:
    clear = count(interval_plot({"a": (0.02, 0.01, 0.03)}, "max F"), PALETTE[0])
    open_ = count(interval_plot({"a": (0.02, -0.01, 0.03)}, "max F"), PALETTE[0])
    alone = count(interval_plot({"a": (0.02, None, None)}, "max F"), PALETTE[0])
    assert 0 < alone < open_
    assert clear > 0
    assert count(interval_plot({"a": (float("nan"), None, None)}, "max F"), PALETTE[0]) == 0


def test_references_are_drawn_and_belong_to_rows(tmp_path: Path) -> None:
    rows = {"a": (0.02, 0.01, 0.03), "b": (0.0, -0.1, 0.1)}
    drawn = interval_plot(
        rows, "max F", "title", {"b": 0.05}, "paper", tmp_path / "x.png", "Two rows."
    )
    assert count(drawn, PALETTE[1]) > 10
    assert Image.open(tmp_path / "x.png").info["Description"] == "Two rows."
    with pytest.raises(DataError, match="for rows only"):
        interval_plot(rows, "max F", reference={"c": 1.0})
    with pytest.raises(DataError, match="at least one row"):
        interval_plot({}, "max F")
