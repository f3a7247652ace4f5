"""The settings of prediction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rcrlib.errors import OptionError


@dataclass(frozen=True)
class PredictConfig:
    """Settings of prediction.

    Raises:
        OptionError: a setting is out of its range.
    """

    clip: int = 4
    """T, the frames that the network sees together (paper: 4)."""

    overlap: int = 0
    """Frames that a clip shares with the next; the probabilities of shared frames are averaged."""

    size: int = 448
    """Side of the square that frames are resized to; best the one the network was trained at."""

    device: str = "auto"
    """Where to compute; see `rcrlib.runtime.pick_device`."""

    precision: str = "auto"
    """How exactly to compute; see `rcrlib.runtime.pick_precision`."""

    batch: int | None = None
    """Clips that go through the network together; None takes what the device is good at."""

    whole: bool = False
    """Show the network each video as one clip, however long; its memory grows with the video."""

    def __post_init__(self) -> None:
        if self.clip < 1:
            raise OptionError(f"clip is {self.clip}; it must be at least 1")
        if not 0 <= self.overlap < self.clip:
            raise OptionError(f"overlap is {self.overlap}; it must be 0 to {self.clip - 1}")
        if self.batch is not None and self.batch < 1:
            raise OptionError(f"batch is {self.batch}; it must be at least 1")
        if self.whole and self.overlap:
            raise OptionError(f"overlap is {self.overlap}; a whole video is one clip: leave it out")
        if self.size < 16:
            raise OptionError(f"size is {self.size}; it must be at least 16")


def clip_and_size(trained: Mapping[str, Any]) -> tuple[int, int]:
    """Return the clip length and the side that weights were trained at, else the paper's.

    Args:
        trained: the weights' metadata, see `rcrlib.models.weights_metadata`.
    """
    clip, size = trained.get("clip", PredictConfig.clip), trained.get("size", PredictConfig.size)
    return int(clip), int(size)
