"""Where a video's frames come from: a folder of images or a video file."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from rcrlib.data.film_file import bytes_missing, open_capture, open_upright
from rcrlib.data.listing import list_images
from rcrlib.data.masks import image_size, read_image
from rcrlib.data.mp4 import read_track
from rcrlib.errors import DataError, DataWarning


class Frames(Protocol):
    """The frames of one video, all of one size."""

    @property
    def names(self) -> tuple[str, ...]:
        """One name per frame, unique in the video; labels and predictions carry it."""

    @property
    def size(self) -> tuple[int, int]:
        """(H, W) in pixels."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> NDArray[np.uint8]:
        """Read one frame, (H, W, 3) uint8 RGB; `IndexError` where there is none."""

    def stream(self) -> Iterator[NDArray[np.uint8]]:
        """Yield all frames in order, one in memory at a time."""


@dataclass(frozen=True)
class ImageFrames:
    """Frames that are image files, in the order given.

    Raises:
        DataError: there is none; or, on reading, one is broken or of another size than the first.
    """

    paths: tuple[Path, ...]

    def __post_init__(self) -> None:
        if not self.paths:
            raise DataError("a video needs at least one frame")

    @classmethod
    def from_folder(cls, folder: Path) -> ImageFrames:
        """Take all images in `folder`, in natural order; `DataError` where there is none."""
        paths = list_images(folder)
        if not paths:
            raise DataError(f"{folder}: holds no image; expected the frames of a video")
        return cls(paths)

    @property
    def names(self) -> tuple[str, ...]:
        """The files' names without suffix."""
        return tuple(path.stem for path in self.paths)

    @cached_property
    def size(self) -> tuple[int, int]:
        """(H, W) of the first frame, which all others must have."""
        return image_size(self.paths[0])

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> NDArray[np.uint8]:
        frame = read_image(self.paths[index])
        if frame.shape[:2] != self.size:
            height, width = self.size
            raise DataError(
                f"{self.paths[index]}: is {frame.shape[1]}x{frame.shape[0]} pixels, the first frame"
                f" {self.paths[0].name} is {width}x{height}; a video's frames have one size"
            )
        return frame

    def stream(self) -> Iterator[NDArray[np.uint8]]:
        """Yield all frames in order."""
        return (self[index] for index in range(len(self)))


@dataclass(frozen=True)
class VideoFileFrames:
    """The frames of a video file, decoded by OpenCV.

    Reading forwards is as fast as decoding; reading backwards starts again at the first frame,
    because seeking in compressed video is not exact in all containers. For training on random
    frames of a long video, extract its frames to a folder first.

    Of a file that is cut off, the frames are those before the cut, and a `DataWarning` says so.

    Raises:
        DataError: the file is missing, no video, or (on reading) a frame does not decode.
    """

    path: Path
    _reader: list[_Reader] = field(default_factory=list, repr=False, compare=False)
    _times: list[float] = field(default_factory=list, repr=False, compare=False)

    def __post_init__(self) -> None:
        open_capture(self.path).release()

    def __reduce__(self) -> tuple[type, tuple[Path]]:
        """Pickle without the open file."""
        return type(self), (self.path,)

    @property
    def names(self) -> tuple[str, ...]:
        """ "00000", "00001", ..."""
        return tuple(f"{index:05d}" for index in range(len(self)))

    @cached_property
    def size(self) -> tuple[int, int]:
        """(H, W) of the first frame."""
        height, width = self[0].shape[:2]
        return height, width

    def __len__(self) -> int:
        return self._length

    @property
    def rate(self) -> float | None:
        """Frames per second by the header; None where it does not say. Films may vary in it."""
        rate = open_capture(self.path).get(cv2.CAP_PROP_FPS)
        return rate if 0 < rate < 1000 else None

    @property
    def times(self) -> tuple[float, ...] | None:
        """When each frame shows, in seconds from the first; None where the file does not say.

        They are known once `stream` has run through; before that, the film is decoded for them.
        """
        if len(self._times) != len(self):
            reader = _Reader(self.path)
            self._times[:] = [reader.skip(index) for index in range(len(self))]
        times = [time - self._times[0] for time in self._times]
        if len(times) > 2 and times[-1] <= times[-2]:  # MPEG files do not say it of the last
            times[-1] = 2 * times[-2] - times[-3]
        return tuple(times) if all(a < b for a, b in pairwise(times)) else None

    @property
    def loss(self) -> str | None:
        """What is wrong with a film of which not all frames can be decoded, in a line."""
        said = self._frames_said
        if said is None or said <= len(self):
            return None
        return (
            f"{self.path}: {len(self)} of {said} frames can be decoded, the file is damaged or cut"
            " off; fetch it again, or convert it to use these frames"
        )

    @cached_property
    def _frames_said(self) -> int | None:
        """How many frames there were to be, as far as the file can be believed in this."""
        cut_off = bytes_missing(self.path)
        track = read_track(self.path)
        if track is not None and track.shown is not None:
            # A film that was cut without encoding it anew begins with a few that do not show.
            return track.shown if cut_off or track.shown > 1.02 * len(self) + 2 else None
        # Others say how long they last, and how many frames they have only roughly.
        said = int(open_capture(self.path).get(cv2.CAP_PROP_FRAME_COUNT))
        return max(said, len(self) + 1) if cut_off else None

    @cached_property
    def _length(self) -> int:
        """The header's frame count if that frame is the last one, else a count of all frames."""
        capture = open_capture(self.path)
        said = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        if said > 0:
            capture.set(cv2.CAP_PROP_POS_FRAMES, said - 1)
            if capture.grab() and not capture.grab():
                return said
        capture = open_capture(self.path)
        count = 0
        while capture.grab():
            count += 1
        if count == 0:
            raise DataError(f"{self.path}: holds no frame that can be decoded; convert the file")
        self.__dict__["_length"] = count  # `loss` asks for it
        if self.loss is not None:
            warnings.warn(self.loss, DataWarning, stacklevel=2)
        return count

    def __getitem__(self, index: int) -> NDArray[np.uint8]:
        index = range(len(self))[index]
        if not self._reader or not self._reader[0].reaches(index):
            self._reader[:] = [_Reader(self.path)]
        return self._reader[0].read(index)

    def stream(self) -> Iterator[NDArray[np.uint8]]:
        """Yield all frames in order, by a reader of its own."""
        reader = _Reader(self.path)
        times = []
        for index in range(len(self)):
            frame = reader.read(index)
            times.append(reader.time)
            yield frame
        self._times[:] = times


class _Reader:
    """A position in an open video file that moves forwards only."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.capture, self.upright = open_upright(path)
        self.next = 0
        self.process = os.getpid()

    def reaches(self, index: int) -> bool:
        """Whether frame `index` lies ahead, in this process: after a fork, the file is reopened."""
        return self.next <= index and self.process == os.getpid()

    def read(self, index: int) -> NDArray[np.uint8]:
        """Decode up to frame `index` and return it, (H, W, 3) uint8 RGB."""
        self.skip(index)
        decoded, frame = self.capture.retrieve()
        if not decoded or frame is None:
            raise self._broken(index)
        upright = self.upright(frame.astype(np.uint8, copy=False))
        return np.ascontiguousarray(upright[..., ::-1])  # OpenCV decodes to BGR

    def skip(self, index: int) -> float:
        """Go to frame `index` without decoding it; return when it shows, in seconds."""
        while self.next <= index:
            if not self.capture.grab():
                raise self._broken(index)
            self.next += 1
        return self.time

    @property
    def time(self) -> float:
        """When the frame that was last gone to shows, in seconds."""
        return float(self.capture.get(cv2.CAP_PROP_POS_MSEC)) / 1000

    def _broken(self, index: int) -> DataError:
        return DataError(f"{self.path}: frame {index} cannot be decoded; convert the file")
