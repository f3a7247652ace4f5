"""Where a video's frames come from: a folder of images or a video file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from rcrlib.data.listing import list_images
from rcrlib.data.masks import image_size, read_image
from rcrlib.errors import DataError


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

    Raises:
        DataError: the file is missing, no video, or (on reading) breaks off.
    """

    path: Path
    _reader: list[_Reader] = field(default_factory=list, repr=False, compare=False)

    def __post_init__(self) -> None:
        _open_capture(self.path).release()

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

    @cached_property
    def _length(self) -> int:
        """The header's frame count if that frame is the last one, else a count of all frames."""
        capture = _open_capture(self.path)
        said = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        if said > 0:
            capture.set(cv2.CAP_PROP_POS_FRAMES, said - 1)
            if capture.grab() and not capture.grab():
                return said
        capture = _open_capture(self.path)
        count = 0
        while capture.grab():
            count += 1
        if count == 0:
            raise DataError(f"{self.path}: holds no frame that can be decoded; convert the file")
        return count

    def __getitem__(self, index: int) -> NDArray[np.uint8]:
        index = range(len(self))[index]
        if not self._reader or not self._reader[0].reaches(index):
            self._reader[:] = [_Reader(self.path)]
        return self._reader[0].read(index)

    def stream(self) -> Iterator[NDArray[np.uint8]]:
        """Yield all frames in order, by a reader of its own."""
        reader = _Reader(self.path)
        return (reader.read(index) for index in range(len(self)))


class _Reader:
    """A position in an open video file that moves forwards only."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.capture = _open_capture(path)
        self.next = 0
        self.process = os.getpid()

    def reaches(self, index: int) -> bool:
        """Whether frame `index` lies ahead, in this process: after a fork, the file is reopened."""
        return self.next <= index and self.process == os.getpid()

    def read(self, index: int) -> NDArray[np.uint8]:
        """Decode up to frame `index` and return it, (H, W, 3) uint8 RGB."""
        grabbed = True
        while grabbed and self.next <= index:
            grabbed = self.capture.grab()
            self.next += 1
        decoded, frame = self.capture.retrieve() if grabbed else (False, None)
        if not decoded or frame is None:
            raise DataError(f"{self.path}: frame {index} cannot be decoded; convert the file")
        return np.ascontiguousarray(frame[..., ::-1], dtype=np.uint8)  # OpenCV decodes to BGR


def _open_capture(path: Path) -> cv2.VideoCapture:
    if not path.is_file():
        raise DataError(f"{path}: not there; expected a video file")
    capture = cv2.VideoCapture(str(path))
    if not capture.isOpened():
        raise DataError(f"{path}: cannot be opened as a video; convert the file or give its frames")
    return capture
