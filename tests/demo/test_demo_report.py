"""A demo's numbers and pictures, without any training."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from rcrlib.data import (
    Dataset,
    SyntheticConfig,
    dataset_intervals,
    load,
    read_image,
    write_mask,
    write_synthetic,
)
from rcrlib.demo.report import Report, judge_maps, write_report
from rcrlib.demo.sheet import COLUMNS, draw_sheet
from rcrlib.evaluation import PseudoQuality, judge_pseudo_labels
from rcrlib.experiments.plan import make_plan
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


def copy_truth(dataset: Dataset, folder: Path) -> Path:
    """Write every label as if it were a saliency map."""
    for video in dataset:
        for index in video.annotated:
            path = folder / video.name / f"{video.frame_names[index]}.png"
            write_mask(path, video.label(index))
    return folder


def test_the_truth_as_a_map_scores_one(root: Path, tmp_path: Path) -> None:
    dataset = load(root, split="val")
    result = judge_maps(dataset, copy_truth(dataset, tmp_path))

    assert result is not None
    assert result.protocol == "paper"
    assert result.frames == 11
    assert result.mae == 0
    assert result.max_f == pytest.approx(1)


def test_without_labels_there_is_no_score(root: Path, tmp_path: Path) -> None:
    dataset = load(root, split="val")
    bare = replace(dataset, videos=tuple(video.with_labels({}) for video in dataset))

    assert judge_maps(bare, tmp_path) is None


def test_pseudo_labels_are_judged_on_exactly_the_frames_that_got_one(
    root: Path, tmp_path: Path, reader: TripletReader
) -> None:
    dataset = load(root, split="train")
    intervals = dataset_intervals(dataset, 5, 2)
    quality = judge_pseudo_labels(dataset, intervals, copy_truth(dataset, tmp_path), reader)

    assert quality is not None
    assert quality.frames == 2 * 2 * 2  # videos x intervals x m
    assert quality.generated == 1
    assert 0 < quality.copied < quality.warped < 1


def test_the_sheet_shows_a_row_for_each_predicted_video(
    root: Path, tmp_path: Path, reader: TripletReader
) -> None:
    plan = make_plan(root, "auto", 5, 1)
    maps = copy_truth(plan.test, tmp_path / "maps")
    narrow = RCRNetConfig("resnet18", aspp_channels=8, refine_channels=8, head_channels=8)
    draw_sheet(plan, FGPLG(narrow), reader, maps, tmp_path / "sheet.png")

    height, width, _ = read_image(tmp_path / "sheet.png").shape
    assert width > len(COLUMNS) * 150
    assert height > 150


def make_report(quality: PseudoQuality | None) -> Report:
    return Report(
        data="synthetic", preset="tiny", steps="140/120/9", seed=3, encoder="none", size=112,
        flow="dis", l=5, m=1,
        unit="annotated", kept=9, annotated=45, labels_alone=None, with_pseudo=None,
        pseudo=quality, minutes=1.25, machine="a laptop", version="0",
    )  # fmt: skip


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
    ):
        assert fact in page
    assert content["pseudo"] == {"frames": 7, "copied": 0.5, "warped": 0.625, "generated": 0.75}
    assert content["labels_alone"] is None


def test_a_report_without_held_back_labels_says_so() -> None:
    assert "nothing to compare" in make_report(None).table()
