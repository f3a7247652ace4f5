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

from rcrlib.data.annotations.painting import Canvas
from rcrlib.data.annotations.polygon import fill_circle, fill_polygon
from rcrlib.data.annotations.reading import (
    label_error,
    objects_under,
    parse_points,
    parse_size,
    plain,
    read_json,
)
from rcrlib.data.masks import IMAGE_ERRORS
from rcrlib.files import write_json

_OUTLINES = ("polygon", "oriented_rectangle", "rotation", "quadrilateral")
"""Kinds of shapes whose points go around them; the last two are X-AnyLabeling's."""


def read_labelme(path: str | Path, content: dict[str, Any] | None = None) -> NDArray[np.uint8]:
    """Read the label that a labelme file stands for: its shapes, painted in their order.

    What their names mean (`_background_` is a hole, `__ignore__` is void) is in
    `rcrlib.data.meaning`.

    Args:
        path: the .json file.
        content: what is in it, where that was read already.

    Returns:
        (H, W) uint8 {0, 1, 255}, 255 is void, of the size that the file says its picture has; all 0
        where nothing was drawn.

    Raises:
        DataError: the file is no labelme file, a shape has no inside (a line or a point), or a hole
            comes before what it is cut out of.
    """
    path = Path(path)
    content = read_json(path) if content is None else content
    size = parse_size(path, content.get("imageHeight"), content.get("imageWidth"))
    canvas = Canvas(size)
    for number, shape in enumerate(objects_under(path, content, "shapes"), start=1):
        name = shape.get("label")
        where = f"shape {number} ({plain(name)})"
        canvas.paint(_fill_shape(path, shape, size, where), name, where)
    return canvas.finish(path)


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


def _fill_shape(
    path: Path, shape: dict[str, Any], size: tuple[int, int], where: str
) -> NDArray[np.uint8]:
    kind = shape.get("shape_type", "polygon")
    if kind in _OUTLINES:
        return fill_polygon(parse_points(path, shape.get("points"), 3, where), size)
    if kind == "rectangle":
        points = parse_points(path, shape.get("points"), 2, where)
        return fill_polygon(_corners(path, points, where), size)
    if kind == "circle":
        points = parse_points(path, shape.get("points"), 2, where)
        if len(points) != 2:
            raise label_error(path, f"a circle of {len(points)} points; expected 2", where)
        return fill_circle(points[0], points[1], size)
    if kind == "mask":
        return _paste_mask(path, shape, size, where)
    raise label_error(
        path, f"a shape of the kind {plain(kind)!r} has no inside", where, "draw polygons"
    )


def _corners(path: Path, points: NDArray[np.float64], where: str) -> NDArray[np.float64]:
    """Return a rectangle's corners in order around it, from two opposite ones or from all four."""
    if len(points) == 2:
        (left, top), (right, bottom) = points
        return np.array([[left, top], [right, top], [right, bottom], [left, bottom]])
    if len(points) != 4:
        raise label_error(path, f"a rectangle of {len(points)} points; expected 2 or 4", where)
    across, down = (points - points.mean(0)).T
    corners: NDArray[np.float64] = points[np.argsort(np.arctan2(down, across), kind="stable")]
    return corners


def _paste_mask(
    path: Path, shape: dict[str, Any], size: tuple[int, int], where: str
) -> NDArray[np.uint8]:
    """Paste a picture of a mask (base64 of a PNG) at the first of its corners."""
    corner = parse_points(path, shape.get("points"), 1, where)[0]
    try:
        data = base64.b64decode(str(shape.get("mask")), validate=True)
        with Image.open(io.BytesIO(data)) as image:
            part = np.array(image.convert("L")) > 0
    except (*IMAGE_ERRORS, binascii.Error) as error:
        raise label_error(path, f"a mask that is no picture ({error})", where) from error
    left, top = (round(float(value)) for value in corner)
    mask = np.zeros(size, np.uint8)
    rows = slice(max(top, 0), max(min(top + part.shape[0], size[0]), 0))
    columns = slice(max(left, 0), max(min(left + part.shape[1], size[1]), 0))
    seen = part[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    if seen.size:
        mask[rows, columns] = seen
    return mask
