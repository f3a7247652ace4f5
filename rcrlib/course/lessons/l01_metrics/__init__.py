"""Lesson 01: precision, recall, F, MAE and S.

exercises_1_curve.py   precision and recall over thresholds, and F
exercises_2_set.py     max F of many frames, and the object term of S
widget.py              the three numbers at a threshold that the reader chooses
"""

from rcrlib.course.lesson import Lesson

LESSON = Lesson(__name__, "What is salient, and how is it measured?", minutes=60, after=("00",))
