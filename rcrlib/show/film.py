"""Overlay videos: mp4 files of frames with the salient object tinted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np

from rcrlib.data import Video, VideoFileFrames
from rcrlib.errors import OptionError
from rcrlib.show.pictures import overlay

FRAME_RATE = 24.0
"""Frames per second of an overlay video whose source does not say."""

Show = Callable[[np.ndarray, np.ndarray], None]
"""Takes a frame (H, W, 3) uint8 RGB and its saliency map (H, W) in [0, 1]."""


def no_film(frame: np.ndarray, saliency: np.ndarray) -> None:
    """Do nothing: stands in for `film` if no overlay video is asked for."""


@contextmanager
def film(path: Path, video: Video) -> Iterator[Show]:
    """Write an mp4 file at the video's frame rate; yield a function that appends an overlay."""
    height, width = video.size
    odd_row, odd_column = height % 2, width % 2  # the codec takes even sides; the border is doubled
    code = cv2.VideoWriter.fourcc(*"mp4v")
    size = (width + odd_column, height + odd_row)
    writer = cv2.VideoWriter(str(path), code, _frame_rate(video), size)
    if not writer.isOpened():
        raise OptionError(f"{path.name}: OpenCV cannot write mp4 files here; leave out the overlay")

    def show(frame: np.ndarray, saliency: np.ndarray) -> None:
        bgr = cv2.cvtColor(overlay(frame, saliency), cv2.COLOR_RGB2BGR)
        writer.write(cv2.copyMakeBorder(bgr, 0, odd_row, 0, odd_column, cv2.BORDER_REPLICATE))

    try:
        yield show
    finally:
        writer.release()
    if cv2.VideoCapture(str(path)).get(cv2.CAP_PROP_FRAME_COUNT) != len(video):
        # OpenCV does not say that a frame could not be written.
        raise OptionError(f"{path.name}: could not be written whole; is the disk full?")


def _frame_rate(video: Video) -> float:
    """Return the frames per second of a video file, `FRAME_RATE` for anything else."""
    if not isinstance(video.frames, VideoFileFrames):
        return FRAME_RATE
    rate = cv2.VideoCapture(str(video.frames.path)).get(cv2.CAP_PROP_FPS)
    return round(rate, 2) if 0 < rate < 1000 else FRAME_RATE
