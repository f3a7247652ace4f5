"""Which labels a demo keeps, and where it puts pseudo-labels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rcrlib.data import Dataset, Unit, dataset_intervals, dataset_triplets, keep_labels
from rcrlib.errors import DataError
from rcrlib.experiments import split_parts

KEEP_ONE_IN = 5
"""The demo's l where the labels allow it: the paper's main setting (Table 2, 1/5)."""


@dataclass(frozen=True)
class Plan:
    """The parts of a data set, and the label protocol."""

    train: Dataset
    """Videos to learn from, with all labels that there are."""

    test: Dataset
    """Videos to predict; the maps are judged where these have labels."""

    l: int
    m: int
    unit: Unit
    said: str
    """How the parts were chosen, in a sentence."""


def make_plan(path: Path, layout: str, l: int | None, m: int) -> Plan:
    """Split the data set at `path` and choose the label protocol that its labels allow.

    Training and validation lists of the data set are used where it has them. Else every fourth
    video is held out; of a single video, the frames whose label is not kept.

    Args:
        path: a data set or one video.
        layout: its layout, or "auto".
        l: keep one label in l; None chooses: 5 where some video keeps three labels that way, else
            1, and pseudo-labels go to frames that were never annotated.
        m: pseudo-labels per interval.

    Raises:
        DataError: no video has the three labels that a triplet needs.
        OptionError: l or m is out of range.
    """
    train, test, said = split_parts(path, layout)
    richest = max(train, key=lambda video: len(video.annotated))
    if len(richest.annotated) < 3:
        raise DataError(
            f"{path}: {richest.name} has most labels, {len(richest.annotated)}; FGPLG learns from"
            " triplets and needs a video with at least 3"
        )
    if l is None:
        enough = len(richest.annotated) > 2 * KEEP_ONE_IN
        l = KEEP_ONE_IN if enough else 1
    unit: Unit = "annotated" if l > 1 else "frames"
    dataset_intervals(train, l, m, unit)  # raises where l or m is out of range
    dataset_triplets(keep_labels(train, l))  # raises where l keeps too few labels
    return Plan(train, test, l, m, unit, said)
