"""COCO: one JSON file for many pictures, with polygons or run lengths."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rcrlib.data.annotations.polygon import fill_polygon
from rcrlib.data.annotations.reading import (
    label_error,
    objects_under,
    parse_points,
    parse_size,
    read_json,
)
from rcrlib.data.annotations.rle import decode_rle
from rcrlib.errors import DataError


def read_coco(
    path: str | Path,
    content: dict[str, Any] | None = None,
    only: Collection[str] | None = None,
) -> Mapping[str, NDArray[np.uint8]]:
    """Read the masks of a COCO file: for each picture the union of its annotations.

    Args:
        path: the .json file.
        content: what is in it, where that was read already.
        only: the names of the pictures to give; of others nothing is read.

    Returns:
        For each picture's name without folder and suffix a mask (H, W) uint8 {0, 1}, all 0 where
        nothing was drawn.

    Raises:
        DataError: the file is no COCO file, two pictures have one name, or an annotation is of a
            picture that is not in it or has no inside (a box alone).
    """
    path = Path(path)
    content = read_json(path) if content is None else content
    names: dict[object, str] = {}
    masks: dict[str, NDArray[np.uint8]] = {}
    for picture in objects_under(path, content, "images"):
        name = PurePosixPath(str(picture.get("file_name")).replace("\\", "/")).stem
        number = _number(path, picture.get("id"))
        if name in names.values() or number in names:
            raise label_error(path, f"two pictures are called {name}, or have the id {number}")
        names[number] = name
        if only is None or name in only:
            size = parse_size(path, picture.get("height"), picture.get("width"))
            masks[name] = np.zeros(size, np.uint8)
    for annotation in objects_under(path, content, "annotations"):
        number = _number(path, annotation.get("image_id"))
        if number not in names:
            raise label_error(
                path, f"an annotation is of the picture {number}, which is not in the file"
            )
        mask = masks.get(names[number])
        if mask is not None:
            mask |= _fill_shape(
                path, annotation.get("segmentation"), (mask.shape[0], mask.shape[1])
            )
    return masks


def _fill_shape(path: Path, drawn: object, size: tuple[int, int]) -> NDArray[np.uint8]:
    if isinstance(drawn, dict):
        found = drawn.get("size")
        counts = drawn.get("counts")
        if found != list(size) or not isinstance(counts, (list, str)):
            raise label_error(
                path, f"run lengths of the size {found!r} for a picture of {list(size)}"
            )
        try:
            return decode_rle(counts, size)
        except DataError as error:
            raise label_error(path, str(error)) from error
    if not isinstance(drawn, list) or not drawn:
        raise label_error(path, "an annotation has neither polygons nor run lengths")
    mask = np.zeros(size, np.uint8)
    for outline in drawn:
        if not isinstance(outline, list) or len(outline) % 2:
            raise label_error(path, "a polygon is not a list of x, y, x, y, ...")
        pairs = [outline[index : index + 2] for index in range(0, len(outline), 2)]
        mask |= fill_polygon(parse_points(path, pairs, 3), size)
    return mask


def _number(path: Path, value: object) -> int | str:
    if isinstance(value, (int, str)) and not isinstance(value, bool):
        return value
    raise label_error(path, f"{str(value)[:40]!r} is no id of a picture")
