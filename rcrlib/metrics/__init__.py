"""Numbers that say how good a saliency map is, each under the name of the protocol that made it.

saliency.py      one frame at a time: precision and recall, F, S-measure, mean absolute error
segmentation.py  binary masks: the region similarity J (intersection over union)
protocol.py      `SaliencyMetrics`, which gathers frames of many videos into one result
inputs.py        what a prediction and a mask have to look like
"""

from rcrlib.metrics.protocol import (
    PROTOCOLS,
    SaliencyMetrics,
    SaliencyResult,
    SaliencyScores,
)
from rcrlib.metrics.saliency import (
    BETA_SQUARED,
    adaptive_f,
    f_measure,
    mae,
    precision_recall,
    s_measure,
)
from rcrlib.metrics.segmentation import iou

__all__ = [
    "BETA_SQUARED",
    "PROTOCOLS",
    "SaliencyMetrics",
    "SaliencyResult",
    "SaliencyScores",
    "adaptive_f",
    "f_measure",
    "iou",
    "mae",
    "precision_recall",
    "s_measure",
]
