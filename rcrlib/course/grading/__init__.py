"""Grading: a submitted notebook runs in a process of its own, and only values come back from it.

    values.py    answers as plain text: nothing that the other side could run
    guard.py     what the submission's process may not do
    child.py     the submission's process: runs cells, calls functions, sends what they give
    process.py   its other end: limits on time and memory, and a function that is called over there
    grade.py     `grade`: from a folder of notebooks to a CSV and a page for each student

The checks themselves run here, with the course's own code and other seeds: a notebook that patches
the library, or writes PASSED wherever it can, changes nothing but its own process.
"""

from rcrlib.course.grading.grade import Grade, Limits, grade

__all__ = ["Grade", "Limits", "grade"]
