"""Folders are listed in one way and names compared as people see them."""

from __future__ import annotations

import os

import pytest

from helpers.miniature_layouts import davis2016
from rcrlib.data import check, load
from rcrlib.data.names import NameTable
from rcrlib.errors import DataError

COMPOSED, DECOMPOSED = "caf\u00e9", "cafe\u0301"


def test_a_link_that_leads_to_nothing_is_no_missing_frame(mini):
    for name in ("a", "b", "c"):
        mini.video(f"{name}/frames", f"{name}/labels", count=4)
    for lost in ("a/frames/00002.png", "b/labels/00001.png"):
        (mini.root / lost).unlink()
        (mini.root / lost).symlink_to("gone/away.png")
    with pytest.raises(DataError, match=r"a/frames/00002\.png: leads to nothing, .*gone/away\.png"):
        load(mini.root)
    problems = check(mini.root).problems
    assert [problem.partition(":")[0].removeprefix(f"{mini.root}/") for problem in problems] == [
        "a/frames/00002.png",
        "b/labels/00001.png",
    ]


def test_a_set_whose_videos_all_have_problems_is_not_said_to_hold_none(mini):
    for name in ("a", "b"):
        mini.video(f"{name}/frames", f"{name}/labels", count=4)
        (mini.root / name / "frames/00002.png").unlink()
        (mini.root / name / "frames/00002.png").symlink_to("gone.png")
    problems = check(mini.root).problems
    assert len(problems) == 2
    assert all("leads to nothing" in problem for problem in problems)


@pytest.mark.parametrize("lost", ["d", "a/frames", "a/labels"])
def test_a_folder_that_is_a_lost_link_is_named(mini, lost):
    mini.video("a/pictures", "a/masks")
    for name, there in (("frames", "pictures"), ("labels", "masks")):
        (mini.root / "a" / name).symlink_to(there)
    mini.video("b/frames")
    (mini.root / lost).unlink(missing_ok=True)
    (mini.root / lost).symlink_to("gone")
    with pytest.raises(DataError, match=f"{lost}: leads to nothing"):
        load(mini.root)


def test_a_link_in_a_circle_is_named(mini):
    mini.video("a/frames")
    (mini.root / "a/frames/00009.png").symlink_to("00009.png")
    with pytest.raises(DataError, match=r"00009\.png: leads to nothing"):
        load(mini.root)


def test_linked_videos_keep_the_names_of_their_links(mini, tmp_path):
    for camera in ("camera1", "camera2"):
        mini.video(f"{camera}/video/frames", f"{camera}/video/labels")
        (tmp_path / "links").mkdir(exist_ok=True)
        (tmp_path / "links" / camera).symlink_to(mini.root / camera / "video")
    assert [video.name for video in load(tmp_path / "links")] == ["camera1", "camera2"]
    assert load(tmp_path / "links" / "camera1")[0].name == "camera1"


@pytest.mark.parametrize(
    "name", [".DS_Store", "._00000.png", "Thumbs.db", "desktop.ini", "__MACOSX/._a", "@eaDir/a.png"]
)
def test_what_systems_leave_in_folders_is_passed_over(mini, name):
    mini.video("a/frames", "a/labels")
    for folder in (".", "a", "a/frames", "a/labels"):
        mini.text(f"{folder}/{name}", "not ours")
    assert check(mini.root).problems == ()
    assert [len(video) for video in load(mini.root)] == [3]


def test_hidden_lists_are_no_splits(mini):
    davis2016(mini)
    mini.text("ImageSets/480p/._val.txt", "not ours")
    with pytest.raises(DataError, match="splits found: train, val;"):
        load(mini.root, split="test")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le-mark", "utf-32"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_lists_of_any_windows_editor_are_read(mini, encoding, end):
    for name in (COMPOSED, "my video"):
        mini.video(f"JPEGImages/480p/{name}")
    text = f" {COMPOSED} {end}{end}my video{end}"
    if encoding == "utf-16-le-mark":
        data = b"\xff\xfe" + text.encode("utf-16-le")
    else:
        data = text.encode(encoding)
    mini.path("ImageSets/2016/val.txt").write_bytes(data)
    assert [video.name for video in load(mini.root, split="val")] == [COMPOSED, "my video"]


def test_a_list_that_is_no_text_says_what_to_do(mini):
    mini.video("JPEGImages/480p/bear")
    mini.path("ImageSets/2016/val.txt").write_bytes(b"bear\n\xe9\n")
    with pytest.raises(DataError, match=r"val\.txt: is no text .*save it as UTF-8"):
        load(mini.root, split="val")


def test_the_first_word_of_a_line_is_a_name_where_the_line_is_none(mini):
    mini.video("JPEGImages/480p/bear")
    mini.text("ImageSets/2016/val.txt", "bear 1\n")
    assert [video.name for video in load(mini.root, split="val")] == ["bear"]


def test_composed_and_decomposed_names_are_one(mini):
    mini.video(f"JPEGImages/480p/{DECOMPOSED}", f"Annotations/480p/{COMPOSED}")
    mini.text("ImageSets/2016/val.txt", f"{COMPOSED}\n")
    (video,) = load(mini.root, split="val")
    assert video.annotated == (0, 1, 2)
    assert load(mini.root)[COMPOSED].name == DECOMPOSED


def test_labels_of_a_folder_find_their_frames_by_what_names_look_like(mini, tmp_path):
    mini.video(f"{DECOMPOSED}/frames")
    mini.root, data = tmp_path / "labels", mini.root
    mini.mask(f"{COMPOSED}/00001.png")
    mini.text("manifest.json", f'\ufeff{{"videos": {{"{DECOMPOSED}": {{"00001": "label"}}}}}}')
    (video,) = load(data).with_label_folder(mini.root)
    assert video.annotated == (1,)


def test_a_name_that_is_there_comes_before_one_that_looks_like_it():
    table = NameTable({DECOMPOSED: 1, COMPOSED: 2, " a": 3, "a": 4})
    assert table.get(COMPOSED) == 2
    assert table.get(DECOMPOSED) == 1
    assert table.get(" a") == 3
    assert table.get("a ") == 4
    assert table.get("b") is None


def test_the_only_resolution_of_davis_is_read(mini):
    mini.video("JPEGImages/Full-Resolution/bear", "Annotations/Full-Resolution/bear")
    mini.text("ImageSets/2017/val.txt", "bear\n")
    assert check(mini.root).problems == ()
    (video,) = load(mini.root, split="val")
    assert video.annotated == (0, 1, 2)


def test_a_layout_that_was_named_is_found_one_folder_deeper(mini):
    mini.video("DAVIS/JPEGImages/480p/bear")
    with pytest.raises(DataError, match="DAVIS in it looks like davis2016: give that folder"):
        load(mini.root, "davis2016")


def test_a_folder_of_films_names_one(mini):
    mini.video_file("clip.avi")
    with pytest.raises(DataError, match=r"clip\.avi in it looks like video: give that file"):
        load(mini.root)


@pytest.mark.skipif(os.sep != "/", reason="names of other bytes")
def test_frames_with_names_that_are_not_utf8_are_read(mini):
    mini.video(f"{os.fsdecode(b'vid' + bytes([0xE9]))}/frames")
    (video,) = load(mini.root)
    assert video.frame(2)[0, 0, 0] == 20
    assert check(mini.root).problems == ()
