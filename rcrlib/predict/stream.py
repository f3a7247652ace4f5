"""Prediction of a stream: frames are cut into clips, a frame's probabilities averaged."""

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
from rcrlib.runtime import free_memory, inference_precision, pick_device, pick_precision
from rcrlib.triplets import image_tensor

BATCH_FRAMES = {"cpu": 1, "cuda": 32, "mps": 8}
"""Frames in a batch of clips, by device: enough to keep it busy."""

BYTES_PER_FRAME = 24 * 2**20
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


class PreparedFrame(NamedTuple):
    """A frame (H, W, 3) uint8, and the network's input, (3, size, size) float in [0, 1]."""

    frame: np.ndarray
    pixels: Tensor


class Predictor(NamedTuple):
    """A network ready for inference on a device."""

    predict_clips: Callable[[Tensor], Tensor]
    """Clips (B, T, 3, size, size) in [0, 1] to probabilities (B, T, 1, size, size).

    The result is on `device` and may not be computed yet.
    """

    device: torch.device


def make_predictor(network: nn.Module, config: PredictConfig) -> Predictor:
    """Copy the network to the device of `config`, accelerated for inference.

    Raises:
        OptionError: the device or the precision is not to be had.
        WeightsError: the network is an FGPLG, which needs labels.
    """
    if isinstance(network, FGPLG):
        raise WeightsError("an FGPLG needs labels beside each frame; predict with an RCRNet+NER")
    device = pick_device(config.device)
    precision = pick_precision(config.precision, device)
    dtype, casting = inference_precision(device, precision)
    ready = for_inference(network).to(device, dtype)

    @torch.inference_mode()
    def predict_clips(clips: Tensor) -> Tensor:
        if device.type == "cuda":
            clips = clips.pin_memory()
        batch = normalise(clips.to(device, non_blocking=True)).to(dtype)
        with casting:
            if isinstance(ready, RCRNet):
                return ready(batch.flatten(0, 1)).unflatten(0, batch.shape[:2]).float().sigmoid()
            probabilities: Tensor = ready(batch).float().sigmoid()
            return probabilities

    return Predictor(predict_clips, device)


def prepare_frames(frames: Iterable[np.ndarray], config: PredictConfig) -> Iterator[PreparedFrame]:
    """Resize each frame (H, W, 3) uint8 RGB to the network's input."""
    return (PreparedFrame(frame, image_tensor(frame, (config.size,) * 2)) for frame in frames)


def predict_stream(
    predictor: Predictor, frames: Iterable[PreparedFrame], config: PredictConfig
) -> Iterator[tuple[np.ndarray, Tensor]]:
    """Yield each frame with the mean of its probabilities over all clips, (1, size, size)."""
    length, stride = config.clip, config.clip - config.overlap
    if config.whole:
        frames = list(frames)
        length = stride = max(1, len(frames))
        _check_memory(length, config, predictor.device)
    batch = config.batch or max(1, BATCH_FRAMES[predictor.device.type] // length)
    waiting: dict[int, tuple[np.ndarray, list[Tensor]]] = {}
    for clips, results in _predict_batches(predictor, windows(frames, length, stride), batch):
        for (first, clip), result in zip(clips, results, strict=True):
            for index in [index for index in waiting if index < first]:  # no later clip holds them
                yield _mean(*waiting.pop(index))
            for index, prepared, probability in zip(count(first), clip, result, strict=False):
                waiting.setdefault(index, (prepared.frame, []))[1].append(probability)
    for frame, probabilities in waiting.values():
        yield _mean(frame, probabilities)


Clip = tuple[int, list[PreparedFrame]]


def _predict_batches(
    predictor: Predictor, clips: Iterator[Clip], size: int
) -> Iterator[tuple[list[Clip], Tensor]]:
    """Yield batches of `size` clips and their probabilities on the CPU.

    A GPU starts on the next batch before the results of the last one are copied.
    """
    pending: deque[tuple[list[Clip], Tensor]] = deque()
    while batch := list(islice(clips, size)):
        pixels = [torch.stack([prepared.pixels for prepared in clip]) for _, clip in batch]
        pending.append((batch, predictor.predict_clips(torch.stack(pixels))))
        if len(pending) > (predictor.device.type != "cpu"):
            done, results = pending.popleft()
            yield done, results.cpu()
    for done, results in pending:
        yield done, results.cpu()


def _mean(frame: np.ndarray, probabilities: list[Tensor]) -> tuple[np.ndarray, Tensor]:
    return frame, torch.stack(probabilities).mean(dim=0)


def resize_to_frame(probability: Tensor, frame: np.ndarray) -> np.ndarray:
    """Resize probabilities (1, size, size) to (H, W), the size of their frame."""
    height, width = frame.shape[:2]
    return resize(probability[None], (height, width))[0, 0].numpy()


def _check_memory(frames: int, config: PredictConfig, device: torch.device) -> None:
    """Raise `OptionError` where a clip of that many frames will not fit."""
    needed, free = frames * BYTES_PER_FRAME * (config.size / 448) ** 2, free_memory(device)
    if free is not None and needed > free:
        raise OptionError(
            f"whole: {frames} frames need about {needed / 2**30:.1f} GiB and {free / 2**30:.1f} GiB"
            " are free; give clip (and overlap), or a smaller size"
        )
