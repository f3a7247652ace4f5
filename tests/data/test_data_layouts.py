from __future__ import annotations

import numpy as np
import pytest

from rcrlib.data import LAYOUTS, load
from rcrlib.data.splits import FBMS_SPLITS, VOS_SPLITS
from rcrlib.errors import DataError, OptionError


def names(dataset):
    return [video.name for video in dataset]


def davis2016(mini):
    mini.video("JPEGImages/480p/bear", "Annotations/480p/bear")
    mini.video("JPEGImages/480p/camel", "Annotations/480p/camel", count=2)
    line = "/JPEGImages/480p/{0}/{1:05d}.png /Annotations/480p/{0}/{1:05d}.png\n"
    mini.text("ImageSets/480p/train.txt", "".join(line.format("bear", i) for i in range(3)))
    mini.text("ImageSets/480p/val.txt", "".join(line.format("camel", i) for i in range(2)))


def davis2017(mini):
    for name in ("bear", "pigs"):
        mini.video(f"JPEGImages/480p/{name}")
        mini.palette(f"Annotations/480p/{name}/00000.png", np.arange(192).reshape(12, 16) % 4)
    mini.text("ImageSets/2017/train.txt", "pigs\n")
    mini.text("ImageSets/2016/train.txt", "bear\n")


def fbms_archive(mini):
    for number in (400, 401, 420):
        mini.frame(f"Trainingset/marple/marple_{number}.jpg", 1)
    white = np.full((12, 16, 3), 255, np.uint8)
    white[:, :4] = 0, 0, 255
    mini.image("Trainingset/marple/GroundTruth/marple_420_gt.ppm", white)
    mini.image("Trainingset/marple/GroundTruth/marple_400_PROB_gt.ppm", white)
    mini.text("Trainingset/marple/GroundTruth/marpleDef.dat", "a description")
    for number in (1, 2):
        mini.frame(f"Testset/cars/cars_{number:02d}.jpg")
    mini.image("Testset/cars/GroundTruth/002.pgm", np.full((12, 16), 40, np.uint8))


def fbms_converted(mini):
    mini.video("JPEGImages/bear01", "Annotations/bear01", count=5, every=4)


def vos(mini):
    for name in ("3", "10"):
        mini.video(f"JPEGImages/{name}", f"Annotations/{name}", count=31, every=15)
    mini.text("ImageSets/test.txt", "10\n")


def segtrack(mini):
    mini.video("JPEGImages/frog", "GroundTruth/frog")
    mini.video("JPEGImages/bmx")
    for index in range(3):
        mini.mask(f"GroundTruth/bmx/1/{index:05d}.png", columns=slice(0, 4))
        mini.mask(f"GroundTruth/bmx/2/{index:05d}.png", columns=slice(12, 16))
    mini.text("ImageSets/all.txt", "*bmx\n*frog\n")


def generic(mini):
    mini.video("one/frames", "one/labels")
    mini.video("two/frames")


def duts(mini):
    for part in ("TR", "TE"):
        mini.frame(f"DUTS-{part}-Image/{part}.jpg")
        mini.mask(f"DUTS-{part}-Mask/{part}.png")


def hku_is(mini):
    mini.frame("imgs/0001.png")
    mini.mask("gt/0001.png")


def ecssd(mini):
    mini.frame("images/0001.jpg")
    mini.mask("ground_truth_mask/0001.png")


def msra_b(mini):
    for name in ("0_1_1234", "0_2_5678"):
        mini.frame(f"{name}.jpg")
        mini.mask(f"{name}.png")
    mini.text("ImageSets/test.txt", "0_2_5678.jpg\n")


def folder(mini):
    mini.video(".")


@pytest.mark.parametrize(
    ("make", "layout", "videos", "labelled"),
    [
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
    ],
)
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


def test_single_generic_video(mini):
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


def test_image_set_of_another_resolution(mini):
    mini.video("JPEGImages/1080p/bear")
    assert names(load(mini.root, resolution="1080p")) == ["bear"]
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


def test_unknown_layout_lists_the_known_ones(mini):
    mini.video(".")
    with pytest.raises(OptionError, match=r"layout='davis': expected auto, .*davis2016.*generic"):
        load(mini.root, "davis")


def test_nothing_there_says_so(mini):
    with pytest.raises(DataError, match="set: not there"):
        load(mini.root)


def test_unrecognised_folder_lists_what_was_looked_for(mini):
    mini.text("a/b/readme.txt", "")
    with pytest.raises(DataError) as caught:
        load(mini.root)
    assert all(name in str(caught.value) for name in LAYOUTS)
    assert "\n" not in str(caught.value)


def test_folder_above_a_data_set_names_the_data_set(mini):
    fbms_converted(mini)
    with pytest.raises(DataError, match="set in it looks like fbms: give that folder"):
        load(mini.root.parent)


def test_text_file_is_no_data_set(mini):
    with pytest.raises(DataError, match="no known layout"):
        load(mini.text("a.txt", ""))


def test_unknown_split_lists_the_known_ones(mini):
    davis2016(mini)
    with pytest.raises(DataError, match=r"has no split 'test' .* splits found: train, val"):
        load(mini.root, split="test")


def test_unknown_split_of_an_image_set_lists_its_folders(mini):
    duts(mini)
    with pytest.raises(DataError, match="splits found: test, train"):
        load(mini.root, split="val")


def test_unknown_split_of_fbms(mini):
    fbms_archive(mini)
    with pytest.raises(DataError, match="FBMS has no split 'val'"):
        load(mini.root, split="val")


@pytest.mark.parametrize("layout", ["folder", "video"])
def test_single_video_has_no_split(mini, layout):
    mini.frame("a.png")
    path = mini.root if layout == "folder" else mini.video_file("../a.avi")
    with pytest.raises(DataError, match="is one video, without a split"):
        load(path, layout, split="train")


def test_listed_sequence_that_is_missing_is_named(mini):
    davis2016(mini)
    line = "/JPEGImages/480p/swan/00000.jpg /Annotations/480p/swan/00000.png"
    mini.text("ImageSets/480p/val.txt", line)
    with pytest.raises(DataError, match=r"val\.txt: lists the sequences swan, missing"):
        load(mini.root, split="val")


def test_listed_frame_that_is_missing_is_named(mini):
    davis2016(mini)
    (mini.root / "JPEGImages/480p/camel/00001.png").unlink()
    with pytest.raises(DataError, match=r"lists 1 files, JPEGImages/480p/camel/00001\.png first"):
        load(mini.root, split="val")


@pytest.mark.parametrize("make", [davis2017, segtrack])
def test_listed_video_that_is_missing_is_named(mini, make):
    make(mini)
    mini.text("ImageSets/2017/train.txt", "swan\n")
    mini.text("ImageSets/train.txt", "*swan\n")
    with pytest.raises(DataError, match=r"swan \(1 in all\) of the split are missing"):
        load(mini.root, split="train")


def test_partly_downloaded_fbms_is_not_taken_for_the_whole_split(mini):
    fbms_converted(mini)
    with pytest.raises(DataError, match=r"bear02, .* \(28 in all\) of the split are missing"):
        load(mini.root, split="train")


def test_label_without_a_frame_is_refused(mini):
    fbms_converted(mini)
    mini.mask("Annotations/bear01/00077.png")
    with pytest.raises(DataError, match=r"00077\.png: a label without a frame"):
        load(mini.root)


def test_two_labels_of_one_frame_are_refused(mini):
    fbms_converted(mini)
    mini.mask("Annotations/bear01/4.png")
    with pytest.raises(DataError, match=r"4\.png: 00004\.png labels the same frame"):
        load(mini.root)


def test_labels_of_a_video_without_frames_are_refused(mini):
    fbms_converted(mini)
    mini.mask("Annotations/bear02/00000.png")
    with pytest.raises(DataError, match=r"has masks of bear02, of which .* has no frames"):
        load(mini.root)


def test_mask_without_an_image_is_refused(mini):
    hku_is(mini)
    mini.mask("gt/0002.png")
    with pytest.raises(DataError, match=r"0002\.png: a mask without an image"):
        load(mini.root)


def test_empty_video_is_refused(mini):
    fbms_converted(mini)
    (mini.root / "JPEGImages" / "empty").mkdir()
    with pytest.raises(DataError, match="empty: holds no image"):
        load(mini.root)


def test_data_set_without_videos_is_refused(mini):
    (mini.root / "JPEGImages").mkdir(parents=True)
    with pytest.raises(DataError, match="holds no video"):
        load(mini.root, "vos")


def test_davis_2016_splits(shared):
    train = load(shared / "data" / "DAVIS2016", split="train")
    val = load(shared / "data" / "DAVIS2016", split="val")
    assert (len(train), len(val)) == (30, 8)
    assert all(len(video.annotated) == len(video) for video in (*train, *val))
    assert val["blackswan"].size == (480, 854)
    assert val["blackswan"].label(0).shape == val["blackswan"].frame(0).shape[:2]


def test_fbms_sequence(shared):
    (video,) = load(shared / "data" / "FBMS")
    assert len(video) == 100
    assert [video.frame_names[index] for index in video.annotated] == [
        f"{number:05d}" for number in (1, 20, 40, 60, 80, 100)
    ]


def test_duts_train(shared):
    dataset = load(shared / "data" / "DUTS-TR", split="train")
    assert len(dataset) == 7000
    assert dataset.flat
    assert dataset[0].label(0).shape == dataset[0].size
