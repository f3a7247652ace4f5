"""The synthetic videos: the same bits from the same seed, exact masks, flow and occlusions."""

from __future__ import annotations

import json
import pickle
from dataclasses import asdict, replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from rcrlib.data.layouts import load
from rcrlib.data.synthetic import SyntheticConfig, SyntheticVideo, make_synthetic, write_synthetic
from rcrlib.errors import OptionError

SMALL = SyntheticConfig(videos=6, frames=8, size=(48, 64))
SPLITS = ("train", "val")


def test_same_seed_gives_the_same_bits_and_another_seed_does_not():
    first, again = make_synthetic(SMALL)[2], make_synthetic(SMALL)[2]
    other = make_synthetic(replace(SMALL, seed=1))[2]
    assert first == again
    assert np.array_equal(first.frame(3), again.frame(3))
    assert np.array_equal(first.frame(3), pickle.loads(pickle.dumps(first)).frame(3))
    assert np.array_equal(first.flow(3, 4), again.flow(3, 4))
    assert not np.array_equal(first.frame(3), other.frame(3))


def test_the_global_random_state_is_neither_read_nor_changed():
    np.random.seed(0)
    state = np.random.get_state()[1].copy()
    make_synthetic(SMALL)[0].frame(0)
    assert np.array_equal(np.random.get_state()[1], state)


def test_frames_do_not_depend_on_the_order_in_which_they_are_drawn():
    videos = make_synthetic(SMALL)
    forwards = [video.frame(i) for video in videos for i in (0, 7)]
    backwards = [video.frame(i) for video in reversed(videos) for i in (7, 0)]
    assert all(np.array_equal(a, b) for a, b in zip(forwards, reversed(backwards), strict=True))


def test_frames_and_masks_have_their_shapes_types_and_ranges():
    video = make_synthetic(SMALL)[0]
    assert len(video) == 8
    assert (video.frame(0).shape, video.frame(0).dtype) == ((48, 64, 3), np.uint8)
    assert (video.mask(0).shape, video.mask(0).dtype) == ((48, 64), np.uint8)
    assert (video.flow(0, 1).shape, video.flow(0, 1).dtype) == ((48, 64, 2), np.float32)
    assert (video.occlusion(0, 1).shape, video.occlusion(0, 1).dtype) == ((48, 64), np.bool_)
    assert set(np.unique(video.mask(0))) == {0, 1}


def test_a_scene_is_the_same_at_every_size():
    coarse, fine = (SyntheticVideo(SyntheticConfig(size=(s, s), noise=0), 5) for s in (64, 192))
    reduced = cv2.resize(fine.frame(4), (64, 64), interpolation=cv2.INTER_AREA)
    difference = np.abs(reduced.astype(float) - coarse.frame(4))
    assert difference.mean() < 0.35 * coarse.frame(4).std()
    masks = cv2.resize(fine.mask(4), (64, 64), interpolation=cv2.INTER_AREA), coarse.mask(4)
    assert (masks[0] != masks[1]).mean() < 0.01


def test_every_video_shows_its_object_throughout():
    for video in make_synthetic(replace(SMALL, videos=24, frames=24, occlusion=1.0)):
        shares = [video.mask(i).mean() for i in (0, 8, 16, 23)]
        assert 0.004 < min(shares) <= max(shares) < 0.5, video.name


def test_the_object_is_as_large_as_asked_for():
    for radius in (0.08, 0.16, 0.3):
        config = replace(SMALL, object_radius=(radius, radius), occlusion=0, distractors=(0, 0))
        side = min(config.size)
        areas = [v.mask(i).sum() / side**2 for v in make_synthetic(config) for i in (0, 7)]
        assert 0.5 < np.median(areas) / (np.pi * radius**2) < 1.5


def test_occlusion_and_low_contrast_share_do_what_they_say():
    def object_area(video: SyntheticVideo) -> list[int]:
        return [int(video.mask(i).sum()) for i in range(24)]

    free, swept = (replace(SMALL, frames=24, occlusion=share) for share in (0.0, 1.0))
    for without, within in zip(make_synthetic(free), make_synthetic(swept), strict=True):
        lost = np.subtract(object_area(without), object_area(within))
        assert 0 <= lost.min() < 0.5 * lost.max()

    def contrast(video: SyntheticVideo) -> float:
        frame, mask = video.frame(0).astype(float), video.mask(0) == 1
        return float(np.abs(frame[mask].mean(0) - frame[~mask].mean(0)).max())

    plain = replace(SMALL, distractors=(0, 0), occlusion=0)
    low, high = (
        np.mean([contrast(video) for video in make_synthetic(replace(plain, low_contrast_share=s))])
        for s in (1.0, 0.0)
    )
    assert low < 0.6 * high


# Two tests look at the layers, which the pictures and masks do not tell apart.
def test_videos_of_one_world_share_ground_and_object_and_differ_in_everything_else():
    first, other, again = make_synthetic(replace(SMALL, videos=3, looks=2))
    ground, theirs, same = (
        video._scene(0).layers[0].surface.texture for video in (first, other, again)
    )
    assert np.array_equal(ground, same)
    assert not np.array_equal(ground, theirs)
    mine, _, same = (v._scene(0).layers[v._scene(0).salient].radii for v in (first, other, again))
    assert np.array_equal(mine, same)
    assert not np.array_equal(first.mask(0), again.mask(0))


def test_leaves_lie_behind_the_object_and_are_gone_within_three_frames():
    calm = make_synthetic(replace(SMALL, frames=12, occlusion=0, distractors=(0, 0)))[0]
    windy = make_synthetic(replace(calm.config, clutter=4.0))[0]
    assert np.array_equal(calm.mask(5), windy.mask(5))
    seen = [set(np.unique(windy._visible(i))) - {0, windy._scene(0).salient} for i in range(12)]
    assert 1 < np.mean([len(leaves) for leaves in seen]) < 12
    for i in range(9):
        assert not seen[i] & seen[i + 3]


def test_light_changes_slowly_and_over_the_whole_picture():
    still = replace(SMALL, frames=24, noise=0)
    for dull, lit in zip(
        make_synthetic(replace(still, appearance_change=0)), make_synthetic(still), strict=True
    ):
        factors = np.array(
            [lit.frame(i).mean((0, 1)) / dull.frame(i).mean((0, 1)) for i in range(24)]
        )
        assert 0.02 < np.ptp(np.log(factors), axis=0).max() < 0.7
        assert np.abs(np.diff(np.log(factors), axis=0)).max() < 0.06


@pytest.mark.parametrize("i", [-1, 8])
def test_a_frame_that_is_not_there_is_refused(i: int):
    video = make_synthetic(SMALL)[0]
    for ask in (video.frame, video.mask, lambda i: video.flow(i, 0), lambda i: video.flow(0, i)):
        with pytest.raises(IndexError, match="frames 0 to 7"):
            ask(i)


@pytest.mark.parametrize(
    "wrong",
    [
        {"videos": 0},
        {"frames": 0},
        {"size": (8, 64)},
        {"seed": -1},
        {"object_radius": (0.3, 0.1)},
        {"distractors": (3, 1)},
        {"occlusion": 1.5},
        {"low_contrast_share": -0.1},
        {"appearance_change": 3.0},
        {"clutter": -1.0},
        {"looks": -1},
        {"motion": -0.5},
        {"noise": -1},
    ],
)
def test_options_out_of_range_are_refused_by_name(wrong: dict):
    with pytest.raises(OptionError, match=next(iter(wrong))):
        SyntheticConfig(**wrong)


def test_written_set_has_the_layout_of_davis_2016(tmp_path: Path):
    config = replace(SMALL, videos=3, frames=4)
    assert write_synthetic(config, tmp_path / "set", val_videos=1) == tmp_path / "set"
    listed = [
        line.split()
        for split in SPLITS
        for line in (tmp_path / "set/ImageSets/480p" / f"{split}.txt").read_text().splitlines()
    ]
    assert len(listed) == 12
    assert listed[-1] == [
        "/JPEGImages/480p/synthetic-002/00003.jpg",
        "/Annotations/480p/synthetic-002/00003.png",
    ]
    for k, (image, label) in enumerate(listed):
        video, i = make_synthetic(config)[k // 4], k % 4
        frame = cv2.imread(str(tmp_path / "set" / image[1:]))[..., ::-1]
        assert np.abs(frame.astype(float) - video.frame(i)).mean() < 4
        mask = cv2.imread(str(tmp_path / "set" / label[1:]), cv2.IMREAD_UNCHANGED)
        assert np.array_equal(mask, 255 * video.mask(i))
    record = json.loads((tmp_path / "set/rcr.json").read_text())
    assert record == {"made by": "rcrlib.data.synthetic", "val_videos": 1, **_as_json(config)}


def _as_json(config: SyntheticConfig) -> dict:
    return json.loads(json.dumps(asdict(config)))


def test_written_set_is_read_back_as_davis_2016(tmp_path: Path):
    config = replace(SMALL, videos=3, frames=4)
    write_synthetic(config, tmp_path / "set", val_videos=1)
    names = {split: [v.name for v in load(tmp_path / "set", split=split)] for split in SPLITS}
    assert names == {"train": ["synthetic-000", "synthetic-001"], "val": ["synthetic-002"]}
    video = load(tmp_path / "set", split="val")["synthetic-002"]
    assert (len(video), video.size, video.annotated) == (4, (48, 64), (0, 1, 2, 3))
    assert np.array_equal(video.label(2), make_synthetic(config)[2].mask(2))


def test_written_set_is_replaced_only_by_force(tmp_path: Path):
    config = replace(SMALL, videos=1, frames=1)
    write_synthetic(config, tmp_path / "set")
    with pytest.raises(OptionError, match="exists"):
        write_synthetic(config, tmp_path / "set")
    write_synthetic(replace(config, videos=2), tmp_path / "set", force=True)
    assert len(list((tmp_path / "set/JPEGImages/480p").iterdir())) == 2


@pytest.mark.parametrize("val_videos", [-1, 6])
def test_a_split_without_training_videos_is_refused(tmp_path: Path, val_videos: int):
    with pytest.raises(OptionError, match="val_videos"):
        write_synthetic(SMALL, tmp_path / "set", val_videos=val_videos)
    assert not (tmp_path / "set").exists()
