from __future__ import annotations

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from rcrlib.data import load, merge
from rcrlib.errors import DataError


@pytest.fixture
def dataset(mini):
    mini.video("a/frames", "a/labels", count=4)
    mini.video("b/frames", "b/labels", count=2)
    return load(mini.root)


@pytest.fixture
def masks(mini, tmp_path):
    """A folder of one mask per video, beside the data set."""
    for name in ("a/00001.png", "b/00000.png"):
        mini.mask(f"../masks/{name}", columns=slice(8, 16))
    return tmp_path / "masks"


def manifest(masks, videos):
    (masks / "manifest.json").write_text(json.dumps({"videos": videos}))


def test_videos_are_found_by_name_and_position(dataset):
    assert len(dataset) == 2
    assert [video.name for video in dataset] == ["a", "b"]
    assert dataset["b"] is dataset[1]


def test_unknown_video_is_answered_with_near_names(mini, dataset):
    mini.video("blackswan/frames")
    with pytest.raises(DataError, match=r"has no video 'blackswam'; .* blackswan"):
        load(mini.root)["blackswam"]


def test_two_videos_of_one_name_are_refused(dataset):
    with pytest.raises(DataError, match="two videos have one name: a"):
        replace(dataset, videos=(dataset["a"], dataset["a"]))


def test_fingerprint_follows_names_lengths_and_labels(mini, dataset):
    assert dataset.fingerprint() == load(mini.root).fingerprint()
    fewer = replace(dataset, videos=(dataset["a"],))
    unlabelled = replace(dataset, videos=tuple(video.with_labels({}) for video in dataset))
    assert len({d.fingerprint() for d in (dataset, fewer, unlabelled)}) == 3


def test_label_folder_replaces_all_labels(dataset, masks):
    labelled = dataset.with_label_folder(masks)
    assert labelled["a"].annotated == (1,)
    assert labelled["b"].annotated == (0,)
    assert labelled["a"].label(1)[0].tolist() == [0] * 8 + [1] * 8
    assert dataset["a"].annotated == (0, 1, 2, 3)


def test_missing_label_folder_never_falls_back_to_all_labels(dataset, tmp_path):
    with pytest.raises(DataError, match="mistyped: expected a folder, found nothing"):
        dataset.with_label_folder(tmp_path / "mistyped")


def test_label_folder_without_masks_is_refused(dataset, tmp_path):
    (tmp_path / "empty" / "a").mkdir(parents=True)
    with pytest.raises(DataError, match="empty: holds no masks"):
        dataset.with_label_folder(tmp_path / "empty")


def test_label_folder_of_other_videos_is_refused(dataset, masks, mini):
    mini.mask("../masks/c/00000.png")
    with pytest.raises(DataError, match="belongs to other videos: the data set has no c"):
        dataset.with_label_folder(masks)


def test_label_folder_with_other_frames_is_refused(dataset, masks, mini):
    mini.mask("../masks/b/00007.png")
    with pytest.raises(DataError, match="belongs to other videos: b has no frame 00007"):
        dataset.with_label_folder(masks)


def test_label_folder_that_leaves_a_video_out_is_refused(dataset, masks):
    shutil.rmtree(masks / "b")
    with pytest.raises(DataError, match=r"has no mask for b \(1 of 2 videos\)"):
        dataset.with_label_folder(masks)


def test_label_folder_with_masks_of_another_size_is_refused(dataset, masks, mini):
    mini.mask("../masks/b/00001.png", size=(6, 8))
    with pytest.raises(DataError, match=r"00001\.png: the mask is 8x6 and its frame is 16x12"):
        dataset.with_label_folder(masks)


def test_manifest_may_leave_a_video_without_labels(dataset, masks):
    shutil.rmtree(masks / "b")
    manifest(masks, {"a": {"00001": "pseudo"}, "b": {}})
    assert dataset.with_label_folder(masks)["b"].annotated == ()


def test_manifest_that_omits_a_video_is_not_enough(dataset, masks):
    shutil.rmtree(masks / "b")
    manifest(masks, {"a": {"00001": "pseudo"}})
    with pytest.raises(DataError, match="has no mask for b"):
        dataset.with_label_folder(masks)


@pytest.mark.parametrize(
    ("videos", "message"),
    [
        ({"a": {"00001": "label", "00002": "pseudo"}, "b": {"00000": "label"}}, "missing: a/00002"),
        ({"a": {"00001": "label"}, "b": {}}, "does not name: b/00000"),
        ({"a": {"00001": "lable"}}, "expected .*VIDEO.*FRAME"),
        (["a", "b"], "expected .*VIDEO.*FRAME"),
    ],
)
def test_manifest_must_agree_with_the_masks(dataset, masks, videos, message):
    manifest(masks, videos)
    with pytest.raises(DataError, match=message):
        dataset.with_label_folder(masks)


@pytest.mark.parametrize("named_by", ["manifest", "record", "nothing"])
def test_nearly_empty_map_is_a_label_where_this_library_wrote_it(dataset, masks, mini, named_by):
    faint = np.zeros(mini.size, np.uint8)
    faint[0, 0] = 1
    mini.image("../masks/a/00001.png", faint)
    if named_by == "manifest":
        manifest(masks, {"a": {"00001": "pseudo"}, "b": {"00000": "label"}})
    elif named_by == "record":
        (masks / "rcr.json").write_text("{}")
    labelled = dataset.with_label_folder(masks)
    if named_by == "nothing":
        with pytest.raises(DataError, match="greatest value is 1 of 255"):
            labelled["a"].label(1)
    else:
        assert labelled["a"].label(1).sum() == 0
        assert labelled["a"].label(1, soft=True).max() > 0


def test_kept_label_with_a_palette_is_read_as_in_the_data_set(dataset, masks, mini):
    mini.palette("../masks/a/00001.png", np.arange(192).reshape(12, 16) % 4)
    manifest(masks, {"a": {"00001": "label"}, "b": {"00000": "pseudo"}})
    assert dataset.with_label_folder(masks)["a"].label(1).mean() == 0.75


def test_label_folder_of_an_image_set_is_flat(mini, tmp_path):
    for name in ("x", "y"):
        mini.frame(f"../images/imgs/{name}.png")
        mini.mask(f"../images/gt/{name}.png")
        mini.mask(f"../flat/{name}.png", columns=slice(8, 16))
    labelled = load(tmp_path / "images").with_label_folder(tmp_path / "flat")
    assert labelled["y"].label(0)[0].tolist() == [0] * 8 + [1] * 8


def test_several_sets_make_one_to_train_on(mini, dataset):
    one, other = (replace(dataset, name=v.name, videos=(v,)) for v in dataset)
    merged = merge([one, other])
    assert (merged.name, [video.name for video in merged]) == ("a+b", ["a", "b"])
    assert merge([dataset]) is dataset


def test_two_sets_with_a_video_of_one_name_are_refused(dataset):
    with pytest.raises(DataError, match="two videos have one name: a, b; rename one"):
        merge([dataset, dataset])
