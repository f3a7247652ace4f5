"""From the frames of many videos to J and F, with the mean, recall and decay of each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rcrlib.errors import DataError, OptionError
from rcrlib.metrics.inputs import Map, as_mask, as_prediction, as_void, check_shapes
from rcrlib.metrics.protocol import check_same, get_segmentation_protocol
from rcrlib.metrics.segmentation import boundary_f, iou

GOOD = 0.5
"""A frame counts for the recall when it scores more than this."""


@dataclass(frozen=True, kw_only=True)
class SegmentationScores:
    """The numbers of a set of frames; means and recalls in [0, 1], decays in [-1, 1].

    Recall is the share of frames above `GOOD`. Decay is what is lost over a video: the mean of its
    first quarter less that of its last.
    """

    frames: int
    j_mean: float
    j_recall: float
    j_decay: float
    f_mean: float
    f_recall: float
    f_decay: float


@dataclass(frozen=True, kw_only=True)
class SegmentationResult(SegmentationScores):
    """The numbers of a data set under a named protocol: means over videos of each video's."""

    protocol: str
    threshold: float
    per_video: dict[str, SegmentationScores] = field(repr=False)


class SegmentationMetrics:
    """Accumulates J and F frame by frame; keeps both for each frame, for the decay.

    Protocol `davis16` leaves out the first and the last annotated frame of each video; `all-frames`
    does not. Both average over the frames of a video, then over videos.

    Args:
        protocol: one of `SEGMENTATION_PROTOCOLS`.
        threshold: soft predictions count as salient from here on; every result carries it.

    Raises:
        OptionError: an unknown protocol, or a threshold outside (0, 1].

    Example:
        >>> import torch
        >>> metrics = SegmentationMetrics("all-frames")
        >>> frames = metrics.update(torch.eye(4), torch.eye(4), video="diagonal")
        >>> metrics.compute().j_mean
        1.0
    """

    def __init__(self, protocol: str = "davis16", threshold: float = 0.5) -> None:
        self._protocol = get_segmentation_protocol(protocol)
        if not 0 < threshold <= 1:
            raise OptionError(f"threshold {threshold}: expected more than 0 and at most 1")
        self.protocol = protocol
        self.threshold = threshold
        self._videos: dict[str, dict[int, tuple[float, float]]] = {}

    def update(
        self,
        prediction: Map,
        mask: Map,
        video: str = "",
        frames: Sequence[int] | None = None,
        *,
        void: Map | None = None,
    ) -> list[tuple[float, float]]:
        """Add frames of one video.

        Args:
            prediction: float `(B, 1, H, W)` or `(H, W)` in [0, 1], or bool; on any device.
            mask: {0, 1}, same shape.
            video: the video that the frames belong to.
            frames: their numbers, in whose order they are taken. Without them, frames count on.
            void: bool, same shape: pixels that J does not count, and where F takes both masks for
                0, as the DAVIS code does; see `iou` and `boundary_f`. A frame that is all void has
                two empty masks, which agree: 1.

        Returns:
            J and F of each frame.

        Raises:
            DataError: sizes or values other than these; nothing is added then.
            OptionError: a frame's number was there before, or there are too few of them.
        """
        start = f"{video}: " if video else ""
        nowhere = as_void(void, mask, start)
        salient = self._binary(prediction, f"{start}prediction")
        masks = as_mask(mask, void=nowhere)
        check_shapes(
            salient, masks, dimensions=2 if salient.ndim == 2 else 4,
            layout="(B, 1, H, W) or (H, W)", where=start,
        )  # fmt: skip
        size = salient.shape[-2:]
        if nowhere is not None:
            salient = salient & ~nowhere
        pairs = list(zip(salient.reshape(-1, *size), masks.reshape(-1, *size), strict=True))
        scores = [(iou(p, g), boundary_f(p, g)) for p, g in pairs]
        self._add(video, scores, frames)
        return scores

    def merge(self, other: SegmentationMetrics) -> None:
        """Add another object's frames, which must be others; `other` stays as it is.

        Raises:
            OptionError: another protocol or threshold, or a frame that both hold.
        """
        check_same((self.protocol, self.threshold), (other.protocol, other.threshold))
        for video, scores in other._videos.items():
            self._add(video, list(scores.values()), list(scores))

    def state_dict(self) -> dict[str, Any]:
        """Return all that was added, as names and numbers, see `SaliencyMetrics.state_dict`."""
        videos = {name: dict(scores) for name, scores in self._videos.items()}
        return {"protocol": self.protocol, "threshold": self.threshold, "videos": videos}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what another object's `state_dict` returned, in place of what was added.

        Raises:
            OptionError: it followed another protocol, or another threshold.
        """
        check_same((self.protocol, self.threshold), (state["protocol"], state["threshold"]))
        self._videos = {name: dict(scores) for name, scores in state["videos"].items()}

    def compute(self) -> SegmentationResult:
        """Compute the result over all frames so far; more frames may follow.

        Raises:
            DataError: no frame was given, or the protocol leaves none of a video.
        """
        if not self._videos:
            raise DataError("no frame was measured; give at least one prediction with its mask")
        per_video = {name: self._scores(name) for name in sorted(self._videos)}
        names = [name for name in vars(next(iter(per_video.values()))) if name != "frames"]
        return SegmentationResult(
            frames=sum(scores.frames for scores in per_video.values()),
            **{name: _mean(vars(scores)[name] for scores in per_video.values()) for name in names},
            protocol=self.protocol,
            threshold=self.threshold,
            per_video=per_video,
        )

    def _binary(self, prediction: Map, what: str) -> Tensor:
        if prediction.dtype in (np.bool_, torch.bool):
            return as_mask(prediction)
        return as_prediction(prediction, what) >= self.threshold

    def _add(
        self, video: str, scores: list[tuple[float, float]], frames: Sequence[int] | None
    ) -> None:
        there = self._videos.get(video, {})
        following = max(there, default=-1) + 1
        numbers = range(following, following + len(scores)) if frames is None else frames
        if len(numbers) != len(scores):
            raise OptionError(f"{video}: {len(numbers)} frame numbers for {len(scores)} frames")
        if twice := there.keys() & set(numbers):
            raise OptionError(f"{video}: frame {min(twice)} was measured before")
        self._videos[video] = there | dict(zip(numbers, scores, strict=True))

    def _scores(self, video: str) -> SegmentationScores:
        numbered = self._videos[video]
        scores = np.array([numbered[number] for number in sorted(numbered)])
        if not self._protocol.keep_ends:
            scores = scores[1:-1]
        if not len(scores):
            raise DataError(
                f"{video}: protocol {self.protocol!r} leaves out the first and the last annotated"
                " frame, and no other is there; use protocol 'all-frames'"
            )
        j, f = scores.T
        return SegmentationScores(
            frames=len(scores),
            j_mean=float(j.mean()),
            j_recall=float((j > GOOD).mean()),
            j_decay=_decay(j),
            f_mean=float(f.mean()),
            f_recall=float((f > GOOD).mean()),
            f_decay=_decay(f),
        )


def _decay(values: NDArray[np.float64]) -> float:
    """Return the first quarter's mean minus the last's; quarters share their end frames."""
    bounds = np.floor(np.linspace(1, len(values), 5) + 0.5).astype(int) - 1
    return float(values[: bounds[1] + 1].mean() - values[bounds[3] :].mean())


def _mean(values: Iterable[float]) -> float:
    return float(np.mean(list(values)))
