"""Find a data set's content in an unpacked archive and move it into place."""

from __future__ import annotations

from pathlib import Path

from rcrlib.data.fetch.catalogue import Archive
from rcrlib.data.listing import list_folders
from rcrlib.errors import DataError

_DEPTH = 4
"""How many levels deep in an archive its content may lie."""


def find_content(archive: Archive, path: Path, raw: Path) -> Path:
    """Find the folder with an archive's content: copies nest it at different depths.

    Args:
        archive: what is looked for.
        path: the file that was unpacked, for the error.
        raw: where it was unpacked.

    Raises:
        DataError: no folder has all of it.
    """
    level = [raw]
    for _ in range(_DEPTH):
        for folder in level:
            if all(any(folder.glob(pattern)) for pattern in archive.contents):
                return folder
        level = [below for folder in level for below in list_folders(folder)]
    found = ", ".join(sorted(entry.name for entry in raw.iterdir())[:5]) or "nothing"
    raise DataError(
        f"{path}: does not hold {' and '.join(archive.contents)}, but {found};"
        f" is it {archive.name}?"
    )


def move_content(content: Path, folder: Path) -> None:
    """Move the entries of one folder into another, which may have some from another archive."""
    folder.mkdir(parents=True, exist_ok=True)
    for entry in content.iterdir():
        target = folder / entry.name
        if not target.exists():  # two archives may carry one README
            entry.rename(target)
