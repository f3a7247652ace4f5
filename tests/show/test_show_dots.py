"""Dot plots of several variants."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from helpers.pictures import in_colour
from rcrlib.errors import DataError
from rcrlib.show import PALETTE, Panel, curves, dot_plot

PANELS = (
    Panel("IoU", {"a": [], "b": [0.7, 0.72]}),
    Panel("max F", {"a": [0.5, 0.6], "b": [0.61, 0.65]}, {"a": 0.85}),
)


def test_a_reference_is_drawn_where_there_is_one() -> None:
    drawn = dot_plot(PANELS, "title", "the paper's")
    bare = dot_plot([Panel(panel.title, panel.values) for panel in PANELS], "title")
    assert in_colour(drawn, PALETTE[0]).sum() > 50
    assert in_colour(drawn, PALETTE[1]).sum() > 10
    assert in_colour(bare, PALETTE[1]).sum() == 0


@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_charts_carry_their_words(tmp_path: Path, suffix: str) -> None:
    words = "Two rows, & four dots."
    dot_plot(PANELS, path=tmp_path / f"dots{suffix}", alt=words)
    curves({"a": ([0, 1], [1, 0])}, "x", "y", path=tmp_path / f"lines{suffix}", alt=words)
    for name in ("dots", "lines"):
        path = tmp_path / f"{name}{suffix}"
        if suffix == ".png":
            assert Image.open(path).info["Description"] == words
        else:
            assert 'aria-label="Two rows, &amp; four dots."' in path.read_text()


def test_panels_of_other_variants_are_refused() -> None:
    with pytest.raises(DataError, match="give all of them the same"):
        dot_plot([PANELS[0], Panel("S", {"a": [0.5]})])
    with pytest.raises(DataError, match="give all of them the same"):
        dot_plot([])
