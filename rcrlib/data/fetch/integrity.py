"""The format of an archive, and whether it can be read to its end."""

from __future__ import annotations

import lzma
import tarfile
import zipfile
import zlib
from pathlib import Path
from typing import Literal

Kind = Literal["zip", "tar", "rar"]

ARCHIVE_ERRORS = (
    zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, OSError,
    ValueError, RuntimeError, NotImplementedError, KeyError, IndexError, OverflowError,
)  # fmt: skip
"""What Python's readers raise on archives that are damaged, encrypted, or packed in a way that they
do not know."""

_CHUNK = 1 << 20
_EMPTY = "is no archive, or an empty one"


def archive_kind(path: Path) -> Kind | None:
    """Detect an archive's format from its content; None if the file is no archive."""
    with path.open("rb") as file:
        start = file.read(8)
    if start.startswith(b"Rar!\x1a\x07"):
        return "rar"
    if zipfile.is_zipfile(path):
        return "zip"
    try:
        return "tar" if tarfile.is_tarfile(path) else None
    except ARCHIVE_ERRORS:
        return None


def find_corruption(path: Path) -> str | None:
    """Return why an archive cannot be read to its end; None if it can.

    Of a .rar only the signature is checked: Python has no reader for it.
    """
    try:
        kind = archive_kind(path)
        if kind == "zip":
            with zipfile.ZipFile(path) as archive:
                if not archive.namelist():
                    return _EMPTY
                broken = archive.testzip()
            return None if broken is None else f"{broken} in it is damaged"
        if kind == "tar":
            with tarfile.open(path) as archive:
                for member in archive:
                    _read_through(archive, member)
                return None if archive.getmembers() else _EMPTY
    except ARCHIVE_ERRORS as error:
        return f"is damaged or truncated ({error})"
    if kind == "rar":
        return None
    with path.open("rb") as file:
        page = b"<html" in file.read(2048).lower()
    return "is a web page, no archive" if page else "is no archive, or is truncated"


def _read_through(archive: tarfile.TarFile, member: tarfile.TarInfo) -> None:
    content = archive.extractfile(member) if member.isreg() else None
    while content is not None and content.read(_CHUNK):
        pass
