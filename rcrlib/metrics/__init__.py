"""Numbers that say how good a saliency map is, each with the protocol that made it.

From one frame's measures to a data set's result:

    inputs.py        what a prediction and a mask have to look like
    saliency.py      of one frame, as the equations read: precision and recall, F, MAE
    structure.py     ... S-measure
    alignment.py     ... E-measure
    weighted.py      ... weighted F
    size_invariant.py  MAE and F by which every object counts the same
    temporal.py      how stable maps are over time
    counts.py        histograms of a frame
    frame.py         the same measures from these, fast
    sums.py          sums over the frames of a video
    protocol.py      which frames count, what is averaged: named protocols, and any other
    accumulate.py    `SaliencyMetrics`: from frames to a result
    segmentation.py  J and F of binary masks
    segmentation_metrics.py  `SegmentationMetrics`: from frames to a result
    torchmetrics.py  both for torchmetrics, Lightning and Fabric; imported only where asked for
"""

from rcrlib.metrics.accumulate import SaliencyMetrics, SaliencyResult, SaliencyScores
from rcrlib.metrics.alignment import adaptive_e, e_measure
from rcrlib.metrics.protocol import (
    CHOICES,
    PROTOCOLS,
    SEGMENTATION_PROTOCOLS,
    SaliencyProtocol,
    SegmentationProtocol,
    get_protocol,
    get_segmentation_protocol,
)
from rcrlib.metrics.saliency import (
    BETA_SQUARED,
    adaptive_f,
    f_measure,
    mae,
    precision_recall,
    stretch,
)
from rcrlib.metrics.segmentation import boundary_f, iou
from rcrlib.metrics.segmentation_metrics import (
    SegmentationMetrics,
    SegmentationResult,
    SegmentationScores,
)
from rcrlib.metrics.size_invariant import object_boxes, si_f_measure, si_mae
from rcrlib.metrics.structure import s_measure, s_object, s_region
from rcrlib.metrics.temporal import warping_error
from rcrlib.metrics.weighted import weighted_f

__all__ = [
    "BETA_SQUARED",
    "CHOICES",
    "PROTOCOLS",
    "SEGMENTATION_PROTOCOLS",
    "SaliencyMetrics",
    "SaliencyProtocol",
    "SaliencyResult",
    "SaliencyScores",
    "SegmentationMetrics",
    "SegmentationProtocol",
    "SegmentationResult",
    "SegmentationScores",
    "adaptive_e",
    "adaptive_f",
    "boundary_f",
    "e_measure",
    "f_measure",
    "get_protocol",
    "get_segmentation_protocol",
    "iou",
    "mae",
    "object_boxes",
    "precision_recall",
    "s_measure",
    "s_object",
    "s_region",
    "si_f_measure",
    "si_mae",
    "stretch",
    "warping_error",
    "weighted_f",
]
