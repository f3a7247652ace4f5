"""What is trained on, and what is judged on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from rcrlib.data import Dataset, load
from rcrlib.errors import DataError


def without_kept(dataset: Dataset, kept: Dataset) -> Dataset:
    """Return the data set with only those labels that are not in `kept`: what was held back."""
    return replace(
        dataset,
        videos=tuple(
            video.with_labels({i: f for i, f in video.labels.items() if i not in kept_video.labels})
            for video, kept_video in zip(dataset, kept, strict=True)
        ),
    )


def split_parts(path: Path, layout: str) -> tuple[Dataset, Dataset, str]:
    """Return the videos to train on, those to test on, and a sentence about them.

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
