"""Names of any letters on charts and sheets: none is lost, none has a hidden meaning."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from rcrlib.show import Panel, bars, contact_sheet, curves, dot_plot, interval_plot
from rcrlib.show.style import add_legend, canvas, legible

NAMES = ("_ours", "影片", "vid\udce9o", "$a_b$")


@pytest.fixture(autouse=True)
def no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def test_a_name_with_an_underscore_is_in_the_legend():
    with canvas(300, 200) as figure:
        axes = figure.add_subplot()
        lines = [axes.plot([0, 1])[0] for _ in NAMES]
        add_legend(axes, lines, NAMES)
        texts = [text.get_text() for text in axes.get_legend().get_texts()]
    assert texts == ["_ours", r"\u5f71\u7247", r"vid\udce9o", "$a_b$"]


def test_a_chart_with_a_hidden_name_is_another_than_without_it():
    shown = curves({"_ours": ([0, 1], [0, 1]), "theirs": ([0, 1], [1, 0])}, "x", "y")
    named = curves({"ours": ([0, 1], [0, 1]), "theirs": ([0, 1], [1, 0])}, "x", "y")
    assert np.abs(shown.astype(int) - named).mean() < 2  # but for the underscore


@pytest.mark.parametrize("name", NAMES)
def test_every_chart_draws_every_name(name, tmp_path):
    curves({name: ([0, 1], [0, 1]), "b": ([0], [1])}, name, name, name, tmp_path / "a.svg", name)
    bars({name: {name: 1.0, "b": 2.0}}, name, name, path=tmp_path / "a.png", alt=name)
    dot_plot([Panel(name, {name: [1.0, 2.0]}, {name: 1.5})], name, name)
    interval_plot({name: (1.0, 0.5, 1.5)}, name, name, {name: 1.0}, name)
    picture = np.zeros((8, 8, 3), np.uint8)
    contact_sheet([[picture]], [name], [name], tmp_path / "b.png", name)


def test_letters_are_composed_before_they_are_looked_up():
    assert legible("cafe\u0301") == "caf\u00e9"
