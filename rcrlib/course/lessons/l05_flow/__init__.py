"""Lesson 05: optical flow and backward warping.

exercises_1_warp.py     sampling between pixels, and backward warping
exercises_2_labels.py   what is hidden, and the label of a frame between two others
widget.py               a label carried along a flow: interval and occlusion
"""

from rcrlib.course.lesson import Lesson

LESSON = Lesson(__name__, "Optical flow, warping and what goes wrong", minutes=60, after=("00",))
