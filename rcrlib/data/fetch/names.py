"""Which names in an archive are safe to write, and how much it may become."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from rcrlib.errors import DataError

ENTRIES_AT_MOST = 1_000_000
GROWTH_AT_MOST = 30
"""Images hardly shrink when they are packed; bombs grow a thousandfold."""
ALWAYS_FINE = 256_000_000

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
        raise refused(archive, f"{name!r} in it would be written outside of its folder")
    if _JUNK.intersection(path.parts) or path.name.startswith("._"):
        return None
    return path if path.parts else None


def refused(archive: Path, why: str) -> DataError:
    """Return the error for an archive that is not safe to unpack."""
    return DataError(f"{archive}: {why}; nothing was unpacked, get the archive from its authors")


def check_names(archive: Path, files: Iterable[PurePosixPath]) -> None:
    """Raise `DataError` where two files have one name, or a file is in another one's way."""
    seen: set[PurePosixPath] = set()
    for path in files:
        if path in seen:
            raise refused(archive, f"two files in it are called {path}")
        seen.add(path)
        if len(seen) > ENTRIES_AT_MOST:
            raise refused(archive, f"it holds more than {ENTRIES_AT_MOST} files")
    for path in seen:
        for parent in path.parents:
            if parent in seen:
                raise refused(archive, f"{parent} in it is both a file and a folder")


def check_growth(archive: Path, unpacked: int) -> None:
    """Raise `DataError` where an archive would become absurdly larger than it is."""
    if unpacked > growth_limit(archive):
        packed = archive.stat().st_size
        raise refused(archive, f"its {packed} bytes would become {unpacked} or more, a bomb")


def growth_limit(archive: Path) -> int:
    """Return how many bytes an archive may unpack to."""
    return max(ALWAYS_FINE, GROWTH_AT_MOST * archive.stat().st_size)
