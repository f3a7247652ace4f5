"""What people write: a lesson's cells in py:percent, with tags that say what each is for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from rcrlib.errors import DataError

TAGS = {"objectives", "setup", "exercise", "result", "slide", "instructor"}
"""What a cell can be.

`objectives` gets the lesson's facts; `setup` becomes the set-up cell; `exercise` holds one with its
check; the first picture of `result` is shown at the notebook's head; `slide` goes on a slide;
`instructor` is left out for students and in solutions.
"""

KNOWN = {"tags", "minutes", "lines_to_next_cell"}
"""Settings of a cell; the last one is jupytext's own remark."""


@dataclass(frozen=True)
class Cell:
    """A cell as it was written."""

    kind: str
    """"markdown" or "code"."""

    text: str
    tags: frozenset[str] = frozenset()
    minutes: int = 0
    """For what begins at this cell, exercises not counted; for the lesson plan."""

    @property
    def is_code(self) -> bool:
        """Tell whether it runs."""
        return self.kind == "code"


def read_source(path: Path) -> tuple[Cell, ...]:
    """Read a source's cells.

    Raises:
        DataError: it is not there, or a cell has a tag or a setting that means nothing.
    """
    import jupytext

    if not path.is_file():
        raise DataError(f"{path}: not there; a lesson's source is notebooks/source/NN_topic.py")
    cells = []
    for number, cell in enumerate(jupytext.read(path, fmt="py:percent").cells, start=1):
        tags, minutes = frozenset(cell.metadata.get("tags", ())), cell.metadata.get("minutes", 0)
        unknown = (tags - TAGS) | (set(cell.metadata) - KNOWN)
        if unknown or not isinstance(minutes, int):
            raise DataError(
                f"{path}: cell {number} has {', '.join(sorted(unknown)) or minutes!r}; a cell has"
                f" minutes=N and tags out of {', '.join(sorted(TAGS))}"
            )
        cells.append(Cell(cell.cell_type, cell.source, tags, minutes))
    return tuple(cells)


def title(cell: Cell) -> str:
    """Return a markdown cell's first heading, or ""."""
    found = re.search(r"^#+ (.+)$", cell.text, re.MULTILINE)
    return found[1] if found and not cell.is_code else ""
