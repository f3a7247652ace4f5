"""A video with sparse labels: the one class that every stage reads frames and labels from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from rcrlib.data.frames import Frames
from rcrlib.data.masks import read_grey, read_mask, read_void
from rcrlib.data.meaning import THRESHOLD, MaskStyle
from rcrlib.errors import DataError


@dataclass(frozen=True)
class LabelFiles:
    """The mask files of one frame; most data sets have one, SegTrack v2 has one per object.

    The label is their union: the pixelwise maximum. A pixel is void where one of them says so and
    none has an object.
    """

    paths: tuple[Path, ...]
    style: MaskStyle = "auto"

    def read(
        self, *, size: tuple[int, int] | None = None, soft: bool = False
    ) -> NDArray[np.generic]:
        """Read the label as `rcrlib.data.read_mask` does; raises what that raises."""
        masks = [read_mask(path, size=size, soft=soft, style=self.style) for path in self.paths]
        union: NDArray[np.generic] = np.maximum.reduce(masks)
        return union

    def read_grey(self, *, size: tuple[int, int] | None = None) -> NDArray[np.uint8]:
        """Read the label as `rcrlib.data.masks.read_grey` does: (H, W) uint8, not thresholded."""
        masks = [read_grey(path, size=size, style=self.style) for path in self.paths]
        union: NDArray[np.uint8] = np.maximum.reduce(masks) if len(masks) > 1 else masks[0]
        return union

    def read_void(self, *, size: tuple[int, int] | None = None) -> NDArray[np.bool_] | None:
        """Read where the label says nothing: (H, W) bool, or None (most files) for nowhere."""
        found = (read_void(path, size=size, style=self.style) for path in self.paths)
        voids = [void for void in found if void is not None]
        if not voids:
            return None
        void: NDArray[np.bool_] = np.logical_or.reduce(voids)
        if len(self.paths) > 1:
            void &= self.read_grey(size=size) < THRESHOLD
        return void if void.any() else None


@dataclass(frozen=True)
class Video:
    """A video, and labels for none, some or all of its frames.

    A video is cheap to make and to copy: frames and labels are read when they are asked for.
    Frames count from 0; a label belongs to the index of its frame, whatever its file name says.

    Attributes:
        name: unique in its data set; predictions are written under it.
        frames: the frames, all of one size.
        labels: the mask file or files of each labelled frame.
    """

    name: str
    frames: Frames
    labels: Mapping[int, LabelFiles] = field(default_factory=dict)

    def __post_init__(self) -> None:
        labels = {index: self.labels[index] for index in sorted(self.labels)}
        outside = [index for index in labels if not 0 <= index < len(self.frames)] if labels else []
        if outside:
            raise DataError(f"{self.name}: labels for the frames {outside} of {len(self.frames)}")
        object.__setattr__(self, "labels", MappingProxyType(labels))

    def __len__(self) -> int:
        return len(self.frames)

    def __reduce__(self) -> tuple[type, tuple[str, Frames, dict[int, LabelFiles]]]:
        """Pickle (for a data loader's workers) without the read-only view, which cannot be."""
        return type(self), (self.name, self.frames, dict(self.labels))

    @cached_property
    def size(self) -> tuple[int, int]:
        """(H, W) of the frames in pixels."""
        return self.frames.size

    @property
    def frame_names(self) -> tuple[str, ...]:
        """The frames' file names without suffix; "00000", "00001", ... for video files."""
        return self.frames.names

    @property
    def annotated(self) -> tuple[int, ...]:
        """Indices of the frames that have a label, ascending."""
        return tuple(self.labels)

    def frame(self, index: int) -> NDArray[np.uint8]:
        """Read one frame: (H, W, 3) uint8 RGB.

        Raises:
            DataError: it cannot be read, or is not of the video's size.
            IndexError: there is no such frame.
        """
        return self.frames[index]

    def label(self, index: int, *, soft: bool = False) -> NDArray[np.generic]:
        """Read one label: (H, W) uint8 {0, 1}, or with `soft` float32 in [0, 1]; void pixels are 0.

        Raises:
            DataError: the frame has no label, or its label cannot be read or is of another size.
        """
        return self._label_files(index).read(size=self.size, soft=soft)

    def void(self, index: int) -> NDArray[np.bool_] | None:
        """Read where a label says nothing: (H, W) bool, or None where it has no such pixel.

        These pixels are neither learned from nor scored; `rcrlib.data.meaning` says which files
        have them. Raises what `label` raises.
        """
        return self._label_files(index).read_void(size=self.size)

    def _label_files(self, index: int) -> LabelFiles:
        if index not in self.labels:
            raise DataError(
                f"{self.name}: frame {index} has no label; labelled are {len(self.labels)} of"
                f" {len(self)} frames"
            )
        return self.labels[index]

    def stream(self) -> Iterator[NDArray[np.uint8]]:
        """Yield all frames in order, one in memory at a time; raises what `frame` raises."""
        return self.frames.stream()

    def with_labels(self, labels: Mapping[int, LabelFiles]) -> Video:
        """Return the same video with these labels instead of its own."""
        return replace(self, labels=labels)
