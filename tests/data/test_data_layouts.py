from __future__ import annotations

import pytest

from helpers.miniature_layouts import (
    davis2016,
    davis2017,
    duts,
    ecssd,
    fbms_archive,
    fbms_converted,
    folder,
    generic,
    hku_is,
    msra_b,
    segtrack,
    vos,
)
from rcrlib.data import LAYOUTS, load
from rcrlib.data.splits import FBMS_SPLITS, VOS_SPLITS
from rcrlib.errors import DataError


def names(dataset):
    return [video.name for video in dataset]


MINIATURES = (
    (davis2016, "davis2016", ["bear", "camel"], [(0, 1, 2), (0, 1)]),
    (davis2017, "davis2017", ["bear", "pigs"], [(0,), (0,)]),
    (fbms_archive, "fbms", ["marple", "cars"], [(2,), (1,)]),
    (fbms_converted, "fbms", ["bear01"], [(0, 4)]),
    (vos, "vos", ["3", "10"], [(0, 15, 30), (0, 15, 30)]),
    (segtrack, "segtrack", ["bmx", "frog"], [(0, 1, 2), (0, 1, 2)]),
    (generic, "generic", ["one", "two"], [(0, 1, 2), ()]),
    (duts, "images", ["TR", "TE"], [(0,), (0,)]),
    (hku_is, "images", ["0001"], [(0,)]),
    (ecssd, "images", ["0001"], [(0,)]),
    (msra_b, "images", ["0_1_1234", "0_2_5678"], [(0,), (0,)]),
    (folder, "folder", ["set"], [()]),
)


@pytest.mark.parametrize(("make", "layout", "videos", "labelled"), MINIATURES)
def test_layout_is_recognised_and_read(mini, make, layout, videos, labelled):
    make(mini)
    dataset = load(mini.root)
    assert dataset.layout == layout
    assert dataset.name == "set"
    assert dataset.flat == (layout == "images")
    assert names(dataset) == videos
    assert [video.annotated for video in dataset] == labelled
    assert names(load(mini.root, layout)) == videos
    for video in dataset:
        for index in video.annotated:
            assert video.label(index).any()


@pytest.mark.parametrize(
    ("make", "layout", "split", "videos"),
    [
        (davis2016, "auto", "train", ["bear"]),
        (davis2016, "auto", "val", ["camel"]),
        (davis2017, "auto", "train", ["pigs"]),
        (davis2017, "davis2016", "train", ["bear"]),
        (fbms_archive, "auto", "test", ["cars"]),
        (vos, "auto", "test", ["10"]),
        (segtrack, "auto", "all", ["bmx", "frog"]),
        (duts, "auto", "test", ["TE"]),
        (msra_b, "auto", "test", ["0_2_5678"]),
    ],
)
def test_split_is_the_official_part(mini, make, layout, split, videos):
    make(mini)
    assert names(load(mini.root, layout, split=split)) == videos


def test_split_of_generic_is_a_folder_around_the_videos(mini):
    mini.video("train/one/frames")
    mini.video("val/two/frames")
    assert names(load(mini.root, split="val")) == ["two"]
    assert names(load(mini.root)) == ["one", "two"]


def test_a_single_folder_of_frames_and_labels_is_one_video(mini):
    mini.video("frames", "labels")
    assert names(load(mini.root)) == ["set"]


def test_davis2017_objects_are_all_salient(mini):
    davis2017(mini)
    assert load(mini.root)["pigs"].label(0).mean() == 0.75


def test_fbms_label_belongs_to_its_frame_not_to_the_position_in_its_name(mini):
    fbms_archive(mini)
    video = load(mini.root)["marple"]
    assert [video.frame_names[index] for index in video.annotated] == ["marple_420"]
    assert video.label(2).mean() == 0.25


def test_segtrack_label_is_the_union_of_the_objects(mini):
    segtrack(mini)
    assert load(mini.root)["bmx"].label(1).mean() == 0.5


def test_another_resolution_of_davis_is_read_where_it_is_asked_for(mini):
    mini.video("JPEGImages/1080p/bear")
    mini.video("JPEGImages/Full-Resolution/bear")
    assert names(load(mini.root, resolution="1080p")) == ["bear"]
    by_layout = load(mini.root, "davis2016:Full-Resolution")
    assert names(by_layout) == ["bear"]
    assert by_layout.layout == "davis2016:Full-Resolution"
    with pytest.raises(DataError, match="480p: not there; JPEGImages holds 1080p"):
        load(mini.root)


def test_video_file_is_one_video(mini):
    dataset = load(mini.video_file("clip.avi"))
    assert dataset.layout == "video"
    assert names(dataset) == ["clip"]
    assert len(dataset[0]) == 12


def test_one_frame_makes_a_video(mini):
    mini.frame("only.png", 3)
    assert len(load(mini.root)[0]) == 1


def test_every_layout_says_what_it_looks_like():
    assert all(layout.looks_like for layout in LAYOUTS.values())


def test_published_splits_have_their_published_sizes():
    assert {split: len(videos) for split, videos in FBMS_SPLITS.items()} == {
        "train": 29,
        "test": 30,
    }
    assert {split: len(videos) for split, videos in VOS_SPLITS.items()} == {
        "train": 119,
        "val": 40,
        "test": 40,
    }
    for splits in (FBMS_SPLITS, VOS_SPLITS):
        videos = [video for split in splits.values() for video in split]
        assert len(set(videos)) == len(videos)


def test_davis_2016_splits_have_their_videos_and_every_label(shared):
    train = load(shared / "data" / "DAVIS2016", split="train")
    val = load(shared / "data" / "DAVIS2016", split="val")
    assert (len(train), len(val)) == (30, 8)
    assert all(len(video.annotated) == len(video) for video in (*train, *val))
    assert val["blackswan"].size == (480, 854)
    assert val["blackswan"].label(0).shape == val["blackswan"].frame(0).shape[:2]


def test_an_fbms_sequence_is_read_with_its_labels(shared):
    (video,) = load(shared / "data" / "FBMS")
    assert len(video) == 100
    assert [video.frame_names[index] for index in video.annotated] == [
        f"{number:05d}" for number in (1, 20, 40, 60, 80, 100)
    ]


def test_duts_train_is_a_flat_set_of_7000_images(shared):
    dataset = load(shared / "data" / "DUTS-TR", split="train")
    assert len(dataset) == 7000
    assert dataset.flat
    assert dataset[0].label(0).shape == dataset[0].size


def test_every_layout_has_a_miniature():
    assert set(LAYOUTS) - {layout for _, layout, *_ in MINIATURES} == {
        "video"
    }  # a film is one: test_data_video
