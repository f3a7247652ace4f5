"""Lesson 08: ablations, seeds and intervals.

exercises_1_seeds.py     numbers over seeds, and differences of two rows
exercises_2_choices.py   whole videos drawn again, and the best of many seeds
pixel_ablation.py        a small ablation to run: networks which judge single pixels
stored_tables.py         what the stored results of the paper's tables say
"""

from rcrlib.course.lesson import Lesson

LESSON = Lesson(__name__, "Ablations and honest statistics", minutes=65, after=("01", "07"))
