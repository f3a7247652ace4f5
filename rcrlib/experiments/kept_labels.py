"""Which labels are kept: by the paper's rule, or by a policy of `rcrlib.keyframes`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rcrlib.data import Dataset, Frames, Interval, Unit, Video, dataset_intervals, keep_one_in
from rcrlib.experiments.lab import Lab
from rcrlib.keyframes import get_policy


@dataclass(frozen=True)
class KeptLabels:
    """A step: keep as many labels of each video as one in `l` is, and write down which.

    With a policy, the frames are chosen from the annotated ones, and every annotated frame between
    two of them can have a pseudo-label.
    """

    l: int
    policy: str = ""
    """One of `rcrlib.keyframes.POLICIES`; "" keeps the annotated frames 0, l, 2l, ... (paper)."""

    unit: Unit = "annotated"
    """What l and the pseudo-labels count; with "frames", those never annotated get some as well."""

    @property
    def key(self) -> str:
        """A short name."""
        policy = f"-{self.policy}" if self.policy else ""
        return f"1in{self.l}{policy}" + ("-frames" if self.unit == "frames" else "")

    @property
    def folder(self) -> PurePosixPath:
        """Where the list lies."""
        return PurePosixPath("labels", self.key)

    @property
    def needs(self) -> tuple[()]:
        """Nothing."""
        return ()

    def weight(self, lab: Lab) -> int:
        """Frames that a policy reads, in network frames: a tenth each."""
        return sum(map(len, lab.train)) // 10 if self.policy else 1

    def run(self, lab: Lab, folder: Path) -> dict[str, Any]:
        """Choose the frames; needs no folder."""
        whole = self.whole(lab)
        chosen = {video.name: self._choose(lab, video) for video in whole}
        return {
            "frames": {
                video.name: [video.frame_names[index] for index in chosen[video.name]]
                for video in whole
            },
            "kept": sum(map(len, chosen.values())),
            "annotated": sum(len(video.annotated) for video in whole),
        }

    def whole(self, lab: Lab) -> Dataset:
        """Return the videos to learn from with all labels; for a policy, annotated frames only."""
        return annotated_only(lab.train) if self.policy else lab.train

    def kept(self, lab: Lab) -> Dataset:
        """Return the videos with the kept labels only, once the step is finished."""
        chosen, whole = lab.result(self)["frames"], self.whole(lab)
        videos = []
        for video in whole:
            names = set(chosen[video.name])
            labels = {i: f for i, f in video.labels.items() if video.frame_names[i] in names}
            videos.append(video.with_labels(labels))
        return replace(whole, videos=tuple(videos))

    def dataset(self, lab: Lab) -> Dataset:
        """Return what a student learns from: the kept labels alone."""
        return self.kept(lab)

    def intervals(self, lab: Lab, m: int | None) -> dict[str, tuple[Interval, ...]]:
        """Return the intervals with m frames to label in each; None takes all that there are."""
        if self.policy:
            count = max(map(len, lab.train)) if m is None else m
            return dataset_intervals(self.kept(lab), 1, count, "frames")
        return dataset_intervals(lab.train, self.l, self.l - 1 if m is None else m, self.unit)

    def _choose(self, lab: Lab, video: Video) -> tuple[int, ...]:
        kept = keep_one_in(video.annotated, self.l)
        if not self.policy or not kept:
            return kept
        choose = get_policy(
            self.policy, flow=lab.flow, encoder=lab.preset.encoder, device=lab.config.device
        )
        return choose(video, len(kept))


@dataclass(frozen=True)
class _Some:
    """Some frames of a video."""

    frames: Frames
    chosen: tuple[int, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.frames.names[index] for index in self.chosen)

    @property
    def size(self) -> tuple[int, int]:
        return self.frames.size

    def __len__(self) -> int:
        return len(self.chosen)

    def __getitem__(self, index: int) -> NDArray[np.uint8]:
        return self.frames[self.chosen[index]]

    def stream(self) -> Iterator[NDArray[np.uint8]]:
        return (self.frames[index] for index in self.chosen)


def annotated_only(dataset: Dataset) -> Dataset:
    """Return the videos without the frames that were never annotated.

    Frames that a policy chooses have a label then, and pseudo-labels can be judged wherever they
    are. Of DAVIS and the synthetic set it takes nothing away.
    """
    videos = []
    for video in dataset:
        some = video.annotated
        if some and len(some) < len(video):
            labels = dict(enumerate(video.labels.values()))
            video = Video(video.name, _Some(video.frames, some), labels)
        videos.append(video)
    return replace(dataset, videos=tuple(videos))
