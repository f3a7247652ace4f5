"""l, m and pseudo-label folders that do not fit: one line, and never a fall-back to all labels."""

from __future__ import annotations

import json
import shutil

import pytest

from rcrlib.data import load

SPLIT = ("--split", "train")
RUN = ("--preset", "smallest", "-o", "run", "--steps", 2, "--batch", 2, "--device", "cpu")


@pytest.mark.parametrize(
    ("l", "m", "says"),
    [
        (5, 5, ("m=5", "l=5", "4 annotated frame(s)", "m <= 4")),
        (2, 2, ("m=2", "l=2", "m <= 1")),
        (1, 1, ("m=1", "l=1", "m <= 0")),
        (5, -1, ("m=-1", "at least 0")),
        (0, 1, ("l=0", "at least 1")),
        (-3, 1, ("l=-3", "at least 1")),
        (11, 1, ("2 kept labels", "lower --l")),
    ],
)
def test_l_or_m_out_of_range_is_refused(refused, trained, l, m, says):
    generator = ("--fgplg", trained.weights("fgplg"), "-o", "labels")
    refused("pseudo-label", trained.data, *SPLIT, *generator, "-l", l, "-m", m, says=says)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("-l", 5, "-m", 5), ("m=5", "give m <= 4")),
        (("-l", 0), ("l=0", "at least 1")),
        (("-m", -1), ("m=-1", "at least 0")),
    ],
)
def test_the_demo_refuses_l_or_m_out_of_range(refused, trained, options, says):
    refused("demo", "--data", trained.data, *options, says=says)


def test_the_demo_refuses_a_negative_m_on_a_video_of_ones_own(refused, videos):
    videos.video("dog", labels=(0, 5, 10))
    refused("demo", "--data", videos.root, "-m", -1, "--steps", 1, says=["m=-1"])


def test_training_refuses_l_out_of_range_or_beside_a_label_folder(refused, trained):
    refused("train", "fgplg", trained.data, *RUN, "-l", 0, says=["l=0", "at least 1"])
    refused("train", "video", trained.data, *RUN, "-l", 0, says=["l=0", "at least 1"])
    labels = ("--labels", trained.pseudo, "-l", 5)
    refused("train", "video", trained.data, *SPLIT, *RUN, *labels, says=["--labels", "leave -l 5"])


@pytest.fixture
def labels(trained, tmp_path):
    """Return a copy of the pseudo-labels that a test may spoil."""
    shutil.copytree(trained.pseudo, tmp_path / "labels")
    return tmp_path / "labels"


def learn(trained, folder):
    return ("train", "video", trained.data, *SPLIT, "--labels", folder, *RUN)


def test_a_pseudo_label_folder_that_is_missing_or_empty_is_refused(refused, trained, tmp_path):
    refused(*learn(trained, "nowhere"), says=["nowhere", "found nothing"])
    (tmp_path / "empty").mkdir()
    refused(*learn(trained, "empty"), says=["empty", "holds no masks", "VIDEO/FRAME.png"])


def test_a_pseudo_label_folder_of_other_videos_is_refused(refused, trained, labels, videos):
    (labels / "manifest.json").unlink()
    (labels / "synthetic-000").rename(labels / "somebody-else")
    says = ("labels", "belongs to other videos", "somebody-else", "give the labels of this")
    refused(*learn(trained, labels), says=says)
    videos.video("dog")
    other = ("train", "video", videos.root, "--labels", trained.pseudo, *RUN)
    refused(*other, says=["pseudo", "belongs to other videos", "synthetic-000"])


def test_a_pseudo_label_folder_with_other_frames_is_refused(refused, trained, labels):
    (labels / "manifest.json").unlink()
    (labels / "synthetic-000/00000.png").rename(labels / "synthetic-000/90000.png")
    says = ("labels", "synthetic-000 has no frame 90000", "named like 00000")
    refused(*learn(trained, labels), says=says)


def test_an_incomplete_pseudo_label_folder_is_refused(refused, trained, labels):
    (labels / "synthetic-000/00002.png").unlink()
    says = ("labels/manifest.json", "missing", "synthetic-000/00002", "make the label folder again")
    refused(*learn(trained, labels), says=says)
    (labels / "manifest.json").unlink()
    shutil.rmtree(labels / "synthetic-001")
    says = ("labels", "no mask for synthetic-001", "1 of 3 videos", "complete the folder")
    refused(*learn(trained, labels), says=says)


def test_a_pseudo_label_of_another_size_is_refused(refused, trained, labels, videos):
    videos.mask("mask.png", size=(48, 60)).rename(labels / "synthetic-000/00002.png")
    says = ("labels/synthetic-000/00002.png", "60x48", "64x48")
    refused(*learn(trained, labels), says=says)


def test_a_damaged_manifest_is_refused(refused, trained, labels):
    (labels / "manifest.json").write_text("{")
    refused(*learn(trained, labels), says=["labels/manifest.json", "make the label folder again"])


def test_a_label_folder_takes_the_place_of_all_labels(rcr, trained, labels, tmp_path):
    """One pseudo-label of each video is learned from, though all of its frames are labelled."""
    for video in load(trained.data, split="train"):
        for path in (labels / video.name).iterdir():
            if path.stem != "00002":
                path.unlink()
    (labels / "manifest.json").unlink()
    assert rcr(*learn(trained, labels)).status == 0
    speeds = (tmp_path / "run/metrics.jsonl").read_text().splitlines()
    assert len(speeds) == 2
    record = json.loads((tmp_path / "run/rcr.json").read_text())
    small = load(trained.data, split="train").with_label_folder(labels)
    assert record["fingerprint"] == small.fingerprint()
    assert [video.annotated for video in small] == [(2,)] * 3
