"""Saliency for every frame of a video of any length, in memory that does not grow with it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from tqdm.auto import tqdm

from rcrlib.data import Dataset, Video, normalise, resize, write_mask
from rcrlib.errors import OptionError, WeightsError
from rcrlib.files import atomic_file, output_folder
from rcrlib.models import FGPLG, RCRNet
from rcrlib.runtime import autocast, pick_device, pick_precision
from rcrlib.show import overlay
from rcrlib.triplets import image_tensor


@dataclass(frozen=True)
class PredictConfig:
    """How a video goes through the network."""

    clip: int = 4
    """T, the frames that the network sees together (paper: 4)."""

    overlap: int = 0
    """Frames that a clip shares with the next; the probabilities of shared frames are averaged."""

    size: int = 448
    """Side of the square that frames are resized to; best the one the network was trained at."""

    device: str = "auto"
    precision: str = "auto"

    def __post_init__(self) -> None:
        if self.clip < 1:
            raise OptionError(f"clip is {self.clip}; it must be at least 1")
        if not 0 <= self.overlap < self.clip:
            raise OptionError(f"overlap is {self.overlap}; it must be 0 to {self.clip - 1}")
        if self.size < 16:
            raise OptionError(f"size is {self.size}; it must be at least 16")


def predict(
    network: nn.Module,
    dataset: Dataset,
    out: str | Path,
    config: PredictConfig | None = None,
    *,
    video_overlay: bool = False,
    force: bool = False,
) -> Path:
    """Write a saliency map for every frame of every video, under the frame's own name and size.

    Args:
        network: an RCRNet+NER, or an RCRNet (which sees each frame alone).
        dataset: the videos; labels are neither needed nor looked at.
        out: the folder to write: `VIDEO/FRAME.png`, or `IMAGE.png` for a set of images; one channel,
            the probability in 0..255.
        config: clips, resolution, device.
        video_overlay: also write `VIDEO.mp4` with the salient region tinted.
        force: replace a folder that an earlier run wrote.

    Raises:
        OptionError: `out` is not free.
        DataError: a frame does not decode; nothing is left under `out`.
        WeightsError: the network is an FGPLG, which needs labels.
    """
    config = config or PredictConfig()
    record = {"command": "predict", "data": dataset.name, **vars(config)}
    with output_folder(out, record, force=force) as folder:
        bar = tqdm(desc="predict", unit="frame", disable=None, leave=False, dynamic_ncols=True)
        with bar:
            for video in dataset:
                target = folder if dataset.flat else folder / video.name
                film = folder / f"{video.name}.mp4" if video_overlay else None
                _predict_video(network, video, target, film, config, bar)
    return Path(out)


def _predict_video(
    network: nn.Module, video: Video, folder: Path, film: Path | None, config: PredictConfig,
    bar: tqdm,
) -> None:  # fmt: skip
    """Write one video's maps, and its film where one is asked for."""
    with ExitStack() as stack:
        show = stack.enter_context(_Film(film, video.size)) if film else None
        pairs = frames_with_saliency(network, video.stream(), config)
        for name, (frame, saliency) in zip(video.frame_names, pairs, strict=True):
            write_mask(folder / f"{name}.png", saliency)
            if show:
                show.add(overlay(frame, saliency))
            bar.update()


def saliency_maps(
    network: nn.Module, frames: Iterable[np.ndarray], config: PredictConfig | None = None
) -> Iterator[np.ndarray]:
    """Yield a saliency map, (H, W) float32 in [0, 1], for each frame (H, W, 3) uint8 RGB.

    Example:
        >>> for saliency in saliency_maps(network, video.stream()):      # doctest: +SKIP
        ...     print(saliency.mean())
    """
    return (saliency for _, saliency in frames_with_saliency(network, frames, config))


def frames_with_saliency(
    network: nn.Module, frames: Iterable[np.ndarray], config: PredictConfig | None = None
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield each frame as it came, with its saliency map at the frame's own size.

    At most `clip` frames wait in memory. Where clips overlap, a frame's probabilities are averaged.
    """
    config = config or PredictConfig()
    run = _runner(network, config)
    stride = config.clip - config.overlap
    waiting: dict[int, tuple[np.ndarray, list[Tensor]]] = {}
    given = 0  # frames that have been given out
    for first, clip in windows(frames, config.clip, stride):
        probabilities = run(clip)  # (T, 1, size, size)
        for index, frame, probability in zip(count(first), clip, probabilities, strict=False):
            if index >= given:  # the last clip also holds earlier frames, to see them
                waiting.setdefault(index, (frame, []))[1].append(probability)
        while given in waiting and given < first + stride:
            yield _merge(*waiting.pop(given))
            given += 1
    for index in sorted(waiting):
        yield _merge(*waiting[index])


def windows(
    frames: Iterable[np.ndarray], length: int, stride: int
) -> Iterator[tuple[int, list[np.ndarray]]]:
    """Cut a stream into clips of `length` frames, one every `stride` frames.

    The last clip is aligned to the end, so that no frame is left out and none is seen in a clip
    shorter than the others. Only a stream shorter than `length` makes a shorter clip.

    Yields:
        The clip's first index and its frames.
    """
    recent: deque[np.ndarray] = deque(maxlen=length)
    fresh = 0  # frames that no clip has held yet
    read = 0
    for frame in frames:
        recent.append(frame)
        read, fresh = read + 1, fresh + 1
        if fresh == (length if read <= length else stride):
            yield read - length, list(recent)
            fresh = 0
    if fresh:
        yield read - len(recent), list(recent)


def _runner(network: nn.Module, config: PredictConfig) -> Callable[[list[np.ndarray]], Tensor]:
    """Give the function from frames to their probabilities, (T, 1, size, size) on the CPU."""
    if isinstance(network, FGPLG):
        raise WeightsError("an FGPLG needs labels beside each frame; predict with an RCRNet+NER")
    device = pick_device(config.device)
    precision = pick_precision(config.precision, device)
    network.eval().to(device)

    @torch.no_grad()
    def run(clip: list[np.ndarray]) -> Tensor:
        frames = torch.stack([image_tensor(frame, (config.size,) * 2) for frame in clip])
        batch = normalise(frames).to(device)
        with autocast(device, precision):
            logits = network(batch) if isinstance(network, RCRNet) else network(batch[None])[0]
        return logits.float().sigmoid().cpu()

    return run


def _merge(frame: np.ndarray, probabilities: list[Tensor]) -> tuple[np.ndarray, np.ndarray]:
    """Average a frame's probabilities and bring them to its own size."""
    mean = torch.stack(probabilities).mean(dim=0)
    height, width = frame.shape[:2]
    return frame, resize(mean[None], (height, width))[0, 0].numpy()


class _Film:
    """An mp4 file that frames are appended to; there when it is whole."""

    def __init__(self, path: Path, size: tuple[int, int], frames_per_second: float = 24.0) -> None:
        self.path, self.size, self.rate = path, size, frames_per_second

    def __enter__(self) -> _Film:
        self.whole = atomic_file(self.path)
        height, width = self.size
        code = cv2.VideoWriter.fourcc(*"mp4v")
        self.writer = cv2.VideoWriter(str(self.whole.__enter__()), code, self.rate, (width, height))
        return self

    def add(self, frame: np.ndarray) -> None:
        """Append a frame (H, W, 3) uint8 RGB."""
        self.writer.write(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))

    def __exit__(self, *error: Any) -> None:
        self.writer.release()
        self.whole.__exit__(*error)
