"""Lesson 07: training on labels and pseudo-labels.

exercises_1_protocol.py       which labels are kept, and where pseudo-labels go
exercises_2_loss.py           labels and pseudo-labels in one clip
exercises_3_errors.py         whose errors a student network makes
pixel_networks.py             the student networks: small ones, which judge pixels, trained at once
changing_light.py             videos whose light swings, and pseudo-labels for them
widget_label_budget.py        how many labels, where, and what pseudo-labels between are worth
widget_light.py               how much changes between two labels, and what pseudo-labels gain
stored_knob.py                the same knob, turned for RCRNet+NER in a stored experiment
widget_confirmation_bias.py   two noisy teachers, equally wrong, and what students learn
chart_with_pictures.py        how the widgets draw: pictures beside a chart
"""

from rcrlib.course.lesson import Lesson

LESSON = Lesson(__name__, "Learning from labels and pseudo-labels", minutes=70, after=("04", "06"))
