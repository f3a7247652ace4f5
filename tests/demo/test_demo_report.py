"""A demo's numbers and pictures, without any training."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from helpers.scored_folders import write_labels_as_predictions
from rcrlib.data import (
    SyntheticConfig,
    read_image,
    write_synthetic,
)
from rcrlib.demo.plan import make_plan
from rcrlib.demo.report import TITLES, Report, Row, write_report
from rcrlib.demo.sheet import COLUMNS, draw_sheet
from rcrlib.evaluation import PseudoQuality
from rcrlib.flow import FlowCache, get_flow
from rcrlib.models import FGPLG, RCRNetConfig
from rcrlib.triplets import TripletReader

SIZE = (64, 64)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    config = SyntheticConfig(videos=3, frames=11, size=SIZE, occlusion=0)
    return write_synthetic(config, tmp_path_factory.mktemp("demo") / "set", val_videos=1)


@pytest.fixture(scope="module")
def reader() -> TripletReader:
    return TripletReader(FlowCache(get_flow("dis"), None), SIZE, SIZE)


def test_the_sheet_shows_a_row_for_each_predicted_video(
    root: Path, tmp_path: Path, reader: TripletReader
) -> None:
    plan = make_plan(root, "auto", 5, 1)
    maps = write_labels_as_predictions(plan.test, tmp_path / "maps")
    narrow = RCRNetConfig("resnet18", aspp_channels=8, refine_channels=8, head_channels=8)
    draw_sheet(plan, FGPLG(narrow), reader, maps, tmp_path / "sheet.png")

    height, width, _ = read_image(tmp_path / "sheet.png").shape
    assert width > len(COLUMNS) * 150
    assert height > 150


SCORES = {"frames": 492.0, "max_f": 0.736, "s": 0.805, "mae": 0.05}


def make_report(quality: PseudoQuality | None, **changes: object) -> Report:
    rows = [Row(title, None, 2.5) for title in TITLES]
    plain = Report(
        data="synthetic", preset="tiny", steps="140/120/9", seed=3, encoder="none",
        images="synthetic-images", generator="residual", size=112, flow="dis", l=5, m=1,
        unit="annotated", kept=9, annotated=45, videos=12, protocol="paper", rows=rows,
        pseudo=quality, before="", minutes=1.25, machine="a laptop", version="0",
    )  # fmt: skip
    return replace(plain, **changes)


def test_a_report_names_data_preset_seed_and_machine(tmp_path: Path) -> None:
    write_report(make_report(PseudoQuality(7, 0.5, 0.625, 0.75)), tmp_path)
    page = (tmp_path / "report.md").read_text()
    content = json.loads((tmp_path / "report.json").read_text())

    for fact in (
        "synthetic",
        "tiny",
        "140/120/9",
        "seed: 3",
        "one in 5",
        "a laptop",
        "0.625",
        "0.750",
        "synthetic-images",
        "residual",
    ):
        assert fact in page
    assert content["pseudo"] == {"frames": 7, "copied": 0.5, "warped": 0.625, "generated": 0.75}
    assert content["rows"][0]["scores"] is None


def test_the_table_says_what_this_run_gave_and_what_more_seeds_gave() -> None:
    better = SCORES | {"max_f": 0.799, "s": 0.849}
    rows = [Row(t, s, 2.5) for t, s in zip(TITLES, (SCORES, better, better), strict=True)]
    table = make_report(None, rows=rows, before="(b) - (a), 10 seeds:     +0.060").table()

    assert "492 frames of 12 held-out videos, protocol paper" in table
    assert "+0.063 max F, +0.044 S" in table
    assert "10 seeds" in table


def test_a_report_without_held_back_labels_says_so() -> None:
    assert "nothing to compare" in make_report(None).table()
