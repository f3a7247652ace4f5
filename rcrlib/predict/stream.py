"""Frames in, clips through the network, a mean probability for each frame out."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import count, islice
from typing import NamedTuple, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from rcrlib.data import normalise, resize
from rcrlib.errors import OptionError, WeightsError
from rcrlib.models import FGPLG, RCRNet, for_inference
from rcrlib.predict.config import PredictConfig
from rcrlib.runtime import autocast, free_memory, pick_device, pick_precision
from rcrlib.triplets import image_tensor

TOGETHER = {"cpu": 1, "cuda": 32, "mps": 8}
"""Frames that a batch of clips fills up to: what is enough to keep a device busy."""

WHOLE = 24 * 2**20
"""Bytes that one more 448x448 frame of a whole video takes, rounded up from its tensors' sizes."""

Frame = TypeVar("Frame")


def windows(frames: Iterable[Frame], length: int, stride: int) -> Iterator[tuple[int, list[Frame]]]:
    """Cut a stream into clips of `length` frames, one every `stride` frames.

    The last clip is aligned to the end, so that no frame is left out and none is seen in a clip
    shorter than the others. Only a stream shorter than `length` makes a shorter clip.

    Yields:
        The clip's first index and its frames.
    """
    recent: deque[Frame] = deque(maxlen=length)
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


class Seen(NamedTuple):
    """A frame (H, W, 3) uint8 as it came, and as the network sees it, (3, size, size) in [0, 1]."""

    frame: np.ndarray
    pixels: Tensor


class Runner(NamedTuple):
    """What turns clips of equal length (B, T, 3, size, size) into probabilities (B, T, 1, ...)."""

    run: Callable[[Tensor], Tensor]  # the result is on `device` and may not be ready yet
    device: torch.device


def runner(network: nn.Module, config: PredictConfig) -> Runner:
    """Make the network ready for its device; `WeightsError` for an FGPLG, which needs labels."""
    if isinstance(network, FGPLG):
        raise WeightsError("an FGPLG needs labels beside each frame; predict with an RCRNet+NER")
    device = pick_device(config.device)
    precision = pick_precision(config.precision, device)
    ready = for_inference(network).to(device)

    @torch.inference_mode()
    def run(clips: Tensor) -> Tensor:
        if device.type == "cuda":
            clips = clips.pin_memory()
        batch = normalise(clips.to(device, non_blocking=True))
        with autocast(device, precision):
            if isinstance(ready, RCRNet):
                return ready(batch.flatten(0, 1)).unflatten(0, batch.shape[:2]).float().sigmoid()
            probabilities: Tensor = ready(batch).float().sigmoid()
            return probabilities

    return Runner(run, device)


def seen(frames: Iterable[np.ndarray], config: PredictConfig) -> Iterator[Seen]:
    """Give frames with what the network sees of them."""
    return (Seen(frame, image_tensor(frame, (config.size,) * 2)) for frame in frames)


def means(
    network: Runner, frames: Iterable[Seen], config: PredictConfig
) -> Iterator[tuple[np.ndarray, Tensor]]:
    """Yield each frame with the mean of its probabilities, (1, size, size)."""
    length, stride = config.clip, config.clip - config.overlap
    if config.whole:
        frames = list(frames)
        length = stride = max(1, len(frames))
        _check_memory(length, config, network.device)
    together = config.batch or max(1, TOGETHER[network.device.type] // length)
    waiting: dict[int, tuple[np.ndarray, list[Tensor]]] = {}
    for clips, results in _run(network, windows(frames, length, stride), together):
        for (first, clip), result in zip(clips, results, strict=True):
            for index in [index for index in waiting if index < first]:  # no later clip holds them
                yield _mean(*waiting.pop(index))
            for index, seen, probability in zip(count(first), clip, result, strict=False):
                waiting.setdefault(index, (seen.frame, []))[1].append(probability)
    for frame, probabilities in waiting.values():
        yield _mean(frame, probabilities)


Clips = list[tuple[int, list[Seen]]]


def _run(
    network: Runner, clips: Iterator[tuple[int, list[Seen]]], together: int
) -> Iterator[tuple[Clips, Tensor]]:
    """Yield batches of clips and their probabilities on the CPU.

    A GPU is given the next batch before the results of the last are waited for.
    """
    pending: deque[tuple[Clips, Tensor]] = deque()
    while batch := list(islice(clips, together)):
        pixels = [torch.stack([seen.pixels for seen in clip]) for _, clip in batch]
        pending.append((batch, network.run(torch.stack(pixels))))
        if len(pending) > (network.device.type != "cpu"):
            done, results = pending.popleft()
            yield done, results.cpu()
    for done, results in pending:
        yield done, results.cpu()


def _mean(frame: np.ndarray, probabilities: list[Tensor]) -> tuple[np.ndarray, Tensor]:
    return frame, torch.stack(probabilities).mean(dim=0)


def at_size_of(frame: np.ndarray, probability: Tensor) -> np.ndarray:
    """Bring a frame's probabilities (1, size, size) to its own size."""
    height, width = frame.shape[:2]
    return resize(probability[None], (height, width))[0, 0].numpy()


def _check_memory(frames: int, config: PredictConfig, device: torch.device) -> None:
    """Raise `OptionError` where a clip of that many frames will not fit."""
    needed, free = frames * WHOLE * (config.size / 448) ** 2, free_memory(device)
    if free is not None and needed > free:
        raise OptionError(
            f"whole: {frames} frames need about {needed / 2**30:.1f} GiB and {free / 2**30:.1f} GiB"
            " are free; give clip (and overlap), or a smaller size"
        )
