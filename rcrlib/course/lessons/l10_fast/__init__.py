"""Lesson 10: the same answers in less time.

exercises_1_ratio.py    how many times as fast
exercises_2_head.py     a convolution of an enlargement, without enlarging first
exercises_3_layers.py   normalisation folded away, and the ConvGRU's inputs at once
exercises_4_taps.py     how much of a dilated kernel reads anything
compare_forms.py        time, memory and differences of several forms of a computation
"""

from rcrlib.course.lesson import Lesson

LESSON = Lesson(__name__, "Making it fast, and still exact", minutes=60, after=("02", "03", "04"))
