"""From `notebooks/source/NN_topic.py` to three notebooks: student, solution, instructor.

source.py      what people write: cells in py:percent, with tags
exercises.py   stubs, boxes, hints and known mistakes around an exercise's cell
head.py        badge, facts and the set-up cell
nbgrader.py    what nbgrader asks of its own form of a lesson
compose.py     the versions, from a source and the outputs of its last run
execution.py   running a solution under RCR_STRICT=1, with its time and peak memory
readme.py      the table of lessons in README.md
slides.py      an instructor's notebook as slides
build.py       `build`, `publish`, `export`: reads, runs where needed, writes what has changed
"""

from rcrlib.course.building.build import Built, build, export, publish, stems
from rcrlib.course.building.compose import VERSIONS, Version, compose, place
from rcrlib.course.building.head import Address
from rcrlib.course.building.slides import make_slides

__all__ = [
    "VERSIONS",
    "Address",
    "Built",
    "Version",
    "build",
    "compose",
    "export",
    "make_slides",
    "place",
    "publish",
    "stems",
]
