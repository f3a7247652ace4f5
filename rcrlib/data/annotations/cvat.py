"""CVAT's "Segmentation mask": pictures in colours, and labelmap.txt, which says what they mean."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rcrlib.data.listing import list_folders, list_images
from rcrlib.data.masks import read_image
from rcrlib.data.meaning import VOID, VOID_COLOUR, UnclearMaskError, check_ids_in_grey, value_of
from rcrlib.errors import DataError, first_few

FOLDER = "SegmentationClass"
_BACKGROUND = (0, 0, 0)

Colour = tuple[int, ...]


def read_cvat(folder: str | Path, video: str | None = None) -> Mapping[str, NDArray[np.uint8]]:
    """Read the labels of an export.

    Args:
        folder: the one that holds SegmentationClass and labelmap.txt. What the names in the latter
            mean, and the colours where it is missing, is in `rcrlib.data.meaning`.
        video: where SegmentationClass holds a folder for each of several videos: which one.

    Returns:
        For each picture's name without suffix a label (H, W) uint8 {0, 1, 255}, 255 is void.

    Raises:
        DataError: the folder is no such export, a file of it cannot be read, or a picture has a
            colour that labelmap.txt does not list.
    """
    folder = Path(folder)
    meaning, complete = _meaning(folder / "labelmap.txt")
    labels = {}
    for path in list_images(_pictures(folder / FOLDER, video)):
        labels[path.stem] = _read(path, meaning, complete)
    return labels


def _pictures(folder: Path, video: str | None) -> Path:
    """Return the folder with the pictures: `folder`, or the one in it that the video is called."""
    inside = list_folders(folder)
    if list_images(folder) or not inside:
        return folder
    named = [part for part in inside if part.name == video]
    if len(inside) > 1 and not named:
        raise DataError(
            f"{folder}: holds the folders {first_few([part.name for part in inside])}; call the one"
            f" of this video {video or 'like the video'}"
        )
    return (named or list(inside))[0]


def _read(path: Path, meaning: Mapping[Colour, int], complete: bool) -> NDArray[np.uint8]:
    picture = read_image(path)
    if not complete and (picture == picture[..., :1]).all():
        try:
            check_ids_in_grey(picture[..., 0])
        except UnclearMaskError as error:
            raise DataError(f"{path}: {error}") from None
    pixels = picture.astype(np.uint32)
    codes = (pixels[..., 0] << 16) | (pixels[..., 1] << 8) | pixels[..., 2]
    known = {(c[0] << 16) | (c[1] << 8) | c[2]: value for c, value in meaning.items()}
    found = np.unique(codes).tolist()
    strangers = [code for code in found if code not in known]
    if complete and strangers:
        colours = [f"{code >> 16},{code >> 8 & 255},{code & 255}" for code in strangers]
        raise DataError(
            f"{path}: has colours that labelmap.txt does not list: {first_few(colours, 3)};"
            " export the masks again, as they are and in PNG"
        )
    label = np.ones(codes.shape, np.uint8)
    for code in found:
        if known.get(code, 1) != 1:
            label[codes == code] = known[code]
    return label


def _meaning(path: Path) -> tuple[dict[Colour, int], bool]:
    """Return what colours mean (0, 1 or 255), and whether these are all that there may be."""
    listed = _labelmap(path) if path.is_file() else {}
    meaning: dict[Colour, int] = {_BACKGROUND: 0, VOID_COLOUR: VOID}
    if any(value_of(name) == 0 for name in listed):
        del meaning[_BACKGROUND]
    meaning |= {colour: value_of(name) for name, colour in listed.items()}
    return meaning, 1 in meaning.values()


def _labelmap(path: Path) -> dict[str, Colour]:
    """Read lines NAME:R,G,B:PARTS:ACTIONS."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
        named = [line.split(":") for line in lines if line.strip() and not line.startswith("#")]
        colours = {
            parts[0].strip(): tuple(int(part) for part in parts[1].split(",")) for parts in named
        }
    except (OSError, ValueError, IndexError) as error:
        raise DataError(f"{path}: expected lines NAME:R,G,B:: ({error}); export again") from error
    for name, colour in colours.items():
        if len(colour) != 3 or not all(0 <= value <= 255 for value in colour):
            raise DataError(f"{path}: the colour of {name} is {colour}; export the masks again")
    return colours
