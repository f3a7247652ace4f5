"""What a demo trains on and is judged on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rcrlib.data import SyntheticConfig, keep_labels, load, write_mask, write_synthetic
from rcrlib.demo.plan import make_plan
from rcrlib.errors import DataError, OptionError
from rcrlib.experiments.held_out import without_kept


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a set of four videos of 12 labelled frames, one of them listed for validation."""
    config = SyntheticConfig(videos=4, frames=12, size=(32, 40))
    return write_synthetic(config, tmp_path_factory.mktemp("demo") / "set", val_videos=1)


def own_videos(root: Path, videos: int, frames: int, labels: tuple[int, ...]) -> Path:
    """Write videos in the layout for a person's own: SET/VIDEO/{frames,labels}."""
    for video in range(videos):
        for frame in range(frames):
            write_mask(root / f"v{video}" / "frames" / f"{frame:03d}.png", np.ones((8, 8)))
        for frame in labels:
            write_mask(root / f"v{video}" / "labels" / f"{frame:03d}.png", np.eye(8))
    return root


def test_the_lists_of_a_data_set_decide_what_is_held_out(listed: Path) -> None:
    plan = make_plan(listed, "auto", None, 1)

    assert len(plan.train) == 3
    assert [video.name for video in plan.test] == [load(listed, split="val")[0].name]
    assert (plan.l, plan.m, plan.unit) == (5, 1, "annotated")
    assert "lists train and val" in plan.said


def test_without_lists_every_fourth_video_is_held_out(tmp_path: Path) -> None:
    plan = make_plan(own_videos(tmp_path, 8, 12, tuple(range(12))), "auto", None, 1)

    assert [video.name for video in plan.test] == ["v3", "v7"]
    assert [video.name for video in plan.train] == ["v0", "v1", "v2", "v4", "v5", "v6"]


def test_of_a_single_video_only_labels_that_are_not_kept_are_judged(tmp_path: Path) -> None:
    plan = make_plan(own_videos(tmp_path, 1, 12, tuple(range(12))), "auto", 5, 2)
    judged = without_kept(plan.test, keep_labels(plan.train, plan.l))

    assert judged[0].annotated == (1, 2, 3, 4, 6, 7, 8, 9, 11)


def test_a_video_with_few_labels_keeps_them_all_and_fills_unlabelled_frames(tmp_path: Path) -> None:
    plan = make_plan(own_videos(tmp_path, 1, 30, (0, 7, 14, 21, 29)), "auto", None, 3)

    assert (plan.l, plan.unit) == (1, "frames")
    assert not any(video.annotated for video in without_kept(plan.test, plan.train))


def test_two_labels_are_refused_because_a_triplet_needs_three(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"v0 has most labels, 2.*at least 3"):
        make_plan(own_videos(tmp_path, 1, 12, (0, 11)), "auto", None, 1)


@pytest.mark.parametrize(("l", "m"), [(5, 5), (5, -1), (2, 2), (0, 0)])
def test_l_and_m_out_of_range_are_refused_before_anything_runs(
    listed: Path, l: int, m: int
) -> None:
    with pytest.raises(OptionError, match=r"l=|m="):
        make_plan(listed, "auto", l, m)


def test_a_set_of_single_images_is_refused(tmp_path: Path) -> None:
    for name in ("images", "masks"):
        write_mask(tmp_path / name / "a.png", np.ones((8, 8)))

    with pytest.raises(DataError, match=r"images.*needs videos"):
        make_plan(tmp_path, "images", None, 1)
