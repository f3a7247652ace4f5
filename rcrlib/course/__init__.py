"""What the notebooks need beyond the library: set-up, checks, pictures, widgets.

session.py    `setup`, and `halve_batch` for when the memory is full
exercise.py   what an exercise is; exercises/ holds all of them, a module for each notebook
checking.py   `check`, `use` and `replay`; comparing.py and result.py are their words
figures.py    `picture` and `sheet`: with alt text
widgets/      what a reader can turn
lessons.py    the lessons, their order and length
building/     from notebooks/source to the three versions of every notebook
grading/      submitted notebooks, each in a process of its own
"""

from rcrlib.course.checking import check, replay, use
from rcrlib.course.figures import heat, picture, sheet
from rcrlib.course.session import Session, halve_batch, one_thread, setup

__all__ = [
    "Session",
    "check",
    "halve_batch",
    "heat",
    "one_thread",
    "picture",
    "replay",
    "setup",
    "sheet",
    "use",
]
