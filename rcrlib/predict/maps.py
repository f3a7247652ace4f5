"""Saliency maps of a stream of frames, for use from Python."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from torch import nn

from rcrlib.predict.config import PredictConfig
from rcrlib.predict.stream import (
    make_predictor,
    predict_stream,
    prepare_frames,
    resize_to_frame,
)


def saliency_maps(
    network: nn.Module, frames: Iterable[np.ndarray], config: PredictConfig | None = None
) -> Iterator[np.ndarray]:
    """Yield a saliency map, (H, W) float32 in [0, 1], for each frame (H, W, 3) uint8 RGB.

    Example:
        >>> from rcrlib.models import load_weights, shipped_weights
        >>> network = load_weights(shipped_weights())
        >>> frames = np.zeros((2, 48, 64, 3), np.uint8)      # or load("film.mp4")[0].stream()
        >>> for saliency in saliency_maps(network, frames, PredictConfig(size=64)):
        ...     print(saliency.shape, saliency.dtype)
        (48, 64) float32
        (48, 64) float32
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
    predictor = make_predictor(network, config)
    for frame, mean in predict_stream(predictor, prepare_frames(frames, config), config):
        yield frame, resize_to_frame(mean, frame)
