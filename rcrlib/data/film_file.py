"""Opening a film: names that C libraries do not take, mirrored films, films that are cut off."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from rcrlib.data.mp4 import bytes_said, read_track
from rcrlib.errors import DataError
from rcrlib.files import c_name

Upright = Callable[[NDArray[np.uint8]], NDArray[np.uint8]]
"""Turns a decoded frame (H, W, 3) as the film's header says."""


def open_capture(path: Path) -> cv2.VideoCapture:
    """Open a film for decoding.

    Raises:
        DataError: it is not there, or is no film that OpenCV can decode.
    """
    if not path.is_file():
        raise DataError(f"{path}: not there; expected a video file")
    try:
        with c_name(path) as name:
            capture = cv2.VideoCapture(name)
    except OSError as error:
        raise DataError(f"{path}: cannot be opened ({error.strerror}); rename the file") from error
    if not capture.isOpened():
        raise DataError(f"{path}: cannot be opened as a video; convert the file or give its frames")
    return capture


def open_upright(path: Path) -> tuple[cv2.VideoCapture, Upright]:
    """Open a film, and return how its frames are turned after decoding.

    OpenCV turns films that were taken sideways; of a mirrored film it sees a turn only.

    Raises:
        DataError: as `open_capture`.
    """
    capture = open_capture(path)
    track = read_track(path)
    if track is None:
        return capture, _as_it_is
    (a, b), (c, d) = track.matrix
    if a * d - b * c >= 0:
        return capture, _as_it_is
    capture.set(cv2.CAP_PROP_ORIENTATION_AUTO, 0)
    return capture, _mirror(np.array([[a, b], [c, d]]))


def bytes_missing(path: Path) -> bool:
    """Tell whether a film's file ends before it says that it does: a download that broke off.

    MP4 and QuickTime, AVI and Matroska (WebM) say it; of others, False.
    """
    said = bytes_said(path)
    if said is None:
        with path.open("rb") as file:
            head = file.read(256)
        said = _riff_bytes(head) or _matroska_bytes(head)
    return said is not None and said > path.stat().st_size


def _as_it_is(frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return frame


def _mirror(matrix: NDArray[np.float64]) -> Upright:
    """Return what a matrix of mirroring and quarter turns does to a frame."""
    (a, b), (c, d) = matrix
    swapped = abs(a) + abs(d) < abs(b) + abs(c)  # x and y change places
    left, up = (c < 0, b < 0) if swapped else (a < 0, d < 0)

    def turn(frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
        turned = frame.swapaxes(0, 1) if swapped else frame
        return turned[:: -1 if up else 1, :: -1 if left else 1]

    return turn


def _riff_bytes(head: bytes) -> int | None:
    """Return the length of an AVI file by its own first bytes."""
    if len(head) < 12 or head[:4] != b"RIFF" or head[8:11] != b"AVI":
        return None
    (size,) = struct.unpack_from("<I", head, 4)
    return size + 8 if size else None


def _matroska_bytes(head: bytes) -> int | None:
    """Return the length of a Matroska file by its own first bytes; live recordings do not say."""
    if head[:4] != b"\x1a\x45\xdf\xa3":
        return None
    try:
        size, at = _matroska_size(head, 4)
        start = at + (size or 0)
        if head[start : start + 4] != b"\x18\x53\x80\x67":  # the segment, which holds all else
            return None
        size, at = _matroska_size(head, start + 4)
    except IndexError:
        return None
    return None if size is None else at + size


def _matroska_size(data: bytes, at: int) -> tuple[int | None, int]:
    """Read a number of EBML: the leading zeros of its first byte are its length in bytes - 1."""
    length = 9 - data[at].bit_length()
    if length > 8 or at + length > len(data):
        raise IndexError
    value = int.from_bytes(data[at : at + length], "big") & ((1 << 7 * length) - 1)
    return (None if value == (1 << 7 * length) - 1 else value), at + length
