"""Results as tables and pictures."""

from __future__ import annotations

import csv
import re
import xml.etree.ElementTree as ET

import pytest
from PIL import Image

from helpers.scored_folders import NAMES, VIDEOS, mask_of, write_picture
from rcrlib.errors import DataError
from rcrlib.evaluation import (
    csv_table,
    draw_curves,
    evaluate_saliency,
    latex_table,
    load_truth,
    markdown_table,
    to_json,
    worst_sheet,
)


@pytest.fixture
def evaluations(maps, truth, tmp_path):
    """Return two methods; the second one's predictions are the masks."""
    for video in VIDEOS:
        for number, name in enumerate(NAMES):
            write_picture(tmp_path / f"perfect/{video}/{name}.png", mask_of(number))
    dataset = load_truth(truth)
    return [
        evaluate_saliency(dataset, maps, method="our_maps", worst=2),
        evaluate_saliency(dataset, tmp_path / "perfect"),
    ]


def test_csv_has_a_row_for_each_method_and_video(evaluations):
    rows = {
        (row["method"], row["video"]): row
        for row in csv.DictReader(csv_table(evaluations).splitlines())
    }
    assert len(rows) == 2 * (1 + 2)
    assert float(rows["perfect", "dog"]["mae"]) == 0


def test_latex_and_markdown_mark_the_best_and_name_the_protocol(evaluations):
    latex, page = latex_table(evaluations), markdown_table(evaluations)
    assert r"our\_maps & " in latex
    assert re.search(r"perfect & (\\textbf\{[\d.]+\}( & )?)+ \\\\", latex)
    assert "| perfect | **1.000** |" in page
    assert "protocol paper" in latex
    assert "protocol paper" in page


def test_json_holds_one_method_or_several_by_name(evaluations):
    assert to_json(evaluations).keys() == {"methods"}
    assert to_json(evaluations)["methods"]["perfect"] == to_json(evaluations[1:])


def test_curves_are_drawn_with_alt_texts(evaluations, tmp_path):
    files = draw_curves(evaluations, tmp_path)
    assert [path.name for path in files] == ["pr.png", "pr.svg", "f.png", "f.svg"]
    for name in ("pr", "f"):
        label = ET.parse(tmp_path / f"{name}.svg").getroot().get("aria-label")
        assert "protocol paper" in label
        assert "our_maps: largest F" in label
        assert Image.open(tmp_path / f"{name}.png").text["Description"] == label


def test_the_worst_frames_are_drawn_where_they_were_asked_for(evaluations, tmp_path):
    worst_sheet(evaluations[0], tmp_path / "worst.png")
    assert Image.open(tmp_path / "worst.png").height > 2 * 20
    with pytest.raises(DataError, match="no worst frames are known"):
        worst_sheet(evaluations[1], tmp_path / "none.png")
