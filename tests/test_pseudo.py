"""A folder of pseudo-labels: which frame gets what, and that training takes it."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from helpers.disks import small_disk
from helpers.networks import NETWORK
from helpers.small_runs import metrics, small_preset, write_videos
from rcrlib.data import (
    Dataset,
    LabelFiles,
    keep_labels,
    load,
    read_mask,
    read_void,
    write_mask,
)
from rcrlib.errors import DataError, OptionError
from rcrlib.files import RECORD
from rcrlib.flow import FlowCache, get_flow, write_flow
from rcrlib.models import FGPLG
from rcrlib.pseudo import Target, copy_kept, generate, predict_targets
from rcrlib.train import train_video
from rcrlib.triplets import reader_for

pytestmark = pytest.mark.usefixtures("one_thread")

SIZES = {"size": 32, "flow_size": 40}


@pytest.fixture(scope="module")
def fgplg() -> FGPLG:
    torch.manual_seed(0)
    return FGPLG(NETWORK).eval()


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return two training videos of 11 frames, 40x56 pixels, all of them annotated."""
    return write_videos(tmp_path_factory.mktemp("pseudo") / "set", frames=11)


@pytest.fixture
def dataset(videos: Path) -> Dataset:
    return load(videos, split="train")


def write(dataset: Dataset, fgplg: FGPLG, out: Path, **options) -> dict[str, dict[str, str]]:
    """Write pseudo-labels and give the manifest's videos."""
    generate(dataset, fgplg, out, **{"flow": get_flow("dis"), **SIZES, **options})
    return json.loads((out / "manifest.json").read_text())["videos"]


def with_annotated(dataset: Dataset, frames: tuple[int, ...]) -> Dataset:
    """Return the data set with labels for these frames only."""
    videos = (v.with_labels({i: v.labels[i] for i in frames}) for v in dataset)
    return replace(dataset, videos=tuple(videos))


def test_kept_labels_and_pseudo_labels_are_where_the_protocol_puts_them(dataset, fgplg, tmp_path):
    said = write(dataset, fgplg, tmp_path / "labels", l=5, m=1)
    # Kept 0, 5, 10; in each interval the target 2.5 positions on, rounded half up.
    frames = {"00000": "label", "00003": "pseudo", "00005": "label", "00008": "pseudo"}
    assert said == {video.name: {**frames, "00010": "label"} for video in dataset}
    found = {f"{path.parent.name}/{path.stem}" for path in (tmp_path / "labels").rglob("*.png")}
    assert found == {f"{video}/{frame}" for video in said for frame in said[video]}


def test_sparsely_annotated_videos_get_them_on_annotated_frames_only(dataset, fgplg, tmp_path):
    sparse = with_annotated(dataset, (1, 3, 5, 7, 9))  # as VOS, which annotates one frame in 15
    said = write(sparse, fgplg, tmp_path / "labels", l=2, m=1)
    expected = {"00001": "label", "00003": "pseudo", "00005": "label"}
    expected |= {"00007": "pseudo", "00009": "label"}
    assert said == {video.name: expected for video in dataset}


def test_a_persons_own_video_gets_them_on_frames_nobody_annotated(dataset, fgplg, tmp_path):
    sparse = with_annotated(dataset, (0, 6, 7, 10))
    said = write(sparse, fgplg, tmp_path / "labels", l=1, m=2, unit="frames")
    kinds = next(iter(said.values()))
    assert [frame for frame, kind in kinds.items() if kind == "label"] == [
        "00000", "00006", "00007", "00010",
    ]  # fmt: skip
    assert [frame for frame, kind in kinds.items() if kind == "pseudo"] == [
        "00002", "00004", "00008", "00009",
    ]  # fmt: skip


def test_without_pseudo_labels_the_kept_labels_are_copied(dataset, fgplg, tmp_path):
    said = write(dataset, fgplg, tmp_path / "labels", l=5, m=0)
    assert {kind for frames in said.values() for kind in frames.values()} == {"label"}


def test_a_video_too_short_for_an_interval_keeps_its_labels(dataset, fgplg, tmp_path):
    short = replace(dataset, videos=(dataset[0], with_annotated(dataset, (3,))[1]))
    said = write(short, fgplg, tmp_path / "labels", l=5, m=1)
    assert said[dataset[1].name] == {"00003": "label"}


def test_kept_ground_truth_is_copied_byte_for_byte(videos, fgplg, tmp_path):
    folder = shutil.copytree(videos, tmp_path / "set")
    dataset = load(folder, split="train")
    odd = dataset[0].labels[0].paths[0]  # a palette, as in DAVIS 2017
    picture = Image.fromarray(3 * dataset[0].label(0).astype(np.uint8), "P")
    picture.putpalette([0, 0, 0, 9, 9, 9, 8, 8, 8, 128, 0, 0])
    picture.save(odd)
    write(dataset, fgplg, tmp_path / "labels", l=5, m=1)
    for video in keep_labels(dataset, 5):
        for index, files in video.labels.items():
            copy = tmp_path / "labels" / video.name / f"{video.frame_names[index]}.png"
            assert copy.read_bytes() == files.paths[0].read_bytes()
    trained_on = dataset.with_label_folder(tmp_path / "labels")[0].label(0)
    assert np.array_equal(trained_on, dataset[0].label(0))


@pytest.mark.parametrize("style", ["auto", "ids-void"])
def test_void_of_kept_labels_is_kept(style, dataset, tmp_path):
    video = dataset[0]
    void = np.zeros(video.size, bool)
    void[:5] = True
    path = tmp_path / "1.png"
    if style == "auto":
        write_mask(path, video.label(0), void)
    else:
        Image.fromarray(np.where(void, 255, 3 * video.label(0)).astype(np.uint8)).save(path)
    changed = video.with_labels({0: LabelFiles((path,), style)})
    copy_kept(changed, tmp_path / "labels")
    copy = tmp_path / "labels" / video.name / "00000.png"
    assert np.array_equal(read_void(copy), void)
    assert np.array_equal(read_mask(copy), changed.label(0))
    if style == "auto":
        assert copy.read_bytes() == path.read_bytes()


@pytest.mark.parametrize("kind", ["two objects", "jpg", "ids of a layout"])
def test_a_label_that_is_no_plain_png_becomes_one_without_loss(kind, dataset, fgplg, tmp_path):
    video = dataset[0]
    label = video.label(0)
    files = video.labels[0]
    if kind == "two objects":
        paths = (tmp_path / "1.png", tmp_path / "2.png")
        write_mask(paths[0], label * (np.arange(56) < 28))
        write_mask(paths[1], label * (np.arange(56) >= 28))
        files = replace(files, paths=paths)
    elif kind == "jpg":
        cv2.imwrite(str(tmp_path / "1.bmp"), 255 * label)
        files = replace(files, paths=(tmp_path / "1.bmp",))
    else:
        cv2.imwrite(str(tmp_path / "1.png"), 7 * label)
        files = replace(files, paths=(tmp_path / "1.png",), style="ids")
    changed = replace(dataset, videos=(video.with_labels({**video.labels, 0: files}),))
    write(changed, fgplg, tmp_path / "labels", l=5, m=1)
    copy = tmp_path / "labels" / video.name / "00000.png"
    assert np.array_equal(read_mask(copy), label)
    assert np.array_equal(changed.with_label_folder(tmp_path / "labels")[0].label(0), label)


def test_pseudo_labels_are_the_generators_probabilities_at_the_frames_size(
    dataset, fgplg, tmp_path
):
    write(dataset, fgplg, tmp_path / "labels", l=5, m=1, batch=3)
    video = dataset[1]
    reader = reader_for(fgplg, get_flow("dis"), (32, 32), (40, 40))
    ((_, label),) = predict_targets(fgplg, [Target(video, 5, 8, 10)], reader, device="cpu")
    assert label.shape == video.size == (40, 56)
    file = tmp_path / "labels" / video.name / "00008.png"
    assert np.abs(read_mask(file, soft=True, style="grey") - label).max() <= 0.5 / 255 + 1e-5


def test_precomputed_flow_makes_the_same_pseudo_labels(dataset, fgplg, tmp_path):
    reader = reader_for(fgplg, FlowCache(get_flow("dis"), None), (32, 32), (40, 40))
    for video in dataset:
        for i, k, j in ((0, 3, 5), (5, 8, 10)):
            for other in (i, j):
                file = tmp_path / "flow" / video.name / f"{k:05d}_{other:05d}.png"
                file.parent.mkdir(parents=True, exist_ok=True)
                write_flow(file, reader.flow_between(video, k, other))
    flow = get_flow(f"precomputed:{tmp_path / 'flow'}")
    write(dataset, fgplg, tmp_path / "one", l=5, m=1, flow=FlowCache(get_flow("dis"), None))
    write(dataset, fgplg, tmp_path / "two", l=5, m=1, flow=flow)
    for path in (tmp_path / "one").rglob("*.png"):
        other = tmp_path / "two" / path.relative_to(tmp_path / "one")
        assert path.read_bytes() == other.read_bytes()
    (tmp_path / "flow" / dataset[0].name / "00003_00000.png").unlink()
    with pytest.raises(DataError, match=r"00003_00000\.png: no such file"):
        write(dataset, fgplg, tmp_path / "three", l=5, m=1, flow=flow)


def test_the_record_says_what_made_the_folder(dataset, fgplg, tmp_path):
    write(dataset, fgplg, tmp_path / "labels", l=5, m=1)
    record = json.loads((tmp_path / "labels" / RECORD).read_text())
    assert (record["l"], record["m"], record["unit"], record["size"]) == (5, 1, "annotated", 32)
    other = FGPLG(NETWORK).eval()
    write(dataset, other, tmp_path / "others", l=5, m=0)
    assert json.loads((tmp_path / "others" / RECORD).read_text())["fgplg"] != record["fgplg"]


def test_training_takes_the_folder_of_pseudo_labels(dataset, fgplg, tmp_path):
    write(dataset, fgplg, tmp_path / "labels", l=5, m=1)
    labelled = dataset.with_label_folder(tmp_path / "labels")
    assert [video.annotated for video in labelled] == [(0, 3, 5, 8, 10)] * 2
    train_video(labelled, small_preset(steps=2), tmp_path / "run", start=None, soft=True)
    assert len(metrics(tmp_path / "run")) == 2


def test_training_takes_any_other_folder_of_masks(dataset, tmp_path):
    for video in dataset:
        for index in (1, 4, 9):
            mask = np.zeros(video.size, np.uint8)
            mask[10:20, 10:30] = 1
            write_mask(tmp_path / "mine" / video.name / f"{video.frame_names[index]}.png", mask)
    labelled = dataset.with_label_folder(tmp_path / "mine")
    assert [video.annotated for video in labelled] == [(1, 4, 9)] * 2
    train_video(labelled, small_preset(steps=1), tmp_path / "run", start=None)
    assert len(metrics(tmp_path / "run")) == 1


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"l": 5, "m": 5}, OptionError, "m=5, l=5"),
        ({"l": 5, "m": -1}, OptionError, "m=-1"),
        ({"l": 0, "m": 0}, OptionError, "l=0"),
        ({"l": 5, "m": 1, "unit": "years"}, OptionError, "unit='years'"),
        ({"l": 11, "m": 1}, DataError, "2 kept labels"),
        ({"l": 1, "m": 1, "unit": "frames"}, DataError, "no frame lies between"),
    ],
)
def test_options_that_cannot_be_are_refused(options, error, said, dataset, fgplg, tmp_path):
    with pytest.raises(error, match=said):
        write(dataset, fgplg, tmp_path / "labels", **options)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_exists_is_replaced_only_with_force(dataset, fgplg, tmp_path):
    write(dataset, fgplg, tmp_path / "labels", l=5, m=1)
    with pytest.raises(OptionError, match="exists and is not empty"):
        write(dataset, fgplg, tmp_path / "labels", l=5, m=0)
    assert len(list((tmp_path / "labels").rglob("*.png"))) == 10
    write(dataset, fgplg, tmp_path / "labels", l=5, m=0, force=True)
    assert len(list((tmp_path / "labels").rglob("*.png"))) == 6


def test_a_broken_frame_leaves_nothing(videos, fgplg, tmp_path):
    folder = shutil.copytree(videos, tmp_path / "set")
    dataset = load(folder, split="train")
    broken = folder / "JPEGImages" / "480p" / dataset[1].name / "00008.jpg"
    broken.write_bytes(broken.read_bytes()[:200])
    with pytest.raises(DataError, match=r"00008\.jpg: cannot be read as an image"):
        write(dataset, fgplg, tmp_path / "labels", l=5, m=1)
    assert [path.name for path in tmp_path.iterdir()] == ["set"]


def test_a_disk_that_fills_up_leaves_nothing(dataset, fgplg, tmp_path):
    with small_disk(tmp_path / "disk", "16k") as disk:
        with pytest.raises(OSError, match="No space left") as caught:
            write(dataset, fgplg, disk / "labels", l=5, m=4)
        assert caught.value.filename == str(disk / "labels")
        assert list(disk.iterdir()) == []
