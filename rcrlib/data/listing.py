"""Which files of a folder are frames, and in which order."""

from __future__ import annotations

import re
from pathlib import Path

from rcrlib.errors import DataError

IMAGE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".png", ".bmp", ".ppm", ".pgm", ".tif", ".tiff", ".webp"}
)
VIDEO_SUFFIXES = frozenset({".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg"})


def natural_key(name: str) -> tuple[list[str | int], str]:
    """Return a key for natural sorting: `frame2` before `frame10`, and `01` before `1`."""
    parts = re.split(r"(\d+)", name)
    return [int(part) if part.isdecimal() else part for part in parts], name


def list_images(folder: Path, suffixes: frozenset[str] = IMAGE_SUFFIXES) -> tuple[Path, ...]:
    """List the image files directly in `folder` in natural order, without hidden files.

    Raises:
        DataError: `folder` is not there, or two of its images differ in nothing but the suffix
            (they would claim the same label).
    """
    names: dict[str, Path] = {}
    for path in _entries(folder):
        if path.suffix.lower() not in suffixes or not path.is_file():
            continue
        twin = names.setdefault(path.stem, path)
        if twin is not path:
            raise DataError(
                f"{path}: {twin.name} beside it has the same name; remove one of the two"
            )
    return tuple(names.values())


def list_folders(folder: Path) -> tuple[Path, ...]:
    """List the folders directly in `folder` in natural order, without hidden ones.

    Raises:
        DataError: `folder` is not there.
    """
    return tuple(path for path in _entries(folder) if path.is_dir())


def _entries(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise DataError(
            f"{folder}: expected a folder, found {'a file' if folder.exists() else 'nothing'}"
        )
    entries = (path for path in folder.iterdir() if not path.name.startswith("."))
    return sorted(entries, key=lambda path: natural_key(path.name))
