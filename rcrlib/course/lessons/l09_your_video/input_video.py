"""The video to label: the lesson's own or a reader's, cut to what can be tried in a minute."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import cv2
import torch
from PIL import Image
from torch import Tensor

from rcrlib.data import (
    JPEG_QUALITY,
    SyntheticConfig,
    SyntheticVideo,
    Video,
    load,
    make_synthetic,
    normalise,
    resize,
    to_tensor,
)
from rcrlib.errors import OptionError
from rcrlib.models import Features, RCRNetNER

RATE = 12
"""Frames per second of the generated film."""


def generated(path: str | Path, frames: int = 24) -> SyntheticVideo:
    """Write a generated film as mp4; return the scene, which knows its masks.

    A reed sweeps over the salient star.

    Raises:
        OptionError: OpenCV cannot write mp4 files here.
    """
    scene = make_synthetic(SyntheticConfig(videos=6, frames=frames, size=(180, 320)))[3]
    height, width = scene.config.size
    code = cv2.VideoWriter.fourcc(*"mp4v")
    writer = cv2.VideoWriter(str(path), code, RATE, (width, height))
    if not writer.isOpened():
        raise OptionError(f"{Path(path).name}: OpenCV cannot write mp4 files here; give a film")
    for t in range(frames):
        writer.write(cv2.cvtColor(scene.frame(t), cv2.COLOR_RGB2BGR))
    writer.release()
    return scene


def stretch(source: str | Path, folder: str | Path, frames: int = 24, widest: int = 640) -> Video:
    """Write the beginning of a film as image files into `folder`; return it as a video.

    Args:
        source: a video file, or a folder of frames.
        folder: to make.
        frames: how many, at most.
        widest: longer side in pixels, at most.

    Raises:
        DataError: the film cannot be read.
        OptionError: `source` holds several videos.
    """
    films, folder = load(source), Path(folder)
    if len(films) != 1:
        raise OptionError(f"{source}: holds {len(films)} videos; give one")
    folder.mkdir(parents=True)
    film = films[0]
    for name, frame in zip(film.frame_names, islice(film.stream(), frames), strict=False):
        small = Image.fromarray(frame)
        small.thumbnail((widest, widest))
        small.save(folder / f"{name}.jpg", quality=JPEG_QUALITY)
    return load(folder)[0]


def encoded_once(network: RCRNetNER, video: Video, side: int) -> tuple[Features, Tensor]:
    """Encode the labelled frames of a video, without gradients: for an encoder that stays as it is.

    Args:
        network: its image encoder is used.
        video: with labels for N of its frames.
        side: of the square that frames and labels are resized to.

    Returns:
        The features of the N frames, and their labels (N, 1, side, side) of {0, 1}.
    """
    size = (side, side)
    frames = [resize(to_tensor(video.frame(t)), size) for t in video.annotated]
    labels = [resize(torch.from_numpy(video.label(t))[None].float(), size) for t in video.annotated]
    learns = network.training
    network.eval()  # no dropout: what is drawn once would be missing for good
    with torch.no_grad():
        features = network.rcrnet.encode(normalise(torch.stack(frames)))
    network.train(learns)
    return features, (torch.stack(labels) >= 0.5).float()
