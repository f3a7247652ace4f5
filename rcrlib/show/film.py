"""Overlay videos: mp4 files of frames with the salient object tinted."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np

from rcrlib.data import Video, VideoFileFrames, write_times
from rcrlib.errors import OptionError
from rcrlib.files import PARTIAL, c_name
from rcrlib.show.pictures import overlay

FRAME_RATE = 24.0
"""Frames per second of an overlay video whose source does not say."""

Show = Callable[[np.ndarray, np.ndarray], None]
"""Takes a frame (H, W, 3) uint8 RGB and its saliency map (H, W) in [0, 1]."""


def no_film(frame: np.ndarray, saliency: np.ndarray) -> None:
    """Do nothing: stands in for `film` if no overlay video is asked for."""


@contextmanager
def film(path: Path, video: Video) -> Iterator[Show]:
    """Write an mp4 file; yield a function that appends an overlay.

    Each frame shows when it does in the video file; frames that are image files follow each other
    at `FRAME_RATE`.

    Raises:
        OptionError: OpenCV cannot write mp4 files here, or could not write all frames.
        OSError: `path` cannot be written.
    """
    rate = _frame_rate(video)
    height, width = video.size
    odd_row, odd_column = height % 2, width % 2  # the codec takes even sides; the border is doubled
    code = cv2.VideoWriter.fourcc(*"mp4v")
    size = (width + odd_column, height + odd_row)
    with _named_for_writer(path) as (temporary, name):
        writer = cv2.VideoWriter(name, code, rate, size)
        if not writer.isOpened():
            raise OptionError(
                f"{path.name}: OpenCV cannot write mp4 files here; leave out the overlay"
            )

        def show(frame: np.ndarray, saliency: np.ndarray) -> None:
            bgr = cv2.cvtColor(overlay(frame, saliency), cv2.COLOR_RGB2BGR)
            writer.write(cv2.copyMakeBorder(bgr, 0, odd_row, 0, odd_column, cv2.BORDER_REPLICATE))

        try:
            yield show
        finally:
            writer.release()
        if cv2.VideoCapture(name).get(cv2.CAP_PROP_FRAME_COUNT) != len(video):
            # OpenCV does not say that a frame could not be written.
            raise OptionError(f"{path.name}: could not be written whole; is the disk full?")
        _keep_times(temporary, video, rate)


@contextmanager
def _named_for_writer(path: Path) -> Iterator[tuple[Path, str]]:
    """Yield a temporary file beside `path` and OpenCV's name for it; it becomes `path` at the end.

    OpenCV ends the process over a name that is not UTF-8.
    """
    handle, made = tempfile.mkstemp(prefix=f"{PARTIAL}film-", suffix=".mp4", dir=path.parent)
    os.close(handle)
    temporary = Path(made)
    try:
        with c_name(temporary.parent) as folder:
            yield temporary, f"{folder}/{temporary.name}"
        temporary.chmod(0o644)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _frame_rate(video: Video) -> float:
    """Return the frames per second of a video file, `FRAME_RATE` for anything else."""
    rate = video.frames.rate if isinstance(video.frames, VideoFileFrames) else None
    return FRAME_RATE if rate is None else round(rate, 2)


def _keep_times(path: Path, video: Video, rate: float) -> None:
    """Let frames show when they do in the source, where that is not what its rate says."""
    times = video.frames.times if isinstance(video.frames, VideoFileFrames) else None
    if times is not None and any(
        abs(time * rate - index) > 0.5 for index, time in enumerate(times)
    ):
        write_times(path, times)
