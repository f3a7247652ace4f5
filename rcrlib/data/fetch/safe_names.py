"""Which names in an archive are safe to write, and how many bytes it may unpack to."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from rcrlib.errors import DataError

MAX_ENTRIES = 1_000_000
MAX_GROWTH = 30
"""Largest ratio of unpacked to packed size. Images are about 1, zip bombs 1000 and more."""
ALWAYS_ALLOWED = 256_000_000

_DRIVE = re.compile(r"^[A-Za-z]:")
_JUNK = frozenset({"__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini"})


def safe_name(archive: Path, name: str) -> PurePosixPath | None:
    """Return the path to write an entry to; None for operating systems' files (.DS_Store, ...).

    Raises:
        DataError: the name is absolute, leads out of the folder, or is no name.
    """
    path = PurePosixPath(name.replace("\\", "/"))
    strange = not name.strip() or any(ord(character) < 32 for character in name)
    if strange or path.is_absolute() or _DRIVE.match(name) or ".." in path.parts:
        raise unsafe_archive(archive, f"{name!r} in it would be written outside of its folder")
    if _JUNK.intersection(path.parts) or path.name.startswith("._"):
        return None
    return path if path.parts else None


def unsafe_archive(archive: Path, why: str) -> DataError:
    """Return the error for an archive that is not safe to unpack."""
    return DataError(f"{archive}: {why}; nothing was unpacked, get the archive from its authors")


def check_names(archive: Path, files: Iterable[PurePosixPath]) -> None:
    """Raise `DataError` where two files have one name, or a file is in another one's way."""
    seen: set[PurePosixPath] = set()
    for path in files:
        if path in seen:
            raise unsafe_archive(archive, f"two files in it are called {path}")
        seen.add(path)
        if len(seen) > MAX_ENTRIES:
            raise unsafe_archive(archive, f"it holds more than {MAX_ENTRIES} files")
    for path in seen:
        for parent in path.parents:
            if parent in seen:
                raise unsafe_archive(archive, f"{parent} in it is both a file and a folder")


def check_growth(archive: Path, unpacked: int) -> None:
    """Raise `DataError` where an archive would become absurdly larger than it is."""
    if unpacked > max_unpacked_size(archive):
        packed = archive.stat().st_size
        raise unsafe_archive(archive, f"its {packed} bytes would become {unpacked} or more, a bomb")


def max_unpacked_size(archive: Path) -> int:
    """Return how many bytes an archive may unpack to."""
    return max(ALWAYS_ALLOWED, MAX_GROWTH * archive.stat().st_size)
