"""CVAT's "Segmentation mask": pictures in colours, and labelmap.txt, which says what they mean."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rcrlib.data.listing import list_images
from rcrlib.data.masks import read_image
from rcrlib.errors import DataError

FOLDER = "SegmentationClass"
_BACKGROUND = (0, 0, 0)


def read_cvat(folder: str | Path) -> Mapping[str, NDArray[np.uint8]]:
    """Read the masks of an export: everything is the object but the colour of the background.

    Args:
        folder: the one that holds SegmentationClass and labelmap.txt (without it, black is the
            background).

    Returns:
        For each picture's name without suffix a mask (H, W) uint8 {0, 1}.

    Raises:
        DataError: the folder is no such export, or a file of it cannot be read.
    """
    folder = Path(folder)
    background = np.array(_background(folder / "labelmap.txt"), np.uint8)
    masks = {}
    for path in list_images(folder / FOLDER):
        masks[path.stem] = (read_image(path) != background).any(2).astype(np.uint8)
    return masks


def _background(path: Path) -> tuple[int, ...]:
    """Read the colour of the background from lines NAME:R,G,B:PARTS:ACTIONS."""
    if not path.is_file():
        return _BACKGROUND
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        named = [line.split(":") for line in lines if line.strip() and not line.startswith("#")]
        colours = {parts[0].strip(): parts[1] for parts in named}
        colour = tuple(int(part) for part in colours.get("background", "0,0,0").split(","))
    except (OSError, ValueError, IndexError) as error:
        raise DataError(f"{path}: expected lines NAME:R,G,B:: ({error}); export again") from error
    if len(colour) != 3 or not all(0 <= value <= 255 for value in colour):
        raise DataError(f"{path}: the background's colour is {colour}; export the masks again")
    return colour
