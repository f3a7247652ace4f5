"""Labels from a folder of masks beside the data set: pseudo-labels, or a user's own."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from rcrlib.data.listing import list_folders, list_images
from rcrlib.data.masks import image_size
from rcrlib.data.meaning import MaskStyle
from rcrlib.data.names import NameTable, read_text, table_of
from rcrlib.data.video import LabelFiles, Video
from rcrlib.errors import DataError, first_few
from rcrlib.files import RECORD

MANIFEST = "manifest.json"
"""Name of the file that tells labels from pseudo-labels:
{"videos": {VIDEO: {FRAME: "label" or "pseudo"}}}."""

_STYLES: Mapping[str, MaskStyle] = {"label": "auto", "pseudo": "grey"}
"""Kept ground truth is a copy of the data set's file, palette and all. A pseudo-label is a map of
this library, which may be nowhere >= 128 and still be what it says."""


def read_label_folder(
    folder: Path, videos: Sequence[Video], *, flat: bool
) -> dict[str, dict[int, LabelFiles]]:
    """Find the mask of every labelled frame in FOLDER/VIDEO/FRAME.png (flat: FOLDER/FRAME.png).

    Returns:
        For each video's name its labels by frame index. A video has none only where the manifest
        names it without frames.

    Raises:
        DataError: see `Dataset.with_label_folder`.
    """
    masks = _flat_masks(folder) if flat else _masks(folder)
    known = table_of(video.name for video in videos)
    masks = {known.find(name) or name: files for name, files in masks.items()}
    manifest = _read_manifest(folder)
    if manifest is not None:
        manifest = _as_spelt({known.find(n) or n: kinds for n, kinds in manifest.items()}, masks)
        _check_manifest(folder, manifest, masks)
    strangers = [name for name in masks if known.find(name) is None]
    if strangers:
        raise DataError(
            f"{folder}: belongs to other videos: the data set has no {first_few(strangers)};"
            " give the labels of this data set and split"
        )
    bare = [
        video.name
        for video in videos
        if video.name not in (masks if manifest is None else manifest)
    ]
    if bare:
        raise DataError(
            f"{folder}: has no mask for {first_few(bare)} ({len(bare)} of {len(videos)} videos);"
            f" expected {'IMAGE.png' if flat else 'VIDEO/FRAME.png'}; complete the folder"
        )
    kinds = _kinds_without_manifest(folder, masks) if manifest is None else manifest
    return {
        video.name: {
            index: LabelFiles((path,), _STYLES[kinds[video.name][path.stem]])
            for index, path in _match(folder, video, masks.get(video.name, {})).items()
        }
        for video in videos
    }


def read_manifest(folder: Path) -> dict[str, dict[str, str]]:
    """Read a label folder's manifest: "label" or "pseudo" for every video and frame.

    Raises:
        DataError: the folder has no manifest, or one that cannot be read.
    """
    manifest = _read_manifest(folder)
    if manifest is None:
        raise DataError(
            f"{folder / MANIFEST}: not there; give a folder that rcr pseudo-label has written"
        )
    return manifest


def _as_spelt(
    manifest: Mapping[str, Mapping[str, str]], masks: Mapping[str, Mapping[str, Path]]
) -> dict[str, dict[str, str]]:
    """Return the manifest with the names spelt as those of the masks, where they look alike."""
    videos = table_of(masks)
    spelt = {}
    for video, frames in manifest.items():
        own = videos.find(video) or video
        files = table_of(masks.get(own, {}))
        spelt[own] = {files.find(frame) or frame: kind for frame, kind in frames.items()}
    return spelt


def _masks(folder: Path) -> dict[str, dict[str, Path]]:
    found = {
        path.name: {mask.stem: mask for mask in list_images(path)} for path in list_folders(folder)
    }
    masks = {name: frames for name, frames in found.items() if frames}
    if not masks:
        raise DataError(f"{folder}: holds no masks; expected VIDEO/FRAME.png")
    return masks


def _flat_masks(folder: Path) -> dict[str, dict[str, Path]]:
    masks = {path.stem: {path.stem: path} for path in list_images(folder)}
    if not masks:
        raise DataError(f"{folder}: holds no masks; expected IMAGE.png")
    return masks


def _match(folder: Path, video: Video, masks: Mapping[str, Path]) -> dict[int, Path]:
    """Return a video's masks by frame index; each must have its frame's name and size."""
    names = video.frame_names if masks else ()
    table = NameTable({name: index for index, name in enumerate(names)})
    position = {name: table.get(name) for name in masks}
    strangers = [name for name, index in position.items() if index is None]
    if strangers:
        raise DataError(
            f"{folder}: belongs to other videos: {video.name} has no frame {first_few(strangers)};"
            f" its frames are named like {video.frame_names[0]}"
        )
    for path in masks.values():
        found = image_size(path)
        if found != video.size:
            raise DataError(
                f"{path}: the mask is {found[1]}x{found[0]} and its frame is"
                f" {video.size[1]}x{video.size[0]} pixels; give a mask of the frame's size"
            )
    return {index: masks[name] for name, index in position.items() if index is not None}


def _kinds_without_manifest(
    folder: Path, masks: Mapping[str, Mapping[str, Path]]
) -> dict[str, dict[str, str]]:
    """Take masks for pseudo-labels if this library's record lies beside them, else for labels."""
    kind = "pseudo" if (folder / RECORD).is_file() else "label"
    return {video: dict.fromkeys(frames, kind) for video, frames in masks.items()}


def _read_manifest(folder: Path) -> dict[str, dict[str, str]] | None:
    path = folder / MANIFEST
    if not path.is_file():
        return None
    try:
        videos = json.loads(read_text(path))["videos"]
        well_formed = all(kind in _STYLES for frames in videos.values() for kind in frames.values())
    except (ValueError, KeyError, TypeError, AttributeError):
        well_formed = False
    if not well_formed:
        raise DataError(
            f'{path}: expected {{"videos": {{VIDEO: {{FRAME: "label" or "pseudo"}}}}}};'
            " make the label folder again"
        )
    return dict(videos)


def _check_manifest(
    folder: Path, manifest: Mapping[str, Mapping[str, str]], masks: Mapping[str, Mapping[str, Path]]
) -> None:
    said = {f"{video}/{frame}" for video, frames in manifest.items() for frame in frames}
    found = {f"{video}/{frame}" for video, frames in masks.items() for frame in frames}
    for names, what in (
        (said - found, "names masks that are missing"),
        (found - said, "does not name"),
    ):
        if names:
            raise DataError(
                f"{folder / MANIFEST}: {what}: {first_few(sorted(names))};"
                " make the label folder again"
            )
