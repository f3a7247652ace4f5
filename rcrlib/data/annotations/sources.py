"""Find labels drawn in any supported tool, and match them with a video's frames."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rcrlib.data.annotations.coco import read_coco
from rcrlib.data.annotations.cvat import FOLDER, read_cvat
from rcrlib.data.annotations.labelme import read_labelme
from rcrlib.data.annotations.reading import read_json
from rcrlib.data.listing import list_folders, list_images
from rcrlib.data.masks import read_mask
from rcrlib.data.problems import collecting
from rcrlib.errors import DataError, first_few
from rcrlib.files import RECORD

Mask = NDArray[np.uint8]
NamedMask = tuple[str, Path, Mask]
"""A frame's name, the file that labels it, and its mask."""

PICTURES_FOLDER = "pictures"
"""The folder, in the output of `rcr data label`, with the pictures to draw on."""

_PNG = frozenset({".png"})


@dataclass
class DrawnLabels:
    """Labels that a person drew.

    Attributes:
        masks: by frame name; (H, W) uint8 {0, 1}, each with something in it.
        empty: names of frames whose labels hold nothing, as `rcr data label` wrote them.
        problems: labels that cannot be used, a line each.
    """

    masks: dict[str, Mask] = field(default_factory=dict)
    empty: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def read_annotations(
    source: str | Path, names: Sequence[str], size: tuple[int, int]
) -> DrawnLabels:
    """Read the labels of a video's frames.

    Looked for are labelme files (NAME.json), COCO files, a CVAT export (SegmentationClass) and
    masks NAME.png, in `source` itself and in its folders pictures, frames, labels, annotations. A
    frame may have an empty label beside a drawn one, not two drawn ones.

    Args:
        source: a folder, a .json file, or a .zip of one of them.
        names: of all frames of the video.
        size: their (H, W).

    Raises:
        DataError: there is no label at all, or the .zip is not safe to unpack. What is wrong with
            single labels is in the result.
    """
    source = Path(source)
    if source.is_file() and source.suffix.lower() != ".json":
        from rcrlib.data.fetch import unpack  # imports an HTTP client, which only this case needs

        with tempfile.TemporaryDirectory(prefix="rcr-labels-") as folder:
            unpack(source, Path(folder) / "labels")
            return read_annotations(Path(folder) / "labels", names, size)
    if not source.exists():
        raise DataError(f"{source}: not there; expected labels: a folder, a .json or a .zip")
    drawn = DrawnLabels()
    readers = list(_readers(source, set(names)))
    files: dict[str, Path] = {}
    for read in readers:
        with collecting(drawn.problems):
            for name, file, mask in read():
                with collecting(drawn.problems):
                    _add_label(drawn, files, (name, file, mask), names, size)
    if not readers:
        raise DataError(
            f"{source}: holds no labels; expected NAME.json (labelme), a COCO file,"
            f" {FOLDER} (CVAT), or NAME.png in a folder labels"
        )
    drawn.empty = [name for name in dict.fromkeys(drawn.empty) if name not in drawn.masks]
    return drawn


def _add_label(
    drawn: DrawnLabels,
    files: dict[str, Path],
    label: NamedMask,
    names: Sequence[str],
    size: tuple[int, int],
) -> None:
    """Add one label to `drawn`; raise `DataError` if it does not fit the video."""
    name, file, mask = label
    if name not in set(names):
        raise DataError(
            f"{file}: labels {name}, and the video has no frame of that name; its frames are named"
            f" like {names[0]}"
        )
    if mask.shape != size:
        raise DataError(
            f"{file}: the label of {name} is {mask.shape[1]}x{mask.shape[0]} and its frame is"
            f" {size[1]}x{size[0]} pixels; draw on the frames that rcr data label wrote"
        )
    if not mask.any():
        drawn.empty.append(name)
    elif name in drawn.masks:
        raise DataError(f"{file}: {files[name]} labels {name} too; keep one of the two")
    else:
        drawn.masks[name], files[name] = mask, file


def _readers(source: Path, wanted: set[str]) -> Iterator[Callable[[], Iterator[NamedMask]]]:
    """Yield a reader for each file or export that holds labels."""
    if source.is_file():
        yield partial(_from_json, source, wanted)
        return
    exports = [folder for folder in (source, *list_folders(source)) if _is_export(folder)]
    folders = [
        source,
        *(source / name for name in (PICTURES_FOLDER, "frames", "labels", "annotations")),
    ]
    files = [path for folder in folders for path in sorted(folder.glob("*.json"))]
    files = [path for path in files if path.name != RECORD]
    yield from (partial(_from_cvat, folder) for folder in exports)
    yield from (partial(_from_json, path, wanted) for path in files)
    pictures = source / "labels"
    if not pictures.is_dir() and not files and not exports:
        pictures = source
    for path in list_images(pictures, _PNG) if pictures.is_dir() else ():
        yield partial(_from_png, path)


def _is_export(folder: Path) -> bool:
    return (folder / FOLDER).is_dir()


def _from_cvat(folder: Path) -> Iterator[NamedMask]:
    for name, mask in read_cvat(folder).items():
        yield name, folder / FOLDER / f"{name}.png", mask


def _from_json(path: Path, wanted: set[str]) -> Iterator[NamedMask]:
    content = read_json(path)
    if "shapes" in content:
        yield path.stem, path, read_labelme(path, content)
        return
    masks = read_coco(path, content, only=wanted)
    if not masks:
        raise DataError(
            f"{path}: labels none of the frames; they are called {first_few(sorted(wanted))}"
        )
    yield from ((name, path, mask) for name, mask in masks.items())


def _from_png(path: Path) -> Iterator[NamedMask]:
    yield path.stem, path, read_mask(path).astype(np.uint8)
