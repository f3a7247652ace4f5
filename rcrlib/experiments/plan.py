"""What is trained on, what is judged on, and which labels a demo keeps."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from rcrlib.data import (
    Dataset,
    SyntheticConfig,
    Unit,
    dataset_intervals,
    dataset_triplets,
    keep_labels,
    load,
)
from rcrlib.errors import DataError

SYNTHETIC = SyntheticConfig(videos=36, frames=21, size=(192, 192))
"""What is made where no data is given: many short videos, because variety is what generalises; five
labels are kept in each."""

SYNTHETIC_TEST_VIDEOS = 6

WINDY = SyntheticConfig(
    videos=15, frames=11, size=(192, 192), distractors=(0, 2), leaves=3.0, worlds=3
)
"""What experiments make where no data is given: a set on which a label more can tell. In videos of
many looks it hardly can, as what is new in a test video is its look. Here all looks are known, and
what is new are the leaves, other ones in every frame."""

WINDY_TEST_VIDEOS = 12

KEEP_ONE_IN = 5
"""The demo's l where the labels allow it: the paper's main setting (Table 2, 1/5)."""


@dataclass(frozen=True)
class Plan:
    """The parts of a data set, and the label protocol."""

    train: Dataset
    """Videos to learn from, with all labels that there are."""

    test: Dataset
    """Videos to predict; the maps are judged where these have labels."""

    l: int
    m: int
    unit: Unit
    said: str
    """How the parts were chosen, in a sentence."""


def make_plan(path: Path, layout: str, l: int | None, m: int) -> Plan:
    """Split the data set at `path` and choose the label protocol that its labels allow.

    Training and validation lists of the data set are used where it has them. Else every fourth
    video is held out; of a single video, the frames whose label is not kept.

    Args:
        path: a data set or one video.
        layout: its layout, or "auto".
        l: keep one label in l; None chooses: 5 where some video keeps three labels that way, else
            1, and pseudo-labels go to frames that were never annotated.
        m: pseudo-labels per interval.

    Raises:
        DataError: no video has the three labels that a triplet needs.
        OptionError: l or m is out of range.
    """
    train, test, said = split_parts(path, layout)
    richest = max(train, key=lambda video: len(video.annotated))
    if len(richest.annotated) < 3:
        raise DataError(
            f"{path}: {richest.name} has most labels, {len(richest.annotated)}; FGPLG learns from"
            " triplets and needs a video with at least 3"
        )
    if l is None:
        enough = len(richest.annotated) > 2 * KEEP_ONE_IN
        l = KEEP_ONE_IN if enough else 1
    unit: Unit = "annotated" if l > 1 else "frames"
    dataset_intervals(train, l, m, unit)  # raises where l or m is out of range
    dataset_triplets(keep_labels(train, l))  # raises where l keeps too few labels
    return Plan(train, test, l, m, unit, said)


def without_kept(dataset: Dataset, kept: Dataset) -> Dataset:
    """Give the data set with only those labels that are not in `kept`: what was held back."""
    return replace(
        dataset,
        videos=tuple(
            video.with_labels({i: f for i, f in video.labels.items() if i not in kept_video.labels})
            for video, kept_video in zip(dataset, kept, strict=True)
        ),
    )


def split_parts(path: Path, layout: str) -> tuple[Dataset, Dataset, str]:
    """Give the videos to train on, those to test on, and a sentence about them.

    Training and validation lists of the data set are used where it has them; else every fourth
    video is held out. A single video is both.

    Raises:
        DataError: the data set cannot be loaded, or is one of single images.
    """
    whole = load(path, layout)
    if whole.flat:
        raise DataError(f"{path}: is a set of single images; this needs videos")
    for train, test in (("train", "val"), ("train", "test")):
        try:
            parts = load(path, whole.layout, train), load(path, whole.layout, test)
        except DataError:
            continue
        return *parts, f"the data set's own lists {train} and {test}"
    if len(whole) == 1:
        return whole, whole, "one video, judged on the labels that are not kept"
    held = whole.videos[3::4] or whole.videos[-1:]
    rest = tuple(video for video in whole if video not in held)
    return (
        replace(whole, videos=rest, split="train"),
        replace(whole, videos=held, split="held out"),
        f"no lists in the data set: every fourth video is held out ({len(held)} of {len(whole)})",
    )
