"""`rcr data get` and `rcr data check`, as a person meets them."""

from __future__ import annotations

import pytest
from PIL import Image

from rcrlib.data.fetch import CATALOGUE


def test_without_a_name_the_sets_are_listed_with_their_licences(rcr):
    ended = rcr("data", "get")
    assert (ended.status, ended.err) == (0, "")
    for line, published in zip(ended.out.splitlines(), CATALOGUE.values(), strict=True):
        assert line.startswith(published.name)
        assert published.licence in line
        assert (published.page in line) == published.by_hand


def test_a_dry_run_says_what_would_be_done_and_does_nothing(rcr, tmp_path):
    ended = rcr("data", "get", "davis2016", "--dry-run")
    assert (ended.status, ended.err) == (0, "")
    for words in ("DAVIS-data.zip (about 1.9 GB)", "https://", "are free", "CC BY-NC 4.0"):
        assert words in ended.out
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("imagenet",), ["'imagenet': no data set that rcr knows; use one of davis2016"]),
        (("vos",), ["VOS: cannot be downloaded by a program; visit http", "--archive FILE"]),
        (("vos", "--archive", "VOS.zip"), ["VOS.zip: not there"]),
        (("fbms", "--verify"), ["data/FBMS: not there; get it with rcr data get fbms"]),
        (("fbms", "--verify", "--dry-run"), ["give one of the two"]),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(refused, arguments, says):
    refused("data", "get", *arguments, says=says)


def test_check_finds_nothing_wrong_with_a_good_set(rcr, videos):
    videos.video("one", labels=(0, 5))
    videos.video("two", labels=())
    ended = rcr("data", "check", videos.root)
    assert (ended.status, ended.err) == (0, "")
    assert ended.out.splitlines() == [
        "note: without any label: two",
        f"{videos.root}: everything can be read",
    ]


def test_check_lists_every_problem_not_just_the_first(rcr, videos):
    videos.video("one", frames=4)
    (videos.root / "one/frames/00002.png").write_bytes(b"broken")
    videos.mask("one/labels/00003.png", size=(5, 5))
    videos.mask("one/labels/00009.png")
    videos.video("two", frames=2)
    (videos.root / "two/labels/00000.png").write_bytes(b"")
    Image.new("RGB", (32, 24), "red").save(videos.root / "two/labels/00001.png")
    (videos.root / "three/frames").mkdir(parents=True)
    ended = rcr("data", "check", videos.root)
    assert ended.status == 2
    assert ended.err == f"rcr: {videos.root}: has 6 problem(s), listed above\n"
    for words in (
        "00009.png: a label without a frame", "three/frames: holds no image",
        "00002.png: cannot be read as an image", "00003.png: the mask is 5x5",
        "two/labels/00000.png: cannot be read", "00001.png: the mask is coloured",
    ):  # fmt: skip
        assert ended.out.count(words) == 1


def test_check_tells_masks_without_an_object(rcr, videos):
    videos.video("one", frames=2)
    Image.new("L", (32, 24)).save(videos.root / "one/labels/00001.png")
    assert "labels without an object (1): one/00001" in rcr("data", "check", videos.root).out
