"""A data set: named videos in a fixed order."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from rcrlib.data.label_folder import read_label_folder
from rcrlib.data.names import NameTable
from rcrlib.data.video import Video
from rcrlib.errors import DataError, first_few


class NoVideoError(DataError):
    """A data set of the layout holds no video, or none that could be used."""


@dataclass(frozen=True)
class Dataset:
    """Videos, in a fixed order, with names that are unique.

    Attributes:
        name: for tables and folders of results.
        root: the folder (or video file) that it was loaded from.
        layout: the name of the layout, one of `rcrlib.data.LAYOUTS`; "merged" for several sets.
        videos: the videos.
        flat: a set of images, each a video of one frame; predictions are written without a folder
            per video.
        split: the part of the data set, such as "train"; None is all of it.

    Raises:
        DataError: there is no video, or two have one name.
    """

    name: str
    root: Path
    layout: str
    videos: tuple[Video, ...]
    flat: bool = False
    split: str | None = None

    def __post_init__(self) -> None:
        names = [video.name for video in self.videos]
        twice = sorted(name for name, count in Counter(names).items() if count > 1)
        if twice:
            raise DataError(
                f"{self.root}: two videos have one name: {first_few(twice)}; rename one"
            )
        if not names:
            raise NoVideoError(f"{self.root}: holds no video of the layout {self.layout}")

    @cached_property
    def _by_name(self) -> NameTable[Video]:
        return NameTable({video.name: video for video in self.videos})

    def __len__(self) -> int:
        return len(self.videos)

    def __iter__(self) -> Iterator[Video]:
        return iter(self.videos)

    def __getitem__(self, key: int | str) -> Video:
        """Return a video by position or by name; `DataError` where no video has that name."""
        if isinstance(key, int):
            return self.videos[key]
        found = self._by_name.get(key)
        if found is not None:
            return found
        names = [video.name for video in self.videos]
        near = difflib.get_close_matches(key, names, n=3) or names
        raise DataError(
            f"{self.root}: has no video {key!r}; it has, for example, {first_few(near, 3)}"
        )

    def title(self, video: Video, index: int) -> str:
        """Format a frame's name: VIDEO/FRAME, or IMAGE in a set of images."""
        return video.name if self.flat else f"{video.name}/{video.frame_names[index]}"

    def with_label_folder(self, folder: str | Path) -> Dataset:
        """Return the same videos with the masks of `folder` as their only labels.

        The masks are FOLDER/VIDEO/FRAME.png (FOLDER/IMAGE.png for a set of images), named like the
        frames. A `manifest.json` there must name exactly these masks; only a manifest can leave a
        video without labels. The original labels are never used instead.

        Raises:
            DataError: the folder is missing or belongs to other videos, a video has no mask there,
                a mask is of another size than its frame, or the manifest says something else.
        """
        folder = Path(folder)
        labels = read_label_folder(folder, self.videos, flat=self.flat)
        return replace(
            self, videos=tuple(video.with_labels(labels[video.name]) for video in self.videos)
        )

    def fingerprint(self) -> str:
        """Return a digest (16 hex digits) of the videos' names, lengths and labelled frames.

        It is computed without reading the files.
        """
        content = [
            (video.name, len(video), [video.frame_names[index] for index in video.annotated])
            for video in self.videos
        ]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]


def merge(datasets: Sequence[Dataset]) -> Dataset:
    """Make one data set of several, to train on: the paper's first stage sees MSRA-B and HKU-IS.

    Raises:
        DataError: two of them have a video (or image) of one name.
    """
    if len(datasets) == 1:
        return datasets[0]
    first = datasets[0]
    return Dataset(
        name="+".join(dataset.name for dataset in datasets),
        root=first.root,
        layout="merged",
        videos=tuple(video for dataset in datasets for video in dataset),
        flat=all(dataset.flat for dataset in datasets),
        split=first.split if len({dataset.split for dataset in datasets}) == 1 else None,
    )
