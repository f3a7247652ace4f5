"""All exercises of the course: modules `exercises*.py` of the lessons, each with its `EXERCISES`.

A module is found by its name; there is no list to keep. A lesson may have several, for modules
stay short: `exercises_1_part.py`, `exercises_2_part.py`, in this order.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import lru_cache
from types import ModuleType

from rcrlib.course.exercise import Exercise
from rcrlib.course.lessons import LESSONS
from rcrlib.errors import OptionError


@lru_cache(maxsize=1)
def all_exercises() -> dict[str, Exercise]:
    """Return every exercise by its name, in the order of the course."""
    modules = [module for lesson in LESSONS for module in _modules(lesson.package)]
    every = [exercise for module in modules for exercise in module.EXERCISES]
    by_name = {exercise.name: exercise for exercise in every}
    if len(by_name) < len(every):
        names = [exercise.name for exercise in every]
        raise ValueError(f"two exercises share a name: {sorted(names)}")
    return by_name


def _modules(package: str) -> list[ModuleType]:
    """Import the modules of exercises of a lesson's package, in the order of their names."""
    found = pkgutil.iter_modules(importlib.import_module(package).__path__)
    names = sorted(module.name for module in found if module.name.startswith("exercises"))
    return [importlib.import_module(f"{package}.{name}") for name in names]


def exercises_of(notebook: str) -> tuple[Exercise, ...]:
    """Return the exercises of a notebook, such as "04_convgru", in their order."""
    return tuple(one for one in all_exercises().values() if one.notebook == notebook)


def find(name: str) -> Exercise:
    """Return an exercise by the name of its function.

    Raises:
        OptionError: there is none of that name.
    """
    exercises = all_exercises()
    if name not in exercises:
        raise OptionError(
            f"{name!r} is no exercise of the course; keep the name of the function, one of"
            f" {', '.join(exercises)}"
        )
    return exercises[name]
