"""Training samples of the three stages: images, triplets and clips of a data set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from rcrlib.data import Dataset, Video, augment, clips, dataset_triplets, normalise
from rcrlib.errors import DataError
from rcrlib.train.sampler import SampleKey
from rcrlib.triplets import TripletReader, cut_target, image_tensor, target_tensor


class Sample(NamedTuple):
    """One sample, or several of one length stacked along a first axis B.

    Images and triplets are clips of T = 1.
    """

    frames: Tensor
    """(T, 3, H, W), ImageNet-normalised."""

    guidance: Tensor
    """(T, 4, H, W): FGPLG's warped labels and flow magnitudes; (T, 0, H, W) in the other stages."""

    labels: Tensor
    """(T, 1, H, W): {0, 1}, or [0, 1] where soft labels were asked for; `VOID_TARGET` (below 0)
    at void pixels."""


class SampleSet(Protocol):
    """The interface of training samples."""

    def __len__(self) -> int:
        """Count the samples."""

    def frames(self, index: int) -> int:
        """Count the frames of one sample."""

    def __getitem__(self, key: SampleKey) -> Sample:
        """Read one sample; everything random about it follows from the seed."""


class ClipSamples:
    """Clips of consecutive labelled frames: labels and pseudo-labels alike (paper 4.2).

    Args:
        dataset: videos with labels; those without any give no clip.
        length: T; 1 gives single images. A video with fewer labelled frames gives one shorter clip.
        stride: labelled frames from one clip's start to the next one's; None is `length`.
        size: height and width that the network works at.
        augment: flip, crop and change colours, alike for the whole clip.
        reverse: play half of the clips backwards.
        soft: keep labels in [0, 1] instead of cutting them at one half.

    Raises:
        DataError: no video has a label.
        OptionError: `length` or `stride` is out of its range.
    """

    def __init__(
        self,
        dataset: Dataset,
        length: int,
        stride: int | None,
        size: tuple[int, int],
        *,
        augment: bool = False,
        reverse: bool = False,
        soft: bool = False,
    ) -> None:
        self.clips: list[tuple[Video, tuple[int, ...]]] = [
            (video, clip) for video in dataset for clip in clips(video.annotated, length, stride)
        ]
        if not self.clips:
            raise DataError(
                f"{dataset.root}: has no label to learn from; give labels for some frames"
            )
        self.size, self.augment, self.reverse, self.soft = size, augment, reverse, soft

    def __len__(self) -> int:
        return len(self.clips)

    def frames(self, index: int) -> int:
        """Count the frames of one clip."""
        return len(self.clips[index][1])

    def __getitem__(self, key: SampleKey) -> Sample:
        """Read one clip; raises what `Video.frame` and `Video.label` raise."""
        video, clip = self.clips[key.sample]
        if self.reverse and key.seed % 2:
            clip = clip[::-1]
        frames = torch.stack([image_tensor(video.frame(n), self.size) for n in clip])
        labels = torch.stack([target_tensor(video, n, self.size, soft=self.soft) for n in clip])
        if self.augment:
            frames, labels = augment(frames, labels, key.seed)
        if not self.soft:
            labels = cut_target(labels)
        return Sample(normalise(frames), frames[:, :0], labels)


class TripletSamples:
    """Triplets (i, k, j) of kept labels, from which FGPLG learns k's label (paper 3.3).

    Args:
        dataset: videos with kept labels only; those with fewer than three give no triplet.
        reader: prepares the guidance.
        augment: flip, crop and change colours; flow lengths and warped labels follow the geometry.
        max_intervals: intervals between the labels of a triplet, at most; see
            `rcrlib.data.triplets`.

    Raises:
        DataError: no video has the three kept labels that a triplet needs.
        OptionError: max_intervals < 1.
    """

    def __init__(
        self,
        dataset: Dataset,
        reader: TripletReader,
        *,
        augment: bool = False,
        max_intervals: int = 1,
    ) -> None:
        self.triplets = [
            (dataset[name], *triplet)
            for name, of_video in dataset_triplets(dataset, max_intervals).items()
            for triplet in of_video
        ]
        self.reader, self.augment = reader, augment

    def __len__(self) -> int:
        return len(self.triplets)

    def frames(self, index: int) -> int:
        """Return 1: only frame k has a target."""
        return 1

    def __getitem__(self, key: SampleKey) -> Sample:
        """Read one triplet; raises what `Video.frame`, `Video.label` and the flow raise."""
        video, i, k, j = self.triplets[key.sample]
        frame, guide = (part[None] for part in self.reader(video, i, k, j))
        label = target_tensor(video, k, self.reader.size)[None]
        if self.augment:
            frame, label, guide = augment(frame, label, key.seed, maps=guide)
        return Sample(normalise(frame), guide, cut_target(label))


class ClipsWithImages:
    """Clips or triplets of videos, mixed with single images of another data set.

    `ratio` images follow on each clip; the set that runs out first starts again.

    Args:
        clips: samples of T frames; triplets have T = 1.
        images: samples of T = 1.
        ratio: images for each clip; with as many as a clip has frames, half of all frames are
            images.
    """

    def __init__(self, clips: SampleSet, images: SampleSet, ratio: int) -> None:
        self.clips, self.images, self.ratio = clips, images, ratio

    def __len__(self) -> int:
        groups = max(len(self.clips), -(-len(self.images) // self.ratio))
        return groups * (1 + self.ratio)

    def frames(self, index: int) -> int:
        """Count the frames of one sample."""
        samples, place = self._find(index)
        return samples.frames(place)

    def __getitem__(self, key: SampleKey) -> Sample:
        """Read one sample; raises what reading a clip or an image raises."""
        samples, place = self._find(key.sample)
        return samples[key._replace(sample=place)]

    def _find(self, index: int) -> tuple[SampleSet, int]:
        group, place = divmod(index, 1 + self.ratio)
        if place == 0:
            return self.clips, group % len(self.clips)
        return self.images, (group * self.ratio + place - 1) % len(self.images)


def group_by_length(samples: Sequence[Sample]) -> list[Sample]:
    """Stack the samples of a step, those of equal length together, long ones first."""
    lengths = sorted({len(sample.frames) for sample in samples}, reverse=True)
    return [
        Sample(*(torch.stack(parts) for parts in zip(*group, strict=True)))
        for group in ([s for s in samples if len(s.frames) == n] for n in lengths)
    ]
