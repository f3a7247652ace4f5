"""Lesson 03: the non-local block.

exercises_1_sums.py    a weighted sum over all positions, in both orders of the product
exercises_2_block.py   what both orders cost, and the whole block
jumping_balls.py       the clips: balls that jump, so that nothing can be tracked
widget.py              which places a block weighs how, seen from one place of a clip
"""

from rcrlib.course.lesson import Lesson

LESSON = Lesson(
    __name__, "The non-local block: every place sees all others", minutes=55, after=("02",)
)
