"""Lesson 06: FGPLG and its seven channels.

exercises_1_channels.py   lengths of the flows, and the seven channels
exercises_2_learning.py   what FGPLG learns from, and where it begins
exercises_3_judge.py      how a pseudo-label is judged beside the labels it was made from
synthetic_triplets.py     the frames i, k and j, with labels and flows
small_unet.py             a network in FGPLG's place that learns in seconds
widget.py                 FGPLG's inputs switched on and off
"""

from rcrlib.course.lesson import Lesson

LESSON = Lesson(
    __name__, "FGPLG: seven channels, and what each one buys", minutes=60, after=("02", "05")
)
