"""Pictures beside a chart, drawn fast: for widgets, which draw again at every change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import cv2

from rcrlib.show import Picture, render_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

GAP = 8
"""Pixels between two pictures, and between one and its name."""


def with_pictures(
    figure: Figure, pictures: Mapping[str, Picture], left: int, top: int, side: int
) -> Picture:
    """Draw a figure, and on it a row of square pictures, each with its name above it.

    Axes for pictures, and a layout that is worked out, would take matplotlib three times as long.

    Args:
        figure: with its axes at fixed places.
        pictures: name -> picture, from left to right.
        left: of the first picture, in pixels from the left.
        top: of all of them, in pixels from the top.
        side: of each, in pixels.
    """
    lefts = [left + n * (side + GAP) for n in range(len(pictures))]
    width, height = figure.bbox.size
    for name, x in zip(pictures, lefts, strict=True):
        place = (x + side / 2) / width, 1 - (top - GAP) / height
        figure.text(*place, name, size=9, ha="center", va="baseline")
    paper = render_figure(figure)
    for picture, x in zip(pictures.values(), lefts, strict=True):
        method = cv2.INTER_AREA if picture.shape[0] > side else cv2.INTER_NEAREST
        paper[top : top + side, x : x + side] = cv2.resize(
            picture, (side, side), interpolation=method
        )
    return paper
