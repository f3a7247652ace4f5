"""From frames to the numbers of a table: what is averaged over what, in which order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from rcrlib.errors import DataError, OptionError
from rcrlib.metrics.inputs import LEVELS, Map, as_batch, quantise
from rcrlib.metrics.saliency import adaptive_f, f_measure, mae, precision_recall, s_measure

PROTOCOLS = ("paper",)
"""Names of the ways to average. Conventions differ by 3 to 4 points of max F on the same maps."""


@dataclass(frozen=True, kw_only=True)
class SaliencyScores:
    """The numbers of a set of frames; all but `frames` in [0, 1]."""

    frames: int
    max_f: float
    mean_f: float
    adp_f: float
    s: float
    mae: float


@dataclass(frozen=True, kw_only=True, eq=False)
class SaliencyResult(SaliencyScores):
    """The numbers of a data set under a named protocol, its curves, and the numbers by video.

    `precision` and `recall` are float64 `(thresholds,)` at rising thresholds, on the CPU.
    """

    protocol: str
    precision: Tensor = field(repr=False)
    recall: Tensor = field(repr=False)
    per_video: dict[str, SaliencyScores] = field(repr=False)


class SaliencyMetrics:
    """Gathers predictions frame by frame; its memory grows with the videos, not with the frames.

    Protocol `paper`: predictions are taken as they are, rounded to the 256 levels of a PNG (so that
    maps in memory and maps read back from files give the same numbers). Precision and recall are
    averaged over all frames, F is computed from the two mean curves, and max F and mean F are its
    maximum and mean over the thresholds. Adaptive F, S and MAE are means over frames.

    Args:
        protocol: one of `PROTOCOLS`; every result carries it.
        thresholds: how many levels, evenly spaced from 0 to 255, the curves are taken at.

    Raises:
        OptionError: an unknown protocol, or thresholds outside 2..256.

    Example:
        >>> metrics = SaliencyMetrics()
        >>> metrics.update(torch.eye(4), torch.eye(4), video="diagonal")
        >>> metrics.compute().max_f
        1.0
    """

    def __init__(self, protocol: str = "paper", thresholds: int = LEVELS) -> None:
        if protocol not in PROTOCOLS:
            raise OptionError(f"protocol {protocol!r}: expected one of {', '.join(PROTOCOLS)}")
        if not 2 <= thresholds <= LEVELS:
            raise OptionError(f"thresholds {thresholds}: expected 2 to {LEVELS}")
        self.protocol = protocol
        self.thresholds = thresholds
        self._videos: dict[str, _Sums] = {}

    def update(self, prediction: Map, mask: Map, video: str = "") -> None:
        """Add frames of one video.

        Args:
            prediction: float `(B, 1, H, W)` or `(H, W)` in [0, 1]; on any device.
            mask: {0, 1}, same shape.
            video: the video that the frames belong to.

        Raises:
            DataError: sizes or values other than these; nothing is added then.
        """
        predictions, masks = as_batch(prediction, mask, where=video)
        frames = [_measure(p, m) for p, m in zip(predictions, masks, strict=True)]
        self._videos[video] = _total([self._videos.get(video, _Sums()), *frames])

    def merge(self, other: SaliencyMetrics) -> None:
        """Add what another object gathered, from other frames; `other` stays as it is.

        Raises:
            OptionError: the other one follows another protocol or has other thresholds.
        """
        ours, theirs = (self.protocol, self.thresholds), (other.protocol, other.thresholds)
        if ours != theirs:
            raise OptionError(f"metrics of {ours} and {theirs} do not merge; use the same for both")
        for video, sums in other._videos.items():
            self._videos[video] = _total([self._videos.get(video, _Sums()), sums])

    def compute(self) -> SaliencyResult:
        """Give the numbers of everything so far; more frames may follow.

        Raises:
            DataError: no frame was given.
        """
        if not self._videos:
            raise DataError("no frame was measured; give at least one prediction with its mask")
        # By name, so that the same videos in another order give the same bits.
        videos = {name: self._videos[name] for name in sorted(self._videos)}
        total = _total(videos.values())
        return SaliencyResult(
            **vars(self._scores(total)),
            protocol=self.protocol,
            precision=self._curve(total.precision, total.frames),
            recall=self._curve(total.recall, total.frames),
            per_video={name: self._scores(sums) for name, sums in videos.items()},
        )

    def _scores(self, sums: _Sums) -> SaliencyScores:
        precision = self._curve(sums.precision, sums.frames)
        f = f_measure(precision, self._curve(sums.recall, sums.frames))
        return SaliencyScores(
            frames=sums.frames,
            max_f=float(f.max()),
            mean_f=float(f.mean()),
            adp_f=sums.adp_f / sums.frames,
            s=sums.s / sums.frames,
            mae=sums.mae / sums.frames,
        )

    def _curve(self, summed: Tensor, frames: int) -> Tensor:
        levels = torch.linspace(0, LEVELS - 1, self.thresholds).round().long()
        return summed[levels] / frames


@dataclass(frozen=True)
class _Sums:
    """Sums over frames; precision and recall are float64 `(256,)` on the CPU."""

    frames: int = 0
    precision: Tensor = field(default_factory=lambda: torch.zeros(LEVELS, dtype=torch.float64))
    recall: Tensor = field(default_factory=lambda: torch.zeros(LEVELS, dtype=torch.float64))
    adp_f: float = 0.0
    s: float = 0.0
    mae: float = 0.0


def _measure(prediction: Tensor, mask: Tensor) -> _Sums:
    """Measure one checked frame, as a PNG would hold it."""
    prediction = quantise(prediction).double() / (LEVELS - 1)
    precision, recall = precision_recall(prediction, mask)
    return _Sums(
        frames=1,
        precision=precision.cpu(),
        recall=recall.cpu(),
        adp_f=adaptive_f(prediction, mask),
        s=s_measure(prediction, mask),
        mae=mae(prediction, mask),
    )


def _total(parts: Iterable[_Sums]) -> _Sums:
    total = _Sums()
    for part in parts:
        total = _Sums(**{name: value + getattr(part, name) for name, value in vars(total).items()})
    return total
