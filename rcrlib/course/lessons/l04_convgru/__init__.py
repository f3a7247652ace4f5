"""Lesson 04: the ConvGRU, Eqs. 2 and 3.

exercises_1_cell.py    gates and candidate
exercises_2_blend.py   the next state
exercises_3_clip.py    a clip in both directions
widget.py              the gates over time
"""

from rcrlib.course.lesson import Lesson

LESSON = Lesson(__name__, "ConvGRU: a memory for maps", minutes=70, after=("03",))
