"""Saliency maps of videos, frames and images from Python, by one object."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from torch import nn

from rcrlib.background import prefetch
from rcrlib.data import load
from rcrlib.errors import DataError, WeightsError
from rcrlib.models import FGPLG, load_weights, shipped_weights, weights_metadata
from rcrlib.predict.config import PredictConfig, clip_and_size
from rcrlib.predict.folder import PREFETCH
from rcrlib.predict.stream import (
    make_predictor,
    predict_stream,
    prepare_frames,
    resize_to_frame,
)


class Saliency:
    """Predict saliency maps of videos, streams of frames and single images.

    Each map is (H, W) float32 in [0, 1], of its frame's own size. Frames are read as their maps are
    asked for, so a video may be of any length. The options and their defaults are those of
    `rcr predict`.

    Args:
        weights: a file of an RCRNet+NER or an RCRNet, written by `rcr train` or released by the
            authors; None takes the weights that come with the package (CC BY-NC 4.0).
        clip: T, the frames that the network sees together; None is what the weights were trained
            at, else 4.
        overlap: frames that neighbouring clips share.
        whole: see each video as one clip, however long; its memory grows with the video.
        size: side of the square that frames are resized to; None is what the weights were trained
            at, else 448.
        batch: clips computed together; None depends on the device.
        device: "auto", "cpu", "cuda", "cuda:N" or "mps".
        precision: "auto", "32", "bf16" or "16".

    Raises:
        OptionError: an option is out of its range, or the machine has no such device.
        WeightsError: the file cannot be read, or holds an FGPLG, which needs labels.

    Example:
        >>> import numpy as np
        >>> from rcrlib import Saliency
        >>> saliency = Saliency(size=64, device="cpu")
        >>> image = np.zeros((48, 80, 3), np.uint8)
        >>> saliency.image(image).shape
        (48, 80)
        >>> for one in saliency.frames([image, image]):      # or saliency.video("film.mp4")
        ...     print(one.shape, one.dtype)
        (48, 80) float32
        (48, 80) float32
    """

    def __init__(
        self,
        weights: str | Path | None = None,
        *,
        clip: int | None = None,
        overlap: int = 0,
        whole: bool = False,
        size: int | None = None,
        batch: int | None = None,
        device: str = "auto",
        precision: str = "auto",
    ) -> None:
        network, self.config = load_for_prediction(
            weights, clip=clip, overlap=overlap, whole=whole, size=size, batch=batch,
            device=device, precision=precision,
        )  # fmt: skip
        self._predictor = make_predictor(network, self.config)

    def video(self, path: str | Path) -> Iterator[np.ndarray]:
        """Iterate over the maps of all frames of a video file or a folder of frames.

        Args:
            path: a video file, or a folder of frames whose names are in the order of time.

        Raises:
            DataError: nothing is there, it is no video, or it holds several; while iterating: a
                frame does not decode.
        """
        dataset = load(path)
        if dataset.flat:
            raise DataError(f"{path}: is a set of images, not a video; give each to image()")
        if len(dataset) != 1:
            raise DataError(f"{path}: holds {len(dataset)} videos; give one of them")
        return self._video_maps(dataset[0].stream())

    def frames(self, frames: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        """Iterate over the maps of consecutive frames of one video.

        Args:
            frames: (H, W, 3) uint8 RGB each. OpenCV's are BGR: give `frame[..., ::-1]`.

        Raises:
            DataError: while iterating: a frame has another type or shape.
        """
        prepared = prepare_frames(map(_check_frame, frames), self.config)
        for frame, mean in predict_stream(self._predictor, prepared, self.config):
            yield resize_to_frame(mean, frame)

    def image(self, image: np.ndarray) -> np.ndarray:
        """Return the map of a single image, as that of a video of one frame.

        Args:
            image: (H, W, 3) uint8 RGB.

        Raises:
            DataError: the image has another type or shape.
        """
        (saliency,) = self.frames([image])
        return saliency

    def _video_maps(self, frames: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
        with prefetch(frames, PREFETCH) as prefetched:
            yield from self.frames(prefetched)


def load_for_prediction(
    weights: str | Path | None = None,
    *,
    clip: int | None = None,
    size: int | None = None,
    overlap: int = 0,
    whole: bool = False,
    batch: int | None = None,
    device: str = "auto",
    precision: str = "auto",
) -> tuple[nn.Module, PredictConfig]:
    """Load a network, with the clip length and the size that its weights were trained at.

    Args:
        weights: a file of weights; None takes the weights that come with the package.
        clip: see `PredictConfig`, as all others; None is what the weights' metadata say, else the
            paper's 4.
        size: None is what the weights' metadata say, else the paper's 448.
        overlap: frames that a clip shares with the next.
        whole: see each video as one clip.
        batch: clips that go through the network together.
        device: where to compute.
        precision: how exactly to compute.

    Raises:
        OptionError: an option is out of its range.
        WeightsError: the file cannot be read, or holds an FGPLG, which needs labels.
    """
    file = shipped_weights() if weights is None else weights
    network, trained = load_weights(file), weights_metadata(file)
    if isinstance(network, FGPLG):
        raise WeightsError(f"{file}: holds an FGPLG, which needs labels; give an RCRNet+NER")
    trained_clip, trained_size = clip_and_size(trained)
    config = PredictConfig(
        clip=trained_clip if clip is None else clip,
        size=trained_size if size is None else size,
        overlap=overlap, whole=whole, batch=batch, device=device, precision=precision,
    )  # fmt: skip
    return network, config


def _check_frame(frame: np.ndarray) -> np.ndarray:
    """Raise `DataError` unless a frame is (H, W, 3) uint8."""
    if not isinstance(frame, np.ndarray):
        raise DataError(
            f"a frame is a {type(frame).__name__}; expected a NumPy array (H, W, 3) uint8, RGB"
        )
    if frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3 or frame.size == 0:
        raise DataError(
            f"a frame is {frame.dtype} of shape {frame.shape}; expected uint8 (H, W, 3), RGB"
        )
    return frame
