"""Names of videos, frames and splits, compared as people see them.

macOS and some archives write an accented letter as two characters, other systems as one; a list
made in Notepad begins with a byte order mark, one made in PowerShell is UTF-16. None of it is seen
on a screen, so none of it makes two names differ.
"""

from __future__ import annotations

import codecs
import os
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Generic, TypeVar

from rcrlib.errors import DataError

Value = TypeVar("Value")

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins as UTF-16's mark does, so it is looked for first
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""Byte order marks, and the encodings that they stand for."""


def name_key(name: str) -> str:
    """Return a name in Unicode's composed form (NFC): equal for names that look equal."""
    return unicodedata.normalize("NFC", name)


class NameTable(Generic[Value]):
    """What belongs to each of some names; looked up as people see names.

    The very name comes first: a folder may hold two that look alike. Blanks around a name count
    only where the table has such a name: lists of names often carry some.
    """

    def __init__(self, items: Mapping[str, Value]) -> None:
        self._items = items
        self._by_key: dict[str, str] = {}
        for name in items:
            self._by_key.setdefault(name_key(name), name)

    def find(self, name: str) -> str | None:
        """Return the table's own spelling of a name; None where it has no such name."""
        if name in self._items:
            return name
        for spelling in (name, name.strip()):
            found = self._by_key.get(name_key(spelling))
            if found is not None:
                return found
        return None

    def get(self, name: str) -> Value | None:
        """Return what belongs to a name; None where the table has no such name."""
        found = self.find(name)
        return None if found is None else self._items[found]


def table_of(names: Iterable[str]) -> NameTable[str]:
    """Return a table of names that stand for themselves."""
    return NameTable({name: name for name in names})


def folder_name(path: str | Path) -> str:
    """Return the last name of a path, also of "." and ".."; a link keeps its own name."""
    return Path(os.path.abspath(path)).name  # noqa: PTH100 - resolve() would follow the link


def read_text(path: Path) -> str:
    """Read a text file: UTF-8, or as its byte order mark says; lines end in a line feed.

    Raises:
        DataError: it is neither.
    """
    data = path.read_bytes()
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeError as error:
        raise DataError(f"{path}: is no text ({error}); save it as UTF-8") from error
    return text.replace("\r\n", "\n").replace("\r", "\n")
