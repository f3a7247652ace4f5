"""Saliency for every frame of a video of any length, in memory that does not grow with it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from tqdm.auto import tqdm

from rcrlib.data import Dataset, Video, VideoFileFrames, normalise, resize, write_mask
from rcrlib.errors import OptionError, WeightsError
from rcrlib.files import output_folder
from rcrlib.models import FGPLG, RCRNet
from rcrlib.runtime import autocast, pick_device, pick_precision
from rcrlib.show import overlay
from rcrlib.triplets import image_tensor

FRAME_RATE = 24.0
"""Frames per second of an overlay video whose source does not say."""


@dataclass(frozen=True)
class PredictConfig:
    """How a video goes through the network.

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
        out: the folder to write: `VIDEO/FRAME.png`, or `IMAGE.png` for a set of images; one
            channel, the probability in 0..255.
        config: clips, resolution, device.
        video_overlay: also write `VIDEO.mp4` with the salient region tinted.
        force: replace a folder that an earlier run wrote.

    Raises:
        OptionError: `out` is not free, or an overlay video is asked for that cannot be made.
        DataError: a frame does not decode; nothing is left under `out`.
        WeightsError: the network is an FGPLG, which needs labels.
        OSError: the disk is full; nothing is left under `out`.
    """
    config = config or PredictConfig()
    _refuse_fgplg(network)
    if video_overlay and dataset.flat:
        raise OptionError(f"{dataset.root}: is a set of images, not videos; leave out the overlay")
    record = {"command": "predict", "data": dataset.name, **asdict(config)}
    with (
        output_folder(out, record, force=force) as folder,
        tqdm(
            total=sum(len(video) for video in dataset), desc="predict", unit="frame",
            disable=None, leave=False, dynamic_ncols=True,
        ) as bar,
    ):  # fmt: skip
        for video in dataset:
            maps = folder if dataset.flat else folder / video.name
            film = folder / f"{video.name}.mp4"
            with _film(film, video) if video_overlay else nullcontext(_no_film) as show:
                pairs = frames_with_saliency(network, video.stream(), config)
                for name, (frame, saliency) in zip(video.frame_names, pairs, strict=True):
                    write_mask(maps / f"{name}.png", saliency)
                    show(frame, saliency)
                    bar.update()
    return Path(out)


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

    A frame's probabilities are averaged over all clips that hold it: where clips overlap, and where
    the last one reaches back so as to be whole. At most two clips of frames wait in memory.

    Args:
        network: an RCRNet+NER, or an RCRNet (which sees each frame alone).
        frames: (H, W, 3) uint8 RGB.
        config: clips, resolution, device.

    Raises:
        WeightsError: the network is an FGPLG, which needs labels.
    """
    config = config or PredictConfig()
    run = _runner(network, config)
    waiting: dict[int, tuple[np.ndarray, list[Tensor]]] = {}
    for first, clip in windows(frames, config.clip, config.clip - config.overlap):
        for index in [index for index in waiting if index < first]:  # no later clip holds them
            yield _merge(*waiting.pop(index))
        for index, frame, probability in zip(count(first), clip, run(clip), strict=False):
            waiting.setdefault(index, (frame, []))[1].append(probability)
    for frame, probabilities in waiting.values():
        yield _merge(frame, probabilities)


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
    _refuse_fgplg(network)
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


def _refuse_fgplg(network: nn.Module) -> None:
    if isinstance(network, FGPLG):
        raise WeightsError("an FGPLG needs labels beside each frame; predict with an RCRNet+NER")


Show = Callable[[np.ndarray, np.ndarray], None]
"""Takes a frame (H, W, 3) uint8 RGB and its saliency map (H, W) in [0, 1]."""


def _no_film(frame: np.ndarray, saliency: np.ndarray) -> None:
    pass


@contextmanager
def _film(path: Path, video: Video) -> Iterator[Show]:
    """Write an mp4 file of overlays at the video's own rate; give what appends one to it."""
    height, width = video.size
    odd_row, odd_column = height % 2, width % 2  # the codec takes even sides; the border is doubled
    code = cv2.VideoWriter.fourcc(*"mp4v")
    size = (width + odd_column, height + odd_row)
    writer = cv2.VideoWriter(str(path), code, _frame_rate(video), size)
    if not writer.isOpened():
        raise OptionError(f"{path.name}: OpenCV cannot write mp4 files here; leave out the overlay")

    def show(frame: np.ndarray, saliency: np.ndarray) -> None:
        bgr = cv2.cvtColor(overlay(frame, saliency), cv2.COLOR_RGB2BGR)
        writer.write(cv2.copyMakeBorder(bgr, 0, odd_row, 0, odd_column, cv2.BORDER_REPLICATE))

    try:
        yield show
    finally:
        writer.release()
    if cv2.VideoCapture(str(path)).get(cv2.CAP_PROP_FRAME_COUNT) != len(video):
        # OpenCV does not say that a frame could not be written.
        raise OptionError(f"{path.name}: could not be written whole; is the disk full?")


def _frame_rate(video: Video) -> float:
    """Give the frames per second of a video file, `FRAME_RATE` for anything else."""
    if not isinstance(video.frames, VideoFileFrames):
        return FRAME_RATE
    rate = cv2.VideoCapture(str(video.frames.path)).get(cv2.CAP_PROP_FPS)
    return round(rate, 2) if 0 < rate < 1000 else FRAME_RATE
