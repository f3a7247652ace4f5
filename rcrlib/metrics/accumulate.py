"""From frames to the numbers of a table: what is averaged over what, in which order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from rcrlib.errors import DataError, OptionError
from rcrlib.metrics.counts import count_levels
from rcrlib.metrics.frame import FrameMeasures, level_scale, measure
from rcrlib.metrics.inputs import LEVELS, Map, as_levels
from rcrlib.metrics.protocol import SaliencyProtocol, check_same, get_protocol
from rcrlib.metrics.saliency import f_measure
from rcrlib.metrics.sums import Sums, VideoSums, total
from rcrlib.metrics.weighted import fast_weighted_f

CURVES = ("precision", "recall", "f", "e")
Means = dict[str, np.ndarray]


@dataclass(frozen=True, kw_only=True)
class SaliencyScores:
    """The numbers of a set of frames; all but `frames` in [0, 1] (E ends at N / (N - 1)).

    `w_f` is None where the weighted F was not asked for. `p_at`, `r_at` and `f_at` are precision,
    recall and F at the one threshold at which the F of the whole set is highest: of the set, `f_at`
    is `max_f`; of a video, it is what belongs beside it (`max_f` takes each video's own best).
    """

    frames: int
    max_f: float
    mean_f: float
    adp_f: float
    s: float
    mae: float
    max_e: float
    mean_e: float
    adp_e: float
    w_f: float | None
    p_at: float
    r_at: float
    f_at: float


@dataclass(frozen=True, kw_only=True, eq=False)
class SaliencyResult(SaliencyScores):
    """The numbers of a data set under a protocol, its curves, and the numbers by video.

    `protocol` is the protocol's name, or all its choices where it has none.

    The curves are float64 `(thresholds,)` at rising thresholds, on the CPU: mean precision and
    recall, F as the protocol forms it (its maximum is `max_f`), and mean E.
    """

    protocol: str
    normalisation: str
    precision: Tensor = field(repr=False)
    recall: Tensor = field(repr=False)
    f: Tensor = field(repr=False)
    e: Tensor = field(repr=False)
    per_video: dict[str, SaliencyScores] = field(repr=False)


class SaliencyMetrics:
    """Accumulates measures frame by frame; memory grows with the videos, not the frames.

    Predictions are rounded to the 256 levels of a PNG, so that maps in memory and maps read back
    from files give the same numbers.

    A protocol is four choices and the number of thresholds, see `SaliencyProtocol`:

    | protocol | frames | maps | means | F |
    |---|---|---|---|---|
    | `paper` | all annotated | as they are | over all frames | of mean precision and recall |
    | `sod` | all annotated | stretched | over all frames | of mean precision and recall |
    | `davsod` | without the first, last | stretched | of each video, then of videos | mean of F |

    The curves of F and E are averaged; their maximum and mean over thresholds are taken last.

    Args:
        protocol: a name of `PROTOCOLS`, or any other combination of choices: what `get_protocol`
            returns or reads. Every result carries it.
        thresholds: in place of the protocol's.
        weighted: measure the weighted F too, which takes most of the time.

    Raises:
        OptionError: an unknown protocol, or thresholds outside 2..256.

    Example:
        >>> import torch
        >>> metrics = SaliencyMetrics()
        >>> frames = metrics.update(torch.eye(4), torch.eye(4), video="diagonal")
        >>> metrics.compute().max_f
        1.0
    """

    def __init__(
        self,
        protocol: str | SaliencyProtocol = "paper",
        thresholds: int | None = None,
        *,
        weighted: bool = True,
    ) -> None:
        self._protocol = get_protocol(protocol, thresholds=thresholds)
        self.weighted = weighted
        self._videos: dict[str, VideoSums] = {}

    @property
    def protocol(self) -> str:
        """The protocol's name, or all its choices where it has none."""
        return self._protocol.name

    def update(
        self,
        prediction: Map,
        mask: Map,
        video: str = "",
        frames: Sequence[int] | None = None,
        *,
        void: Map | None = None,
    ) -> list[FrameMeasures]:
        """Add frames of one video.

        Args:
            prediction: float `(B, 1, H, W)` or `(H, W)` in [0, 1], or uint8, the levels of a PNG;
                on any device.
            mask: {0, 1}, same shape.
            video: the video that the frames belong to.
            frames: their numbers, by which the first and the last one are found. Without them,
                frames count on; needed only where frames come out of order or are merged.
            void: bool, same shape: pixels that no measure counts, as if they were not there
                (`s_region` and `weighted_f` say what that means for them). What the mask holds
                there, such as 255, does not matter.

        Returns:
            The measures of each frame (all but the weighted F).

        Raises:
            DataError: sizes or values other than these, or a frame that is all void; nothing is
                added then.
        """
        levels, masks, counted = as_levels(prediction, mask, video, void)
        numbers = [None] * len(levels) if frames is None else list(frames)
        if len(numbers) != len(levels):
            raise OptionError(f"{video}: {len(numbers)} frame numbers for {len(levels)} frames")
        measured = self._measure(levels, masks, counted)
        sums = self._videos.setdefault(video, VideoSums())
        for (frame, weighted), number in zip(measured, numbers, strict=True):
            values = vars(frame) | ({} if weighted is None else {"w_f": weighted})
            sums.add(Sums(1, {name: np.asarray(v) for name, v in values.items()}), number)
        return [frame for frame, _ in measured]

    def merge(self, other: SaliencyMetrics) -> None:
        """Add another object's frames, which must be others; `other` stays as it is.

        Where both hold frames of one video, both have to have been given their numbers.

        Raises:
            OptionError: the other one follows another protocol, or other settings; or the protocol
                leaves out a video's first and last frame, and both have one of the same number.
        """
        check_same((self.protocol, self.weighted), (other.protocol, other.weighted))
        for video, sums in other._videos.items():
            twice = sums.end_numbers & self._videos.get(video, VideoSums()).end_numbers
            if twice and not self._protocol.keep_ends:
                raise OptionError(
                    f"{video}: both parts have a frame {min(twice)}, so its first and last frame"
                    " cannot be told; give update() the frames' numbers"
                )
        for video, sums in other._videos.items():
            if video in self._videos:
                self._videos[video].merge(sums)
            else:
                self._videos[video] = sums.copy()

    def state_dict(self) -> dict[str, Any]:
        """Return all that was added, as names, numbers and tensors.

        `torch.save` writes it, `torch.load` reads it with `weights_only=True`; another process'
        `load_state_dict` and then `merge` add it there.
        """
        videos = {name: sums.state_dict() for name, sums in self._videos.items()}
        return {"protocol": self.protocol, "weighted": self.weighted, "videos": videos}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what another object's `state_dict` returned, in place of what was added.

        Raises:
            OptionError: it followed another protocol, or other settings.
        """
        check_same((self.protocol, self.weighted), (state["protocol"], state["weighted"]))
        videos = state["videos"].items()
        self._videos = {name: VideoSums.from_state(sums) for name, sums in videos}

    def compute(self) -> SaliencyResult:
        """Compute the result over all frames so far; more frames may follow.

        Raises:
            DataError: no frame was given, or the protocol leaves none of a video.
        """
        # By name, so that the same videos in another order give the same bits.
        videos = {name: self._counted(name) for name in sorted(self._videos)}
        if not videos:
            raise DataError("no frame was measured; give at least one prediction with its mask")
        frames = sum(sums.frames for sums in videos.values())
        means = self._means(videos.values())
        precision, recall, f, e = (torch.from_numpy(means[name]) for name in CURVES)
        best = int(f.argmax())
        return SaliencyResult(
            **vars(self._scores(frames, means, best)),
            protocol=self.protocol,
            normalisation=self._protocol.normalisation,
            precision=precision, recall=recall, f=f, e=e,
            per_video={
                name: self._scores(sums.frames, self._means([sums]), best)
                for name, sums in videos.items()
            },
        )  # fmt: skip

    def _measure(
        self, levels: Tensor, masks: Tensor, counted: Tensor | None
    ) -> list[tuple[FrameMeasures, float | None]]:
        """Measure checked frames `(B, H, W)`; the weighted F stands beside the rest."""
        all_counts = count_levels(levels, masks, counted=counted)
        scales = [level_scale(counts, self._protocol.stretch) for counts in all_counts]
        measured = [measure(c, scale) for c, scale in zip(all_counts, scales, strict=True)]
        if not self.weighted:
            return [(frame, None) for frame in measured]
        within = [None] * len(levels) if counted is None else counted.cpu().numpy()
        pictures = zip(levels.cpu().numpy(), masks.cpu().numpy(), within, scales, strict=True)
        weighted = [fast_weighted_f(p, s.values, mask, there) for p, mask, there, s in pictures]
        return list(zip(measured, weighted, strict=True))

    def _counted(self, video: str) -> Sums:
        """Return the sums over the frames that the protocol counts."""
        sums = self._videos[video].counted(keep_ends=self._protocol.keep_ends)
        if not sums.frames:
            raise DataError(
                f"{video}: protocol {self.protocol!r} leaves out the first and the last annotated"
                " frame, and no other is there; use protocol 'paper', or keep the ends"
            )
        return sums

    def _means(self, videos: Iterable[Sums]) -> Means:
        """Average the measures over frames or over videos; then take the curves' thresholds."""
        if self._protocol.by_video:
            means = total(Sums(1, sums.mean()) for sums in videos).mean()
        else:
            means = total(videos).mean()
        if not self._protocol.mean_f:
            means["f"] = f_measure(means["precision"], means["recall"])
        # What is >= a threshold between two levels is what is >= the upper one.
        levels = np.ceil(np.linspace(0, LEVELS - 1, self._protocol.thresholds)).astype(int)
        return means | {name: means[name][levels] for name in CURVES}

    def _scores(self, frames: int, means: Means, best: int) -> SaliencyScores:
        plain = {name: float(means[name]) for name in ("adp_f", "s", "mae", "adp_e")}
        return SaliencyScores(
            frames=frames,
            max_f=float(means["f"].max()),
            mean_f=float(means["f"].mean()),
            max_e=float(means["e"].max()),
            mean_e=float(means["e"].mean()),
            w_f=float(means["w_f"]) if self.weighted else None,
            p_at=float(means["precision"][best]),
            r_at=float(means["recall"][best]),
            f_at=float(means["f"][best]),
            **plain,
        )
