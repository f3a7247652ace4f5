"""From folders of frames and masks to videos: which mask belongs to which frame."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from rcrlib.data.frames import ImageFrames
from rcrlib.data.listing import is_folder, list_folders, list_images
from rcrlib.data.meaning import MaskStyle
from rcrlib.data.names import NameTable, table_of
from rcrlib.data.problems import Problems, collecting
from rcrlib.data.video import LabelFiles, Video
from rcrlib.errors import DataError, first_few


def paired_videos(
    frames_root: Path, labels_root: Path, names: Sequence[str] | None, problems: Problems = None
) -> tuple[Video, ...]:
    """Make a video of each FRAMES_ROOT/NAME with the masks in LABELS_ROOT/NAME.

    Where LABELS_ROOT/NAME holds folders (SegTrack v2: one per object), a frame's label is the union
    of the masks in them. A video, or all of them, may be without labels.

    Args:
        frames_root: the folder of the videos' folders.
        labels_root: the folder of the masks' folders; it may be missing.
        names: the videos, in order; None is all.
        problems: collects problems; what has one is left out. None: they are raised.

    Raises:
        DataError: a video or its frames are missing, or masks belong to no frame or no video.
    """
    there = [path.name for path in list_folders(frames_root)]
    labelled = list_folders(labels_root) if is_folder(labels_root) else ()
    labels = NameTable({path.name: path for path in labelled})
    if names is None:
        names = there
        known = table_of(there)
        strangers = [path.name for path in labelled if known.find(path.name) is None]
        with collecting(problems):
            if strangers:
                raise DataError(
                    f"{labels_root}: has masks of {first_few(strangers)}, of which {frames_root}"
                    " has no frames; complete the frames or remove the masks"
                )
    videos = []
    for name in names_there(frames_root, names, there, problems):
        with collecting(problems):
            masks = _mask_files(labels.get(name) or labels_root / name)
            videos.append(labelled_video(name, frames_root / name, masks, problems=problems))
    return tuple(videos)


def names_there(
    folder: Path, names: Iterable[str], there: Iterable[str], problems: Problems = None
) -> list[str]:
    """Return those of `names` that are `there` in `folder`, as they are spelt there.

    Of a list's line `bear 1`, the first word is the name where the whole line is none.

    Raises:
        DataError: some are not there, and `problems` is None.
    """
    table = table_of(there)
    found = {
        name: table.find(name) or table.find(name.split()[0]) for name in names if name.strip()
    }
    missing = [name.strip() for name, own in found.items() if own is None]
    with collecting(problems):
        if missing:
            raise DataError(
                f"{folder}: {first_few(missing)} ({len(missing)} in all) of the split are missing;"
                " complete the data set, or give no split to use what is there"
            )
    return list(dict.fromkeys(own for own in found.values() if own is not None))


def labelled_video(
    name: str,
    folder: Path,
    masks: Iterable[Path],
    style: MaskStyle = "auto",
    problems: Problems = None,
) -> Video:
    """Make a video of the images in `folder` and of masks named like their frames.

    Raises:
        DataError: there is no image, or a mask belongs to no frame.
    """
    frames = ImageFrames.from_folder(folder)
    find = _FrameFinder(folder, frames.names)
    files: dict[int, tuple[Path, ...]] = {}
    for path in masks:
        with collecting(problems):
            index = find(path)
            others = files.get(index, ())
            if path.parent in {other.parent for other in others}:
                raise DataError(
                    f"{path}: {others[-1].name} labels the same frame; remove one of the two"
                )
            files[index] = (*others, path)
    return Video(name, frames, {index: LabelFiles(paths, style) for index, paths in files.items()})


class _FrameFinder:
    """Finds the frame of a mask by its name, else (FBMS) by the number that both names end in.

    A number is compared with the frames' numbers, never taken for a position: some sequences start
    at 1 or 400, and some leave frames out.
    """

    def __init__(self, folder: Path, names: Sequence[str]) -> None:
        self.folder = folder
        self.names = names
        self.by_name = NameTable({name: index for index, name in enumerate(names)})
        self.by_number: dict[int, list[int]] = {}
        for index, name in enumerate(names):
            number = _last_number(name)
            if number is not None:
                self.by_number.setdefault(number, []).append(index)

    def __call__(self, mask: Path) -> int:
        stem = mask.stem.removesuffix("_gt")
        named = self.by_name.get(stem)
        if named is not None:
            return named
        number = _last_number(stem)
        same = self.by_number.get(number, []) if number is not None else []
        if len(same) != 1:
            raise DataError(
                f"{mask}: a label without a frame; {self.folder} has frames named like"
                f" {self.names[0]}; rename the label or remove it"
            )
        return same[0]


def _last_number(name: str) -> int | None:
    numbers = re.findall(r"\d+", name)
    return int(numbers[-1]) if numbers else None


def _mask_files(folder: Path) -> tuple[Path, ...]:
    """List the masks in `folder` and in its subfolders, one per object; () if it is missing."""
    if not is_folder(folder):
        return ()
    objects = [path for part in list_folders(folder) for path in list_images(part)]
    return (*list_images(folder), *objects)
