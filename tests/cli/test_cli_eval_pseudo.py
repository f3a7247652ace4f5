"""rcr eval pseudo-labels."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from cv2 import imread

from rcrlib.data import keep_labels, load, write_mask


def rows_of(text: str) -> dict[str, list[float]]:
    heading, *rows = (line.split() for line in text.splitlines())
    assert heading == ["video", "frames", "copied", "warped", "FGPLG"]
    return {name: [float(number) for number in numbers] for name, *numbers in rows}


@pytest.fixture
def perfect(trained, tmp_path):
    """A label folder whose pseudo-labels are the labels that were held back."""
    folder = tmp_path / "perfect"
    shutil.copytree(trained.pseudo, folder)
    for video in load(trained.data, split="train"):
        for name in ("00002", "00003", "00007", "00008"):
            write_mask(folder / video.name / f"{name}.png", video.label(int(name)))
    return folder


def test_each_video_and_all_frames_have_a_row(rcr, trained, perfect):
    ended = rcr("eval", "pseudo-labels", perfect, "--gt", trained.data, "--split", "train")
    assert (ended.status, ended.err) == (0, "")
    rows = rows_of(ended.out)
    names = [video.name for video in load(trained.data, split="train")]
    assert list(rows) == [*names, "all"]
    assert [row[0] for row in rows.values()] == [4.0] * len(names) + [4.0 * len(names)]
    assert all(row[3] == 1 for row in rows.values())
    means = np.mean([rows[name] for name in names], axis=0)
    assert rows["all"][1:] == pytest.approx(means[1:], abs=2e-3)
    assert rows["all"][2] > rows["all"][1], "a warped label is better than a copied one"


def test_the_best_and_the_worst_frames_are_drawn(rcr, trained, perfect, tmp_path):
    (video, *_) = load(trained.data, split="train")
    write_mask(perfect / video.name / "00002.png", 1 - video.label(2))
    ended = rcr(
        "eval", "pseudo-labels", perfect, "--gt", trained.data, "--split", "train",
        "--sheet", 2, "-o", "sheets",
    )  # fmt: skip
    assert (ended.status, ended.out.splitlines()[-1]) == (0, "sheets")
    best, worst = (imread(str(tmp_path / "sheets" / f"{name}.png")) for name in ("best", "worst"))
    assert best.shape[1] == worst.shape[1] > 5 * 240
    assert rows_of("\n".join(ended.out.splitlines()[:-1]))[video.name][3] < 1


def test_a_folder_without_a_manifest_is_refused(refused, trained, perfect):
    (perfect / "manifest.json").unlink()
    refused(
        "eval", "pseudo-labels", perfect, "--gt", trained.data, "--split", "train",
        says=("manifest.json: not there", "rcr pseudo-label"),
    )  # fmt: skip


def test_a_pseudo_label_that_is_not_between_labels_is_refused(refused, trained, perfect):
    manifest = json.loads((perfect / "manifest.json").read_text())
    name = next(iter(manifest["videos"]))
    manifest["videos"][name]["00010"] = "pseudo"
    (perfect / "manifest.json").write_text(json.dumps(manifest))
    refused(
        "eval", "pseudo-labels", perfect, "--gt", trained.data, "--split", "train",
        says=(f"{name} has a pseudo-label on frame 00007", "not between two labels"),
    )  # fmt: skip


def test_pseudo_labels_of_frames_without_labels_cannot_be_scored(refused, trained, tmp_path):
    kept = keep_labels(load(trained.data, split="train"), 5)
    for video in kept:
        target = tmp_path / "sparse" / video.name
        shutil.copytree(trained.data / "JPEGImages/480p" / video.name, target / "frames")
        for index in video.annotated:
            write_mask(target / "labels" / f"{video.frame_names[index]}.png", video.label(index))
    refused(
        "eval", "pseudo-labels", trained.pseudo, "--gt", "sparse",
        says=("none of the pseudo-labels", "has a label to compare with"),
    )  # fmt: skip
