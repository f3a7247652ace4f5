"""A data set at a glance: a contact sheet with its labels, and a line of numbers per video."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from rcrlib.data import Dataset, Video
from rcrlib.errors import OptionError
from rcrlib.show.pictures import overlay
from rcrlib.show.sheet import contact_sheet
from rcrlib.show.style import Picture

FRAMES = 6
"""How many frames of a video are on the sheet."""

IMAGES_A_ROW = 4
"""How many images of a set of images are beside each other."""


def dataset_sheet(dataset: Dataset, path: str | Path, videos: int = 8) -> Picture:
    """Draw a row of frames from each of some videos, labels overlaid.

    The frames are spread evenly, and each gives way to the nearest labelled one if that is nearer
    than the next frame on the sheet: few labels are still seen. Of a set of images, rows are filled
    one after another.

    Args:
        dataset: what to look at.
        path: a `.png` to write, whole or not at all.
        videos: how many of them, evenly spread.

    Returns:
        The sheet, uint8 (H, W, 3).

    Raises:
        OptionError: videos < 1, or `path` is no `.png`.
        DataError: a frame or a label cannot be read.
    """
    if videos < 1:
        raise OptionError(f"videos={videos}: at least 1 is shown")
    shown = [dataset.videos[index] for index in _spread(len(dataset), videos)]
    title = f"{dataset.name}: {_count(len(shown), dataset)} of {len(dataset)}"
    if dataset.flat:
        pictures = [_picture(video, 0) for video in shown]
        starts = range(0, len(pictures), IMAGES_A_ROW)
        grid = [pictures[start : start + IMAGES_A_ROW] for start in starts]
        return contact_sheet(_filled(grid), None, path=path, title=title)
    rows = [[_picture(video, index) for index in _frames(video)] for video in shown]
    names = [f"{video.name}\n{len(video)} frames" for video in shown]
    return contact_sheet(_filled(rows), None, names, path, title)


def dataset_summary(dataset: Dataset) -> Iterator[str]:
    """Yield a line on each video, as soon as its labels are read, and one on all of them.

    A line says the number of frames, their size (W x H), the number of labels, and how much of the
    picture the object covers: the mean over the labels, the smallest and the largest share. A set
    of images gets the last line only.

    Raises:
        DataError: a frame or a label cannot be read.
    """
    every_share: list[float] = []
    width = max(len(video.name) for video in dataset)
    for video in dataset:
        shares = [float(video.label(index).mean()) for index in video.annotated]
        every_share += shares
        if not dataset.flat:
            size = f"{video.size[1]}x{video.size[0]}"
            line = f"{video.name:<{width}} {len(video):6d} frames {size:>9} {len(shares):6d} labels"
            yield f"{line}  {_cover(shares)}".rstrip()
    frames = "" if dataset.flat else f", {sum(len(video) for video in dataset)} frames"
    total = f"{_count(len(dataset), dataset)}{frames}, {len(every_share)} labels"
    yield f"{total}  {_cover(every_share)}".rstrip()


def _cover(shares: list[float]) -> str:
    """Format the object's share of the picture; empty without labels."""
    if not shares:
        return ""
    mean, least, most = (100 * value for value in (np.mean(shares), min(shares), max(shares)))
    return f"object {mean:4.1f} % ({least:.1f} to {most:.1f})"


def _count(number: int, dataset: Dataset) -> str:
    what = "image" if dataset.flat else "video"
    return f"{number} {what}{'' if number == 1 else 's'}"


def _spread(length: int, most: int) -> list[int]:
    """Return up to `most` indices of 0..length-1, evenly spread from the first to the last."""
    return sorted({round(place) for place in np.linspace(0, length - 1, min(length, most))})


def _frames(video: Video) -> list[int]:
    """Choose the frames of a video to show, ascending."""
    evenly = _spread(len(video), FRAMES)
    reach = len(video) / FRAMES / 2
    shown = set()
    for index in evenly:
        nearest = min(video.annotated, key=lambda label: abs(label - index), default=index)
        shown.add(nearest if abs(nearest - index) < reach else index)
    return sorted(shown)


def _picture(video: Video, index: int) -> Picture:
    """Read a frame, with its label over it where it has one."""
    frame = video.frame(index)
    return (
        overlay(frame, video.label(index), void=video.void(index))
        if index in video.labels
        else frame
    )


def _filled(rows: list[list[Picture]]) -> list[list[Picture | None]]:
    """Pad rows to one length with empty cells."""
    length = max(len(row) for row in rows)
    return [[*row, *[None] * (length - len(row))] for row in rows]
