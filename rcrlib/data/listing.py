"""What lies in a folder: its images, its folders, in which order, and what is passed over."""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from pathlib import Path

from rcrlib.errors import DataError
from rcrlib.files import is_nobodys

IMAGE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".png", ".bmp", ".ppm", ".pgm", ".tif", ".tiff", ".webp"}
)
VIDEO_SUFFIXES = frozenset({".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg"})

_OF_FILES = frozenset(
    {
        *IMAGE_SUFFIXES,
        *VIDEO_SUFFIXES,
        ".txt",
        ".md",
        ".json",
        ".csv",
        ".xml",
        ".zip",
        ".gz",
        ".pdf",
    }
)
"""Suffixes that a folder hardly has: a link so named that leads to nothing was one to a file."""


def natural_key(name: str) -> tuple[list[str | int], str]:
    """Return a key for natural sorting: `frame2` before `frame10`, and `01` before `1`."""
    parts = re.split(r"(\d+)", name)
    return [int(part) if part.isdecimal() else part for part in parts], name


def is_passed_over(name: str) -> bool:
    """Tell whether a name is hidden (macOS' `._frame.png` too) or was left by the system."""
    return name.startswith(".") or is_nobodys(name)


def list_images(folder: Path, suffixes: frozenset[str] = IMAGE_SUFFIXES) -> tuple[Path, ...]:
    """List the image files directly in `folder` in natural order, without hidden files.

    Raises:
        DataError: `folder` is not there, a link in it leads to nothing, or two of its images differ
            in nothing but the suffix (they would claim the same label).
    """
    names: dict[str, Path] = {}
    for path in list_files(folder, suffixes):
        twin = names.setdefault(path.stem, path)
        if twin is not path:
            raise DataError(
                f"{path}: {twin.name} beside it has the same name; remove one of the two"
            )
    return tuple(names.values())


def list_files(
    folder: Path, suffixes: Iterable[str] | None = None, pattern: str = "*"
) -> tuple[Path, ...]:
    """List the files directly in `folder` in natural order, without hidden ones.

    Args:
        folder: where to look.
        suffixes: of the files, in small letters; None is any.
        pattern: that their names match, as a shell's do.

    Raises:
        DataError: `folder` is not there, or a link of such a name leads to nothing.
    """
    wanted = None if suffixes is None else frozenset(suffixes)

    def fits(path: Path) -> bool:
        named = fnmatch.fnmatchcase(path.name, pattern)
        return named and (wanted is None or path.suffix.lower() in wanted)

    return _named(folder, fits, _Kind.FILE)


def list_folders(folder: Path) -> tuple[Path, ...]:
    """List the folders directly in `folder` in natural order, without hidden ones.

    Raises:
        DataError: `folder` is not there, or a link in it that may stand for a folder leads to
            nothing.
    """

    def fits(path: Path) -> bool:
        return not path.is_symlink() or path.is_dir() or path.suffix.lower() not in _OF_FILES

    return _named(folder, fits, _Kind.FOLDER)


def is_folder(path: Path) -> bool:
    """Tell whether a folder is there.

    Raises:
        DataError: `path` is a link that leads to nothing: what it stood for is not to be lost.
    """
    if path.is_dir():
        return True
    if path.is_symlink() and not path.exists():
        raise _leads_to_nothing([path])
    return False


def walk_files(folder: Path) -> Iterator[Path]:
    """Yield the files in `folder` and below it, in natural order, without hidden ones."""
    for path, kind in _entries(folder):
        if kind is _Kind.FOLDER and not path.is_symlink():
            yield from walk_files(path)
        elif kind is _Kind.FILE:
            yield path


class _Kind(Enum):
    """What an entry of a folder is, links followed."""

    FILE = "file"
    FOLDER = "folder"
    LOST = "a link that leads to nothing"
    OTHER = "a pipe or a device"


def _named(folder: Path, fits: Callable[[Path], bool], wanted: _Kind) -> tuple[Path, ...]:
    """List the entries that fit and are of a kind; a link that leads to nothing may be of any."""
    if not folder.is_dir():
        raise DataError(
            f"{folder}: expected a folder, found {'a file' if folder.exists() else 'nothing'}"
        )
    fitting = [
        (path, kind)
        for path, kind in _entries(folder)
        if kind in (wanted, _Kind.LOST) and fits(path)
    ]
    lost = [path for path, kind in fitting if kind is _Kind.LOST]
    if lost:
        raise _leads_to_nothing(lost)
    return tuple(path for path, _ in fitting)


def _entries(folder: Path) -> list[tuple[Path, _Kind]]:
    """List what is in a folder; of all but links, the system says the kind with the name."""
    with os.scandir(folder) as entries:
        found = [
            (folder / entry.name, _kind(entry))
            for entry in entries
            if not is_passed_over(entry.name)
        ]
    return sorted(found, key=lambda item: natural_key(item[0].name))


def _kind(entry: os.DirEntry[str]) -> _Kind:
    try:
        if entry.is_dir():
            return _Kind.FOLDER
        if entry.is_file():
            return _Kind.FILE
        return _Kind.LOST if entry.is_symlink() else _Kind.OTHER
    except OSError:
        if entry.is_symlink():  # it leads in a circle
            return _Kind.LOST
        raise


def _leads_to_nothing(links: list[Path]) -> DataError:
    more = f" (and {len(links) - 1} more beside it)" if len(links) > 1 else ""
    return DataError(
        f"{links[0]}: leads to nothing, it is a link to {links[0].readlink()}{more};"
        " fetch the file or remove the link"
    )
