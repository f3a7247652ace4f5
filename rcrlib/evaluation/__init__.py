"""Prediction folders, anyone's, against a data set: numbers, tables and pictures.

From two folders to numbers, tables and pictures:

    truth.py       the masks to compare with: a data set in any layout, or a plain folder of masks
    pairs.py       which prediction belongs to which mask; what is missing, what is too much
    evaluate.py    `evaluate_saliency` and `evaluate_segmentation`
    tables.py      as plain text, CSV, JSON, LaTeX and Markdown
    pseudo_labels.py  pseudo-labels against the labels held back
    pictures.py    curves and contact sheets of the worst frames
"""

from rcrlib.evaluation.evaluate import (
    Evaluation,
    WorstFrame,
    evaluate_saliency,
    evaluate_segmentation,
)
from rcrlib.evaluation.pairs import Pair, Pairs, find_pairs
from rcrlib.evaluation.pictures import draw_curves, worst_sheet
from rcrlib.evaluation.pseudo_labels import (
    PseudoQuality,
    TargetScore,
    judge_pseudo_labels,
    mean_quality,
    mean_quality_by_video,
    pseudo_intervals,
    pseudo_sheet,
    score_pseudo_labels,
    warped_label,
)
from rcrlib.evaluation.tables import csv_table, latex_table, markdown_table, text_table, to_json
from rcrlib.evaluation.truth import load_truth, true_mask

__all__ = [
    "Evaluation",
    "Pair",
    "Pairs",
    "PseudoQuality",
    "TargetScore",
    "WorstFrame",
    "csv_table",
    "draw_curves",
    "evaluate_saliency",
    "evaluate_segmentation",
    "find_pairs",
    "judge_pseudo_labels",
    "latex_table",
    "load_truth",
    "markdown_table",
    "mean_quality",
    "mean_quality_by_video",
    "pseudo_intervals",
    "pseudo_sheet",
    "score_pseudo_labels",
    "text_table",
    "to_json",
    "true_mask",
    "warped_label",
    "worst_sheet",
]
