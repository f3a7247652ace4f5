"""Lesson 02: RCRNet, sizes and receptive fields first, then its parts.

exercises_1_sizes.py     sizes, receptive fields and parameters, by hand
exercises_2_decoder.py   a dilated convolution, a residual skip, a refinement block
widget.py                what a stack of dilated convolutions reads of a map
"""

from rcrlib.course.lesson import Lesson

LESSON = Lesson(__name__, "Encoder and decoder: RCRNet", minutes=70, after=("01",))
