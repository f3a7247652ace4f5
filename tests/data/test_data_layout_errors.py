from __future__ import annotations

import pytest

from helpers.miniature_layouts import (
    davis2016,
    davis2017,
    duts,
    fbms_archive,
    fbms_converted,
    hku_is,
    segtrack,
)
from rcrlib.data import LAYOUTS, load
from rcrlib.errors import DataError, OptionError


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


def test_unknown_split_of_fbms_is_refused(mini):
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
