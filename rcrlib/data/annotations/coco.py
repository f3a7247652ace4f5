"""COCO: one JSON file for many pictures, with polygons or run lengths."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rcrlib.data.annotations.naming import FrameNames, picture_path
from rcrlib.data.annotations.painting import Canvas
from rcrlib.data.annotations.polygon import fill_polygon
from rcrlib.data.annotations.reading import (
    label_error,
    objects_under,
    parse_points,
    parse_size,
    plain,
    read_json,
)
from rcrlib.data.annotations.rle import decode_rle
from rcrlib.errors import DataError


class _Picture(NamedTuple):
    """A picture of the file."""

    path: PurePosixPath
    entry: Mapping[str, Any]


def read_coco(
    path: str | Path,
    content: dict[str, Any] | None = None,
    only: Collection[str] | FrameNames | None = None,
    notes: list[str] | None = None,
) -> Mapping[str, NDArray[np.uint8]]:
    """Read the labels of a COCO file: for each picture its annotations in their order.

    A file may hold several videos whose frames have the same names. Those in a folder of the
    video's name are then this video's.

    Args:
        path: the .json file.
        content: what is in it, where that was read already.
        only: the names of the pictures to give, or a video's frames; of others nothing is read.
        notes: collects what was left out, a line each.

    Returns:
        For each picture's (or frame's) name without folder and suffix a label (H, W) uint8
        {0, 1, 255}, 255 is void (see `rcrlib.data.meaning`); all 0 where nothing was drawn.

    Raises:
        DataError: the file is no COCO file, two pictures have one id or show one frame, or an
            annotation is of a picture that is not in it or has no inside (a box alone).
    """
    path = Path(path)
    content = read_json(path) if content is None else content
    pictures = _pictures(path, content)
    wanted = _choose(path, pictures, only)
    canvases = {number: Canvas(_size(path, pictures[number])) for number in wanted}
    classes = _classes(content)
    faults = []
    for annotation in objects_under(path, content, "annotations"):
        what = f"annotation {plain(annotation.get('id'))}"
        number = _number(path, annotation.get("image_id"), what)
        if number not in pictures:
            raise label_error(path, f"{what} is of the picture {number}, which is not in the file")
        if number in canvases:
            where = f"{what} of {plain(pictures[number].path)}"
            try:
                _paint(path, canvases[number], annotation, classes, where, notes)
            except DataError as error:
                faults.append(str(error))
    if faults:
        more = f" ({len(faults) - 1} more annotations cannot be used)" if len(faults) > 1 else ""
        raise DataError(f"{faults[0]}{more}")
    return {wanted[number]: canvas.finish(path) for number, canvas in canvases.items()}


def picture_names(content: Mapping[str, Any]) -> list[str]:
    """Return what a COCO file calls its pictures, folders included."""
    entries = content.get("images")
    found = entries if isinstance(entries, list) else []
    return [str(entry.get("file_name")) for entry in found if isinstance(entry, dict)]


def _pictures(path: Path, content: dict[str, Any]) -> dict[int | str, _Picture]:
    """Return all pictures by id."""
    pictures: dict[int | str, _Picture] = {}
    for entry in objects_under(path, content, "images"):
        name = picture_path(entry.get("file_name"))
        number = _number(path, entry.get("id"), f"the picture {plain(name)}")
        if number in pictures:
            both = f"{plain(pictures[number].path)} and {plain(name)}"
            raise label_error(path, f"two pictures have the id {number}: {both}")
        pictures[number] = _Picture(name, entry)
    return pictures


def _choose(
    path: Path,
    pictures: Mapping[int | str, _Picture],
    only: Collection[str] | FrameNames | None,
) -> dict[int | str, str]:
    """Return, for the id of each picture to read, the name of the frame that it shows."""
    frames = only if only is None or isinstance(only, FrameNames) else FrameNames(tuple(only))
    stems = {number: picture.path.stem for number, picture in pictures.items()}
    found = {n: stem if frames is None else frames.find(stem) for n, stem in stems.items()}
    names = {number: name for number, name in found.items() if name is not None}
    video = frames.video if frames is not None else None
    if any(video in pictures[number].path.parts[:-1] for number in names):
        names = {n: name for n, name in names.items() if _may_show(pictures[n].path, video)}
    first: dict[str, int | str] = {}
    for number, name in names.items():
        twin = first.setdefault(name, number)
        if twin != number:
            raise label_error(
                path,
                f"two pictures show one frame, {plain(name)}: {plain(pictures[twin].path)} and"
                f" {plain(pictures[number].path)}",
                advice=f"in the file, call the folder of this video's pictures"
                f" {video or 'like the video'}, or keep one of the two",
            )
    return names


def _may_show(picture: PurePosixPath, video: str | None) -> bool:
    """Whether a picture's folders, if it has any, name the video."""
    folders = picture.parts[:-1]
    return not folders or video in folders


def _size(path: Path, picture: _Picture) -> tuple[int, int]:
    height, width = (picture.entry.get(side) for side in ("height", "width"))
    return parse_size(path, height, width, plain(picture.path))


def _classes(content: Mapping[str, Any]) -> dict[object, object]:
    """Return the names of the categories by id; a file may do without."""
    entries = content.get("categories")
    found = entries if isinstance(entries, list) else []
    named = [entry for entry in found if isinstance(entry, dict)]
    return {e["id"]: e.get("name") for e in named if isinstance(e.get("id"), (int, str))}


def _paint(
    path: Path,
    canvas: Canvas,
    annotation: Mapping[str, Any],
    classes: Mapping[object, object],
    where: str,
    notes: list[str] | None,
) -> None:
    size = canvas.label.shape
    drawn = annotation.get("segmentation")
    inside = _fill_shape(path, drawn, (size[0], size[1]), where, notes)
    number = annotation.get("category_id")
    name = classes.get(number) if isinstance(number, (int, str)) else None
    canvas.paint(inside, "void" if annotation.get("ignore") in (1, True) else name, where)


def _fill_shape(
    path: Path, drawn: object, size: tuple[int, int], where: str, notes: list[str] | None
) -> NDArray[np.uint8]:
    if isinstance(drawn, dict):
        found = drawn.get("size")
        counts = drawn.get("counts")
        if found != list(size) or not isinstance(counts, (list, str)):
            raise label_error(
                path, f"run lengths of the size {found!r} for a picture of {list(size)}", where
            )
        try:
            return decode_rle(counts, size)
        except DataError as error:
            raise label_error(path, str(error), where) from error
    if not isinstance(drawn, list) or not drawn:
        raise label_error(
            path,
            "has neither polygons nor run lengths, and a box alone is no outline",
            where,
            advice="draw the outline of the object, or remove the annotation",
        )
    return _fill_outlines(path, drawn, size, where, notes)


def _fill_outlines(
    path: Path, drawn: Sequence[object], size: tuple[int, int], where: str, notes: list[str] | None
) -> NDArray[np.uint8]:
    mask = np.zeros(size, np.uint8)
    for outline in drawn:
        if not isinstance(outline, list) or len(outline) % 2:
            raise label_error(path, "a polygon is not a list of x, y, x, y, ...", where)
        pairs = [outline[index : index + 2] for index in range(0, len(outline), 2)]
        points = parse_points(path, pairs, 0, where)
        if len(points) >= 3:
            mask |= fill_polygon(points, size)
        elif notes is not None:
            what = f"an outline of {len(points)} points has no inside and adds nothing"
            notes.append(f"{path}: {where}: {what}")
    return mask


def _number(path: Path, value: object, where: str) -> int | str:
    if isinstance(value, (int, str)) and not isinstance(value, bool):
        return value
    raise label_error(path, f"{str(value)[:40]!r} is no id of a picture", where)
