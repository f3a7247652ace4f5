"""Which frames of a video to label: the paper's future work.

A policy takes a video and a number, and returns that many frames. The first and the last frame are
always among them (two or more): pseudo-labels are made between labels, never beyond them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm.auto import tqdm

from rcrlib.data import Video, normalise, resize, to_tensor
from rcrlib.errors import OptionError
from rcrlib.flow import FlowEstimator, get_flow
from rcrlib.models import (
    RCRNet,
    RCRNetConfig,
    accelerate,
    encoder_file_info,
    load_encoder_weights,
)
from rcrlib.runtime import pick_device

__all__ = [
    "POLICIES",
    "Appearance",
    "KCentre",
    "Motion",
    "Policy",
    "even",
    "get_policy",
]


class Policy(Protocol):
    """A way to choose frames."""

    def __call__(self, video: Video, count: int) -> tuple[int, ...]:
        """Choose `count` different frames, ascending; `OptionError` unless 1 <= count <= frames."""


def even(video: Video, count: int) -> tuple[int, ...]:
    """Choose frames at even distances; a single one is the middle one."""
    _check(video, count)
    if count == 1:
        return ((len(video) - 1) // 2,)
    return tuple(round(place) for place in np.linspace(0, len(video) - 1, count))


@dataclass(frozen=True)
class Appearance:
    """Label most where the picture changes most: even steps of accumulated change.

    The change from one frame to the next is the mean absolute difference of their Lab colours at
    `size` pixels a side.
    """

    size: int = 64

    def __call__(self, video: Video, count: int) -> tuple[int, ...]:
        """Choose frames; reads the whole video once."""
        _check(video, count)
        colours = (self._colours(frame) for frame in _stream_with_progress(video, "appearance"))
        return _even_steps(_changes(colours, lambda a, b: float(np.abs(a - b).mean())), count)

    def _colours(self, frame: NDArray[np.uint8]) -> NDArray[np.float32]:
        small = cv2.resize(frame, (self.size, self.size), interpolation=cv2.INTER_AREA)
        lab = cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
        return np.asarray(lab, np.float32)


@dataclass(frozen=True)
class Motion:
    """Label most where things move most: even steps of accumulated optical flow.

    The step from one frame to the next is the mean length of their flow at `size` pixels a side.
    """

    flow: FlowEstimator = field(default_factory=lambda: get_flow("dis"))
    size: int = 192

    def __call__(self, video: Video, count: int) -> tuple[int, ...]:
        """Choose frames; reads the whole video once."""
        _check(video, count)
        frames = (
            resize(to_tensor(frame), (self.size, self.size))[None]
            for frame in _stream_with_progress(video, "flow")
        )
        length: Callable[[Tensor, Tensor], float] = lambda a, b: float(  # noqa: E731
            self.flow(a, b).norm(dim=1).mean()
        )
        return _even_steps(_changes(frames, length), count)


@dataclass(frozen=True)
class KCentre:
    """Label frames that the others resemble: greedy k-centre on the encoder's features.

    Starting with the first and the last frame, the frame that is farthest from all chosen ones is
    added, until there are enough: no frame is then far from a labelled one (Gonzalez 1985; within
    twice the best possible distance but for the two that are fixed). A frame's features are the
    means of the encoder's f16 over the picture, scaled to length 1.

    Attributes:
        encoder: "imagenet" (torchvision's ResNet-18, downloaded by it), "none" (random weights), or
            a file of ResNet weights with torchvision's names.
        device: by name.
        size: side that frames are resized to.
        batch: frames that are encoded at once.
    """

    encoder: str = "imagenet"
    device: str = "auto"
    size: int = 224
    batch: int = 16

    def __call__(self, video: Video, count: int) -> tuple[int, ...]:
        """Choose frames; reads the whole video once."""
        _check(video, count)
        features = self._features(video)
        chosen = sorted({0, len(video) - 1}) if count > 1 else [(len(video) - 1) // 2]
        away = torch.stack([(features - features[i]).norm(dim=1) for i in chosen]).amin(dim=0)
        while len(chosen) < count:
            away[chosen] = -1  # of frames that are all alike, others are still to be had
            farthest = int(away.argmax())
            chosen.append(farthest)
            away = torch.minimum(away, (features - features[farthest]).norm(dim=1))
        return tuple(sorted(chosen))

    @torch.inference_mode()
    def _features(self, video: Video) -> Tensor:
        """Return the features of all frames, (frames, channels), each row of length 1."""
        device = pick_device(self.device)
        network = self._network().to(device).eval()
        rows, batch = [], []
        for index, frame in enumerate(_stream_with_progress(video, "k-centre")):
            batch.append(resize(to_tensor(frame), (self.size, self.size)))
            if len(batch) == self.batch or index == len(video) - 1:
                images = normalise(torch.stack(batch).to(device))
                rows.append(network.encoder(images).f16.mean(dim=(2, 3)).cpu())
                batch = []
        return torch.nn.functional.normalize(torch.cat(rows), dim=1)

    def _network(self) -> RCRNet:
        config = RCRNetConfig(backbone="resnet18")
        if self.encoder not in ("imagenet", "none"):
            backbone, stride_on = encoder_file_info(Path(self.encoder))
            config = RCRNetConfig(backbone=backbone, stride_on=stride_on)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            network = RCRNet(config)
        load_encoder_weights(network, self.encoder)
        return accelerate(network)


POLICIES = ("even", "appearance", "flow", "k-centre")


def get_policy(
    name: str,
    *,
    flow: FlowEstimator | None = None,
    encoder: str = "imagenet",
    device: str = "auto",
) -> Policy:
    """Return a policy by name.

    Args:
        name: one of `POLICIES`.
        flow: the flow method of "flow"; None is OpenCV's DIS.
        encoder: see `KCentre`.
        device: of "k-centre".

    Raises:
        OptionError: there is none of that name.
    """
    policies: Mapping[str, Callable[[], Policy]] = {
        "even": lambda: even,
        "appearance": Appearance,
        "flow": lambda: Motion() if flow is None else Motion(flow),
        "k-centre": lambda: KCentre(encoder, device),
    }
    if name not in policies:
        raise OptionError(f"policy {name!r}: unknown; use {', '.join(POLICIES)}")
    return policies[name]()


def _check(video: Video, count: int) -> None:
    if not 1 <= count <= len(video):
        raise OptionError(
            f"frames={count}: {video.name} has {len(video)} frames; choose 1 to {len(video)}"
        )


def _stream_with_progress(video: Video, what: str) -> Iterator[NDArray[np.uint8]]:
    """Read all frames in order, with a progress bar."""
    yield from tqdm(
        video.stream(), total=len(video), desc=what, unit="frame", disable=None, leave=False,
        dynamic_ncols=True,
    )  # fmt: skip


def _changes(items: Iterator[object], distance: Callable) -> NDArray[np.float64]:
    """Return the distance of each item from the one before it, two in memory at a time."""
    before = next(items)
    steps = []
    for item in items:
        steps.append(distance(before, item))
        before = item
    return np.array(steps)


def _even_steps(changes: NDArray[np.float64], count: int) -> tuple[int, ...]:
    """Choose `count` of len(changes) + 1 frames, with about equal change between neighbours."""
    frames = len(changes) + 1
    sums = np.concatenate([[0.0], np.cumsum(changes)])
    if sums[-1] == 0:
        sums = np.arange(frames, dtype=float)  # nothing changes: at even distances
    goals = np.linspace(0, sums[-1], count) if count > 1 else np.array([sums[-1] / 2])
    chosen = [int(np.abs(sums - goal).argmin()) for goal in goals]
    for k in range(1, count):  # of different goals, different frames
        chosen[k] = max(chosen[k], chosen[k - 1] + 1)
    for k in range(count - 1, -1, -1):
        chosen[k] = min(chosen[k], frames - count + k)
    return tuple(chosen)
