"""The lessons of the course: a package `lNN_topic` for each, with all that it alone needs.

- `__init__.py`: `LESSON`, its title, minutes, and the lessons that it builds on
- `exercises*.py`: its exercises; in several files, numbered in their order, where one gets long
- `widget*.py`: what a reader can turn
- `measured.json`: what running the solution took; `rcr course build` writes it
- others: the lesson's data, networks and helpers

The packages are found by their names, and the names decide the order: there is no list to keep.
Each `__init__.py` imports nothing but `Lesson`, so that asking for a title loads no networks.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
from pathlib import Path

from rcrlib.course.lesson import Lesson, Measured
from rcrlib.errors import OptionError

__all__ = ["LESSONS", "import_all", "lesson", "measured", "measured_file"]

FOLDER = Path(__file__).parent


def _find_lessons() -> tuple[Lesson, ...]:
    """Import the packages lNN_topic in their order and return what each says of itself."""
    names = [one.name for one in pkgutil.iter_modules(__path__) if re.match(r"l\d\d_", one.name)]
    return tuple(importlib.import_module(f"{__name__}.{name}").LESSON for name in sorted(names))


LESSONS = _find_lessons()


def lesson(stem: str) -> Lesson:
    """Return a lesson by the stem of its files or by its number.

    Raises:
        OptionError: there is none.
    """
    for one in LESSONS:
        if stem in (one.stem, one.number):
            return one
    known = ", ".join(one.stem for one in LESSONS)
    raise OptionError(f"lesson {stem!r}: unknown; use one of {known}")


def measured_file(stem: str) -> Path:
    """Return the file of a lesson's measured time and memory."""
    return FOLDER / f"l{stem}" / "measured.json"


def measured(stem: str) -> Measured | None:
    """Return what was measured when a solution was last run; None before its first run."""
    file = measured_file(stem)
    if not file.exists():
        return None
    return Measured(**json.loads(file.read_text(encoding="utf-8")))


def import_all() -> None:
    """Import every module of every lesson, so that nothing of them is left to import later."""
    for module in pkgutil.walk_packages(__path__, f"{__name__}."):
        importlib.import_module(module.name)
