"""Find labels drawn in any supported tool, and match them with a video's frames."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rcrlib.data.annotations.coco import picture_names, read_coco
from rcrlib.data.annotations.cvat import FOLDER, read_cvat
from rcrlib.data.annotations.labelme import read_labelme
from rcrlib.data.annotations.naming import FrameNames
from rcrlib.data.annotations.reading import plain, read_json
from rcrlib.data.listing import IMAGE_SUFFIXES, is_folder, list_files, list_folders, list_images
from rcrlib.data.masks import read_mask, read_void
from rcrlib.data.meaning import VOID
from rcrlib.data.problems import collecting
from rcrlib.errors import DataError, first_few
from rcrlib.files import RECORD

Mask = NDArray[np.uint8]
NamedMask = tuple[str, Path, Mask]
"""A picture's name, the file that labels it, and its label: 0, 1, and 255 for void."""

PICTURES_FOLDER = "pictures"
"""The folder, in the output of `rcr data label`, with the pictures to draw on."""

_PNG = frozenset({".png"})
_JSON = frozenset({".json"})


@dataclass
class DrawnLabels:
    """Labels that a person drew.

    Attributes:
        masks: by frame name; (H, W) uint8 {0, 1}, each with something in it.
        voids: by frame name, where a label has pixels about which it says nothing; (H, W) bool.
        empty: names of frames whose labels hold no object, as `rcr data label` wrote them.
        problems: labels that cannot be used, a line each.
        notes: what was left out of labels that can be used, a line each.
    """

    masks: dict[str, Mask] = field(default_factory=dict)
    voids: dict[str, NDArray[np.bool_]] = field(default_factory=dict)
    empty: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read_annotations(
    source: str | Path, names: Sequence[str], size: tuple[int, int], video: str | None = None
) -> DrawnLabels:
    """Read the labels of a video's frames.

    Looked for are labelme files (NAME.json), COCO files, a CVAT export (SegmentationClass) and
    masks NAME.png, in `source` itself and in its folders pictures, frames, labels, annotations; and
    where there is nothing but one folder, in that one likewise. A frame may have an empty label
    beside a drawn one, not two drawn ones.

    Args:
        source: a folder, a .json file, or a .zip of one of them.
        names: of all frames of the video; `FrameNames` says which other names tools make of them.
        size: their (H, W).
        video: its name, by which a file of several videos is told apart.

    Raises:
        DataError: there is no label at all, or the .zip is not safe to unpack. What is wrong with
            single labels is in the result.
    """
    source = Path(source)
    if source.is_file() and source.suffix.lower() != ".json":
        return _read_archive(source, names, size, video)
    if not source.exists():
        raise DataError(f"{source}: not there; expected labels: a folder, a .json or a .zip")
    collected = _Collection(FrameNames(names, video), size)
    readers = _find_readers(source, collected)
    for read in readers:
        with collecting(collected.drawn.problems):
            for label in read():
                with collecting(collected.drawn.problems):
                    collected.add(label)
    drawn = collected.drawn
    drawn.empty = [name for name in dict.fromkeys(drawn.empty) if name not in drawn.masks]
    drawn.voids = {n: void for n, void in drawn.voids.items() if n in {*drawn.masks, *drawn.empty}}
    return drawn


def _read_archive(
    source: Path, names: Sequence[str], size: tuple[int, int], video: str | None
) -> DrawnLabels:
    """Read the labels in an archive; errors name it, not the folder that it is unpacked into."""
    if source.suffix.lower() in (".xml", ".txt", ".csv", *IMAGE_SUFFIXES):
        raise DataError(
            f"{source}: a {source.suffix} file; expected labels: a folder (of masks NAME.png, too),"
            " a .json (labelme, COCO) or a .zip (CVAT: COCO or Segmentation mask)"
        )
    from rcrlib.data.fetch import unpack  # imports an HTTP client, which only this case needs

    with tempfile.TemporaryDirectory(prefix="rcr-labels-") as folder:
        inside = Path(folder) / "labels"
        unpack(source, inside)
        try:
            drawn = read_annotations(inside, names, size, video)
        except DataError as error:
            raise DataError(str(error).replace(str(inside), str(source))) from error
        drawn.problems = [line.replace(str(inside), str(source)) for line in drawn.problems]
        drawn.notes = [line.replace(str(inside), str(source)) for line in drawn.notes]
        return drawn


@dataclass
class _Collection:
    """The labels found so far, and the video that they must fit."""

    frames: FrameNames
    size: tuple[int, int]
    drawn: DrawnLabels = field(default_factory=DrawnLabels)
    files: dict[str, Path] = field(default_factory=dict)

    def add(self, label: NamedMask) -> None:
        """Add one label; raise `DataError` if it does not fit the video."""
        title, file, values = label
        drawn, size, name = self.drawn, self.size, self.frames.find(title)
        if name is None:
            raise DataError(
                f"{file}: labels {title}, and the video has no frame of that name; its frames are"
                f" named like {self.frames.names[0]}"
            )
        if values.shape != size:
            raise DataError(
                f"{file}: the label of {title} is {values.shape[1]}x{values.shape[0]} and its frame"
                f" is {size[1]}x{size[0]} pixels; draw on the frames that rcr data label wrote"
            )
        mask, void = (values == 1).astype(np.uint8), values == VOID
        if not mask.any():
            drawn.empty.append(name)
            if name not in drawn.masks and void.any():
                drawn.voids[name] = void
            return
        if name in drawn.masks:
            raise DataError(f"{file}: {self.files[name]} labels {name} too; keep one of the two")
        drawn.masks[name], self.files[name] = mask, file
        drawn.voids.pop(name, None)
        if void.any():
            drawn.voids[name] = void


Reader = Callable[[], Iterator[NamedMask]]


def _find_readers(source: Path, collected: _Collection) -> list[Reader]:
    """Return a reader for each file that holds labels, in `source` or the only folder in it.

    Raises:
        DataError: there is none.
    """
    folder = source
    while not (readers := list(_readers(folder, collected))):
        inside = [part for part in list_folders(folder) if part.name != "__MACOSX"]
        if len(inside) != 1:
            there = first_few([part.name for part in inside], 3)
            raise DataError(
                f"{source}: holds no labels{f' (but the folders {there})' if there else ''};"
                f" expected NAME.json (labelme), a COCO file, {FOLDER} (CVAT), or NAME.png in a"
                " folder labels"
            )
        folder = inside[0]
    return readers


def _readers(source: Path, collected: _Collection) -> Iterator[Reader]:
    """Yield a reader for each file or export that holds labels."""
    if source.is_file():
        yield partial(_from_json, source, collected)
        return
    exports = [folder for folder in (source, *list_folders(source)) if _is_export(folder)]
    folders = [
        source,
        *(source / name for name in (PICTURES_FOLDER, "frames", "labels", "annotations")),
    ]
    files = [path for folder in folders if is_folder(folder) for path in list_files(folder, _JSON)]
    files = [path for path in files if path.name != RECORD]
    yield from (partial(_from_cvat, folder, collected) for folder in exports)
    yield from (partial(_from_json, path, collected) for path in files)
    pictures = source / "labels"
    if not pictures.is_dir() and not files and not exports:
        pictures = source
    for path in list_images(pictures, _PNG) if is_folder(pictures) else ():
        yield partial(_from_png, path)


def _is_export(folder: Path) -> bool:
    return (folder / FOLDER).is_dir()


def _from_cvat(folder: Path, collected: _Collection) -> Iterator[NamedMask]:
    for name, label in read_cvat(folder, collected.frames.video).items():
        yield name, folder / FOLDER / f"{name}.png", label


def _from_json(path: Path, collected: _Collection) -> Iterator[NamedMask]:
    content = read_json(path)
    if "shapes" in content:
        yield path.stem, path, read_labelme(path, content)
        return
    labels = read_coco(path, content, collected.frames, collected.drawn.notes)
    if not labels:
        there = first_few([plain(name) for name in picture_names(content)], 3) or "none"
        raise DataError(
            f"{path}: labels none of the frames; they are called"
            f" {first_few(sorted(collected.frames.names))}; the file's pictures are called {there}"
        )
    yield from ((name, path, label) for name, label in labels.items())


def _from_png(path: Path) -> Iterator[NamedMask]:
    label, void = read_mask(path).astype(np.uint8), read_void(path)
    yield path.stem, path, label if void is None else np.where(void, VOID, label).astype(np.uint8)
