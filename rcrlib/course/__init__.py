"""What the notebooks need beyond the library: set-up, checks, pictures, widgets.

session.py           `setup`, and `halve_batch` for when the memory is full
lesson.py            what a lesson says of itself
lessons/             a folder for each lesson, with all that it alone needs
exercise.py          what an exercise is
exercises.py         finds the exercises of all lessons
checking.py          `check`, `use` and `replay`
compare_answers.py   where an answer differs from the right one, in words
result.py            what a check says, as text and as HTML
figures.py           `picture` and `sheet`: with alt text
profiling.py         time and largest tensor of a computation
widgets/             what every widget is, and those that several lessons show
building/            from notebooks/source to the three versions of every notebook
grading/             submitted notebooks, each in a process of its own
"""

from rcrlib.course.checking import check, replay, use
from rcrlib.course.figures import heat, picture, sheet
from rcrlib.course.profiling import largest_tensor, seconds
from rcrlib.course.session import Session, halve_batch, one_thread, setup

__all__ = [
    "Session",
    "check",
    "halve_batch",
    "heat",
    "largest_tensor",
    "one_thread",
    "picture",
    "replay",
    "seconds",
    "setup",
    "sheet",
    "use",
]
