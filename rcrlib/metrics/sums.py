"""Sums over the frames of a video, of which the first and the last can be left out again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray


@dataclass(frozen=True)
class Sums:
    """How many frames, and the sum of each of their measures (a number or a curve)."""

    frames: int = 0
    measures: dict[str, NDArray[np.float64]] = field(default_factory=dict)

    def __add__(self, other: Sums) -> Sums:
        if not self.frames or not other.frames:
            return self if self.frames else other
        added = {name: value + other.measures[name] for name, value in self.measures.items()}
        return Sums(self.frames + other.frames, added)

    def state_dict(self) -> dict[str, Any]:
        """Return both fields, measures as tensors."""
        measures = {name: torch.tensor(value) for name, value in self.measures.items()}
        return {"frames": self.frames, "measures": measures}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Sums:
        """Return what `state_dict` was taken of."""
        measures = {name: value.cpu().numpy() for name, value in state["measures"].items()}
        return cls(state["frames"], measures)

    def mean(self) -> dict[str, NDArray[np.float64]]:
        """Return the mean of each measure."""
        return {name: value / self.frames for name, value in self.measures.items()}


def total(parts: Iterable[Sums]) -> Sums:
    """Add up, in order."""
    return sum(parts, Sums())


@dataclass
class VideoSums:
    """The sums of a video; its memory does not grow with the frames.

    The first and the last frame, by their number, are kept separately, whatever the order in which
    frames come.
    """

    inner: Sums = field(default_factory=Sums)
    ends: tuple[tuple[int, Sums], ...] = ()
    """Number and measures of the first and the last frame; one, or none, of a shorter video."""

    next_number: int = 0
    """The number of the next frame that is added without one."""

    def add(self, frame: Sums, number: int | None) -> None:
        """Add a frame."""
        number = self.next_number if number is None else number
        self.next_number = max(self.next_number, number + 1)
        self._keep_ends([*self.ends, (number, frame)])

    def merge(self, other: VideoSums) -> None:
        """Add other frames of the same video."""
        self.inner = self.inner + other.inner
        self.next_number = max(self.next_number, other.next_number)
        self._keep_ends([*self.ends, *other.ends])

    @property
    def end_numbers(self) -> set[int]:
        """The numbers of the first and the last frame."""
        return {number for number, _ in self.ends}

    def copy(self) -> VideoSums:
        """Return a copy."""
        return VideoSums(self.inner, self.ends, self.next_number)

    def state_dict(self) -> dict[str, Any]:
        """Return all fields, as numbers, lists and tensors."""
        ends = [(number, sums.state_dict()) for number, sums in self.ends]
        return {"inner": self.inner.state_dict(), "ends": ends, "next_number": self.next_number}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> VideoSums:
        """Return what `state_dict` was taken of."""
        ends = tuple((number, Sums.from_state(sums)) for number, sums in state["ends"])
        return cls(Sums.from_state(state["inner"]), ends, state["next_number"])

    def counted(self, *, keep_ends: bool) -> Sums:
        """Return the sums of all frames, or of those between the first and the last."""
        if not keep_ends:
            return self.inner
        first, last = self.ends[:1], self.ends[1:]
        return total([*(sums for _, sums in first), self.inner, *(sums for _, sums in last)])

    def _keep_ends(self, candidates: list[tuple[int, Sums]]) -> None:
        candidates.sort(key=lambda candidate: candidate[0])
        between = candidates[1:-1]
        self.ends = tuple(candidates[:1] + candidates[1:][-1:])
        self.inner = total([self.inner, *(sums for _, sums in between)])
