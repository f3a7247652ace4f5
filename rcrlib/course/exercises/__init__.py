"""All exercises of the course: modules `nNN_topic.py`, each with its `EXERCISES`.

A module is found by its name; there is no list to keep. A notebook may have several, for modules
stay short: `nNN_topic_1_part.py`, `nNN_topic_2_part.py`, in this order.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import lru_cache

from rcrlib.course.exercise import Exercise
from rcrlib.errors import OptionError


@lru_cache(maxsize=1)
def all_exercises() -> dict[str, Exercise]:
    """Give every exercise by its name, in the order of the course."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    modules = [importlib.import_module(f"{__name__}.{name}") for name in names]
    every = [exercise for module in modules for exercise in module.EXERCISES]
    by_name = {exercise.name: exercise for exercise in every}
    if len(by_name) < len(every):
        names = [exercise.name for exercise in every]
        raise ValueError(f"two exercises share a name: {sorted(names)}")
    return by_name


def exercises_of(notebook: str) -> tuple[Exercise, ...]:
    """Give the exercises of a notebook, such as "04_convgru", in their order."""
    return tuple(one for one in all_exercises().values() if one.notebook == notebook)


def find(name: str) -> Exercise:
    """Give an exercise by the name of its function.

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
