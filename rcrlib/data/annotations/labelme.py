"""labelme: a JSON file beside each picture, with the outlines of what was drawn on it."""

from __future__ import annotations

import base64
import binascii
import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from rcrlib.data.annotations.polygon import fill_circle, fill_polygon
from rcrlib.data.annotations.reading import (
    label_error,
    objects_under,
    parse_points,
    parse_size,
    read_json,
)
from rcrlib.data.masks import IMAGE_ERRORS
from rcrlib.files import write_json


def read_labelme(path: str | Path, content: dict[str, Any] | None = None) -> NDArray[np.uint8]:
    """Read the mask that a labelme file stands for: the union of its shapes, however called.

    Args:
        path: the .json file.
        content: what is in it, where that was read already.

    Returns:
        (H, W) uint8 {0, 1} of the size that the file says its picture has; all 0 where nothing was
        drawn.

    Raises:
        DataError: the file is no labelme file, or a shape has no inside (a line or a point).
    """
    path = Path(path)
    content = read_json(path) if content is None else content
    size = parse_size(path, content.get("imageHeight"), content.get("imageWidth"))
    mask = np.zeros(size, np.uint8)
    for shape in objects_under(path, content, "shapes"):
        mask |= _fill_shape(path, shape, size)
    return mask


def write_empty_labelme(path: str | Path, picture: str, size: tuple[int, int]) -> None:
    """Write a labelme file in which nothing is drawn.

    Args:
        path: the .json file.
        picture: the picture's name, beside it.
        size: (H, W) of the picture.
    """
    content: dict[str, Any] = {
        "version": "5.0.0",
        "flags": {},
        "shapes": [],
        "imagePath": picture,
        "imageData": None,
        "imageHeight": size[0],
        "imageWidth": size[1],
    }
    write_json(path, content)


def _fill_shape(path: Path, shape: dict[str, Any], size: tuple[int, int]) -> NDArray[np.uint8]:
    kind = shape.get("shape_type", "polygon")
    if kind in ("polygon", "oriented_rectangle"):
        return fill_polygon(parse_points(path, shape.get("points"), 3), size)
    if kind == "rectangle":
        (left, top), (right, bottom) = parse_points(path, shape.get("points"), 2)[:2]
        corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]])
        return fill_polygon(corners, size)
    if kind == "circle":
        centre, edge = parse_points(path, shape.get("points"), 2)[:2]
        return fill_circle(centre, edge, size)
    if kind == "mask":
        return _paste_mask(path, shape, size)
    raise label_error(path, f"a shape of the kind {str(kind)[:40]!r} has no inside; draw polygons")


def _paste_mask(path: Path, shape: dict[str, Any], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Paste a picture of a mask (base64 of a PNG) at the first of its corners."""
    corner = parse_points(path, shape.get("points"), 1)[0]
    try:
        data = base64.b64decode(str(shape.get("mask")), validate=True)
        with Image.open(io.BytesIO(data)) as image:
            part = np.array(image.convert("L")) > 0
    except (*IMAGE_ERRORS, binascii.Error) as error:
        raise label_error(path, f"a mask that is no picture ({error})") from error
    left, top = (round(float(value)) for value in corner)
    mask = np.zeros(size, np.uint8)
    rows = slice(max(top, 0), max(min(top + part.shape[0], size[0]), 0))
    columns = slice(max(left, 0), max(min(left + part.shape[1], size[1]), 0))
    seen = part[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    if seen.size:
        mask[rows, columns] = seen
    return mask
