"""Pseudo-labels against the labels that were held back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from helpers.scored_folders import write_labels_as_predictions
from rcrlib.data import (
    Dataset,
    SyntheticConfig,
    dataset_intervals,
    load,
    read_image,
    write_mask,
    write_synthetic,
)
from rcrlib.evaluation import (
    judge_pseudo_labels,
    mean_quality,
    mean_quality_by_video,
    pseudo_sheet,
    score_pseudo_labels,
)
from rcrlib.flow import FlowCache, get_flow
from rcrlib.triplets import TripletReader

SIZE = (64, 64)
L, M = 5, 2


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    config = SyntheticConfig(videos=3, frames=11, size=SIZE, occlusion=0)
    root = write_synthetic(config, tmp_path_factory.mktemp("pseudo") / "set", val_videos=1)
    return load(root, split="train")


@pytest.fixture(scope="module")
def reader() -> TripletReader:
    return TripletReader(FlowCache(get_flow("dis"), None), SIZE, SIZE)


def test_pseudo_labels_are_judged_on_exactly_the_frames_that_got_one(dataset, reader, tmp_path):
    intervals = dataset_intervals(dataset, L, M)
    folder = write_labels_as_predictions(dataset, tmp_path)
    quality = judge_pseudo_labels(dataset, intervals, folder, reader)
    assert quality is not None
    assert quality.frames == 2 * 2 * M  # videos x intervals x m
    assert quality.generated == 1
    assert 0 < quality.copied < quality.warped < 1


def test_a_wrong_pseudo_label_lowers_its_own_video_only(dataset, reader, tmp_path):
    intervals = dataset_intervals(dataset, L, M)
    folder = write_labels_as_predictions(dataset, tmp_path / "labels")
    first, second = dataset
    (target, *_) = intervals[first.name][0].targets
    wrong = folder / first.name / f"{first.frame_names[target]}.png"
    write_mask(wrong, np.zeros(SIZE, np.uint8))
    scores = score_pseudo_labels(dataset, intervals, folder, reader)
    assert [score.k for score in scores if score.generated == 0] == [target]
    by_video = mean_quality_by_video(scores)
    assert by_video[first.name].generated == pytest.approx(3 / 4)
    assert by_video[second.name].generated == 1
    sheet: Path = tmp_path / "sheet.png"
    pseudo_sheet(scores[:2], folder, reader, sheet, "title")
    assert read_image(sheet).shape[1] > 5 * SIZE[1]


def test_without_labels_to_compare_with_there_is_no_quality():
    assert mean_quality([]) is None
    assert mean_quality_by_video([]) == {}
