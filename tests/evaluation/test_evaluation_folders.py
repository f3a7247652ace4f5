"""Folders of predictions against a data set: which can be scored, and every one that cannot."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from helpers.scored_folders import (
    SIZE,
    VIDEOS,
    map_of,
    mask_of,
    saliency_metrics,
    segmentation_metrics,
    write_picture,
)
from rcrlib.data import Dataset, read_mask
from rcrlib.errors import DataError
from rcrlib.evaluation import evaluate_saliency, evaluate_segmentation, load_truth


def refusal(call: Callable[..., object], *arguments: object, **options: object) -> str:
    """Return the one line that a call is refused with."""
    with pytest.raises(DataError) as raised:
        call(*arguments, **options)
    line = str(raised.value)
    assert "\n" not in line
    return line


def test_a_folder_scores_as_its_pictures_do_in_memory(maps, truth):
    dataset = load_truth(truth)
    assert evaluate_saliency(dataset, maps).result == saliency_metrics().compute()
    cut = evaluate_segmentation(dataset, maps, threshold=0.4)
    assert cut.result == segmentation_metrics(0.4).compute()
    assert (cut.missing, cut.extra, cut.resized, cut.remarks) == ((), (), 0, [])


def test_a_plain_folder_of_masks_is_ground_truth_too(maps, truth, tmp_path):
    for video in VIDEOS:
        (tmp_path / "masks").mkdir(exist_ok=True)
        (truth / video / "labels").rename(tmp_path / "masks" / video)
    masks = load_truth(tmp_path / "masks")
    says = "belong to no masks of masks: cat/00004, dog/00004"
    assert says in refusal(evaluate_saliency, masks, maps)
    ended = evaluate_saliency(masks, maps, allow_missing=True)
    assert ended.result == saliency_metrics().compute()
    assert ended.remarks == [
        "maps: 2 predictions (or folders of them) without a frame, not looked at"
    ]


def test_a_set_of_images_is_flat(tmp_path):
    for number in range(3):
        write_picture(tmp_path / f"imgs/{number}.jpg", np.full((*SIZE, 3), 90, np.uint8))
        write_picture(tmp_path / f"gt/{number}.png", mask_of(number))
        write_picture(tmp_path / f"maps/{number}.png", map_of(number, 0))
    images, plain = load_truth(tmp_path, "images"), load_truth(tmp_path / "gt")
    ended = [evaluate_saliency(dataset, tmp_path / "maps").result for dataset in (images, plain)]
    assert ended[0].frames == 3
    assert ended[0] == ended[1]
    says = refusal(evaluate_saliency, plain, tmp_path / "maps", protocol="davsod")
    assert "use protocol 'paper'" in says


def test_predictions_of_another_size_are_resized_in_memory_and_counted(maps, truth):
    path = maps / "cat/00000.png"
    write_picture(path, cv2.resize(cv2.imread(str(path), 0), (60, 40)))
    before = path.read_bytes()
    ended = evaluate_saliency(load_truth(truth), maps)
    assert ended.remarks == ["maps: 1 predictions resized to the mask (bilinear, in memory)"]
    assert path.read_bytes() == before


def coloured_palette() -> Image.Image:
    image = Image.fromarray(np.arange(600, dtype=np.uint8).reshape(SIZE) % 3, "P")
    image.putpalette([0, 0, 0, 128, 0, 0, 0, 128, 0])
    return image


UNUSABLE = {
    "RGB": (Image.fromarray(np.arange(1800, dtype=np.uint8).reshape(*SIZE, 3)), "png", "coloured"),
    "palette": (coloured_palette(), "png", "coloured"),
    "16-bit": (Image.fromarray(np.zeros(SIZE, np.uint16)), "png", "more than 8 bits"),
    "float": (
        Image.fromarray(np.full(SIZE, np.nan, np.float32)),
        "tiff",
        "more than 8 bits a pixel; save it with 8 bits",
    ),
}


@pytest.mark.parametrize("kind", UNUSABLE)
def test_maps_that_are_not_grey_and_8_bits_are_refused_or_left_out(maps, truth, kind):
    picture, suffix, says = UNUSABLE[kind]
    (maps / "cat/00001.png").unlink()
    picture.save(maps / f"cat/00001.{suffix}")
    dataset = load_truth(truth)
    line = refusal(evaluate_saliency, dataset, maps)
    for words in (f"cat/00001.{suffix}", says, "--allow-missing"):
        assert words in line
    ended = evaluate_saliency(dataset, maps, allow_missing=True)
    assert ended.remarks == ["maps: 1 predictions unreadable and left out"]


def test_arrays_are_refused_with_what_to_save_instead(truth, tmp_path):
    (tmp_path / "arrays/cat").mkdir(parents=True)
    np.save(tmp_path / "arrays/cat/00000.npy", np.zeros(SIZE))
    line = refusal(evaluate_saliency, load_truth(truth), tmp_path / "arrays")
    assert "arrays: holds no saliency maps; 00000.npy is no picture" in line
    assert "8-bit PNG, VIDEO/FRAME.png" in line


@pytest.mark.parametrize(("layout", "says"), [("auto", "empty"), ("masks", "holds no masks")])
def test_an_empty_folder_is_no_ground_truth(tmp_path, layout, says):
    (tmp_path / "empty").mkdir()
    assert says in refusal(load_truth, tmp_path / "empty", layout)


def test_ground_truth_without_masks_is_refused(truth, tmp_path):
    assert "nowhere: not there" in refusal(load_truth, tmp_path / "nowhere")
    for path in truth.glob("*/labels/*"):
        path.unlink()
    line = refusal(load_truth, truth)
    assert line.startswith(str(truth))
    assert "has no masks; give one with annotations" in line


def test_masks_of_zero_and_one_are_refused_as_segmentations(maps, truth):
    write_picture(maps / "dog/00003.png", mask_of(3) // 255)
    line = refusal(evaluate_segmentation, load_truth(truth), maps)
    assert "dog/00003.png: holds 0 and 1 of 255; save masks as 0 and 255" in line


def test_object_ids_are_a_segmentation(maps, truth):
    ids = Image.fromarray((mask_of(0) // 255 * 3).astype(np.uint8), "P")
    ids.putpalette([0, 0, 0, 128, 0, 0, 0, 128, 0, 128, 128, 0])
    ids.save(maps / "cat/00000.png")
    dataset: Dataset = load_truth(truth)
    ended = evaluate_segmentation(dataset, maps, protocol="all-frames", worst=9)
    scores = {frame.pair.name: frame.score for frame in ended.worst}
    assert len(scores) == 8
    assert scores["cat/00000"] == 1


def test_the_worst_frames_are_those_of_lowest_score_from_the_worst_up(maps, truth):
    write_picture(maps / "dog/00002.png", 255 - mask_of(2))
    dataset = load_truth(truth)
    every = evaluate_saliency(dataset, maps, worst=99).worst
    assert [frame.score for frame in every] == sorted(frame.score for frame in every)
    assert len(every) == 8
    assert every[0].pair.name == "dog/00002"
    assert evaluate_saliency(dataset, maps, worst=2).worst == every[:2]


def test_predictions_of_a_single_video_may_lie_in_the_folder_itself(maps, truth: Path):
    dataset = load_truth(truth)
    only = Dataset(dataset.name, dataset.root, dataset.layout, (dataset["dog"],))
    assert evaluate_saliency(only, maps / "dog").result.frames == 4


def with_rim(truth: Path, tmp_path: Path) -> Path:
    """Write masks with a rim of void, and their objects as predictions that cover the rim."""
    palette = [0, 0, 0, 128, 0, 0] + [0] * 759 + [224, 224, 192]
    for path in truth.rglob("labels/*.png"):
        mask = read_mask(path)
        wide = cv2.dilate(mask, np.ones((5, 5), np.uint8))
        image = Image.fromarray(np.where(mask > 0, 1, 255 * wide).astype(np.uint8), "P")
        image.putpalette(palette)
        image.save(path)
        write_picture(tmp_path / f"rim/{path.parent.parent.name}/{path.name}", 255 * wide)
    return tmp_path / "rim"


def test_void_pixels_are_not_scored(truth, tmp_path):
    predictions, dataset = with_rim(truth, tmp_path), load_truth(truth)
    saliency = evaluate_saliency(dataset, predictions, weighted=False).result
    assert (saliency.mae, saliency.max_f) == (0, pytest.approx(1))
    assert evaluate_segmentation(dataset, predictions).result.j_mean == 1


@pytest.mark.parametrize("highest", [0, 1, 100])
def test_maps_that_were_not_stretched_to_255_get_a_remark(truth, tmp_path, highest):
    for path in truth.rglob("labels/*.png"):
        name = f"low/{path.parent.parent.name}/{path.name}"
        write_picture(tmp_path / name, read_mask(path) * highest)
    dataset = load_truth(truth)
    (remark,) = evaluate_saliency(dataset, tmp_path / "low").remarks
    assert f"low: no prediction exceeds {highest} of 255" in remark


def test_ordinary_maps_get_no_remark(truth, maps):
    assert evaluate_saliency(load_truth(truth), maps).remarks == []


def test_greys_with_a_palette_are_segmentations_like_greys(truth, tmp_path):
    ramp = [level for value in range(256) for level in (value, value, value)]
    for path in truth.rglob("labels/*.png"):
        image = Image.fromarray(np.where(read_mask(path) > 0, 153, 20).astype(np.uint8), "P")
        image.putpalette(ramp)
        target = tmp_path / f"grey/{path.parent.parent.name}/{path.name}"
        target.parent.mkdir(parents=True, exist_ok=True)
        image.save(target)
    assert evaluate_segmentation(load_truth(truth), tmp_path / "grey").result.j_mean == 1
