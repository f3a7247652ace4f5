"""Lesson 00: all steps of the method once, from a few labels to saliency maps. No exercises."""

from rcrlib.course.lesson import Lesson

LESSON = Lesson(
    __name__, "A tour: from a few labelled frames to saliency for every video", minutes=45
)
