"""A folder of saliency maps: frames are prefetched, maps written in the background."""

from __future__ import annotations

import os
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path

import numpy as np
from torch import Tensor, nn
from tqdm.auto import tqdm

from rcrlib.background import background_calls, prefetch
from rcrlib.data import Dataset, write_mask
from rcrlib.errors import OptionError
from rcrlib.files import output_folder
from rcrlib.predict.config import PredictConfig
from rcrlib.predict.stream import (
    make_predictor,
    predict_stream,
    prepare_frames,
    resize_to_frame,
)
from rcrlib.show import Show, film, no_film

PREFETCH = 8
"""Frames that are read before the network asks for them."""

WRITERS = min(4, os.cpu_count() or 1)
"""Threads that write saliency maps."""


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
    predictor = make_predictor(network, config)
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
            path = folder / f"{video.name}.mp4"
            with (
                prefetch(prepare_frames(video.stream(), config), PREFETCH) as frames,
                film(path, video) if video_overlay else nullcontext(no_film) as show,
                background_calls(WRITERS, 2 * WRITERS) as write,
                background_calls(1, 2) as write_film,
            ):
                results = predict_stream(predictor, frames, config)
                for name, result in zip(video.frame_names, results, strict=True):
                    write(_write, maps / f"{name}.png", *result)
                    if video_overlay:
                        write_film(_show, show, *result)
                    bar.update()
    return Path(out)


def _write(path: Path, frame: np.ndarray, probability: Tensor) -> None:
    write_mask(path, resize_to_frame(probability, frame))


def _show(show: Show, frame: np.ndarray, probability: Tensor) -> None:
    show(frame, resize_to_frame(probability, frame))
