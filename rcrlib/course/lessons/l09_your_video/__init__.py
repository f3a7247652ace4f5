"""Lesson 09: the method on a video of the reader's.

exercises.py     what GrabCut starts from, and a score that needs no labels
grabcut.py       labels from boxes, strokes and GrabCut
input_video.py   the video to label, cut to what can be tried in a minute
widget.py        labelling a frame
"""

from rcrlib.course.lesson import Lesson

LESSON = Lesson(__name__, "Your own video", minutes=60, after=("00",))
