"""Validation shared by all readers of label files; errors name the file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rcrlib.errors import DataError

MAX_PIXELS = 100_000_000
MAX_COORDINATE = 1e6


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON file whose content is an object.

    Raises:
        DataError: it is missing, no JSON, or something else than an object.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise DataError(f"{path}: not there; expected a label file") from None
    except (OSError, ValueError, RecursionError) as error:
        why = f"cannot be read as JSON ({error})"
        raise DataError(f"{path}: {why}; save the labels again") from error
    if not isinstance(content, dict):
        raise DataError(f"{path}: holds no labels of labelme or COCO; save the labels again")
    return content


def label_error(
    path: Path, what: str, where: str = "", advice: str = "save the labels again"
) -> DataError:
    """Return the error for a label file that cannot be used because of `what`.

    `where` names the shape or annotation, so that it can be found among thousands.
    """
    place = f"{where}: " if where else ""
    return DataError(f"{path}: {place}{what}; {advice}")


def plain(value: object) -> str:
    """Format a name or an id out of a file for a message: one line, and not a long one."""
    return " ".join(str(value).split())[:80]


def objects_under(path: Path, content: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """Return the list of JSON objects under a key.

    Raises:
        DataError: it is something else.
    """
    entries = content.get(name)
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise label_error(path, f"{name!r} is not a list of objects")
    return entries


def parse_points(path: Path, values: object, least: int, where: str = "") -> NDArray[np.float64]:
    """Parse [[x, y], ...] into (N, 2) float64 points.

    Raises:
        DataError: fewer than `least`, or something that is no point of a picture.
    """
    good = isinstance(values, list) and all(
        isinstance(point, list) and len(point) == 2 and all(map(_is_coordinate, point))
        for point in values
    )
    if not good or not isinstance(values, list) or len(values) < least:
        raise label_error(path, f"an outline is not a list of {least} points [x, y] or more", where)
    return np.array(values, np.float64).reshape(-1, 2)


def parse_size(path: Path, height: object, width: object, where: str = "") -> tuple[int, int]:
    """Validate the sides of a picture and return (H, W).

    Raises:
        DataError: one of them is no side of a picture.
    """
    for side in (height, width):
        whole = isinstance(side, int) and not isinstance(side, bool)
        if not whole or side < 1:  # type: ignore[operator]
            sides = f"{str(width)[:20]}x{str(height)[:20]}"
            raise label_error(path, f"a picture of {sides} pixels", where)
    assert isinstance(height, int)
    assert isinstance(width, int)
    if height * width > MAX_PIXELS:
        raise label_error(path, "a picture of more than 100 million pixels", where)
    return height, width


def _is_coordinate(value: object) -> bool:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return number and abs(value) < MAX_COORDINATE  # type: ignore[arg-type]
