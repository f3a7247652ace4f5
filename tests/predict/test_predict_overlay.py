"""The overlay video that prediction leaves beside its maps."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from helpers.films import frames_of, write_film
from helpers.networks import NETWORK
from rcrlib.data import load
from rcrlib.errors import OptionError
from rcrlib.models import RCRNet
from rcrlib.predict import PredictConfig, predict

SMALL = PredictConfig(clip=4, size=32, device="cpu")


@pytest.fixture(scope="module")
def network() -> RCRNet:
    torch.manual_seed(0)
    return RCRNet(NETWORK).eval()


def read_film(path: Path) -> tuple[list[np.ndarray], float]:
    capture = cv2.VideoCapture(str(path))
    frames = []
    while (read := capture.read())[0]:
        frames.append(read[1])
    return frames, capture.get(cv2.CAP_PROP_FPS)


@pytest.mark.parametrize("size", [(40, 56), (41, 57), (1, 33)])
def test_the_overlay_video_has_every_frame_also_of_odd_sizes(size, network, tmp_path):
    (tmp_path / "odd").mkdir()
    for number, frame in enumerate(frames_of(5, size)):
        cv2.imwrite(str(tmp_path / "odd" / f"{number:05d}.png"), frame)
    predict(network, load(tmp_path / "odd"), tmp_path / "maps", SMALL, video_overlay=True)
    shown, rate = read_film(tmp_path / "maps" / "odd.mp4")
    assert len(shown) == 5
    assert rate == 24
    even = tuple(side + side % 2 for side in size)
    assert shown[0].shape[:2] == even


@pytest.mark.parametrize("rate", [12.5, 29.97, 60])
def test_the_overlay_of_a_video_file_plays_at_its_rate(rate, network, tmp_path):
    source = write_film(tmp_path / "clip.avi", frames_of(6, (32, 48)), rate)
    predict(network, load(source), tmp_path / "maps", SMALL, video_overlay=True)
    shown, found = read_film(tmp_path / "maps" / "clip.mp4")
    assert len(shown) == 6
    assert found == pytest.approx(rate, abs=0.01)


def test_an_overlay_that_cannot_be_written_whole_is_said(network, tmp_path, monkeypatch):
    class Deaf:
        def __init__(self, *arguments):
            pass

        def isOpened(self):
            return True

        def write(self, frame):
            """OpenCV does not say when the disk is full."""

        release = isOpened
        fourcc = staticmethod(cv2.VideoWriter.fourcc)

    source = load(write_film(tmp_path / "clip.avi", frames_of(3)))
    monkeypatch.setattr(cv2, "VideoWriter", Deaf)
    with pytest.raises(OptionError, match=r"\.mp4: could not be written whole; is the disk full"):
        predict(network, source, tmp_path / "maps", SMALL, video_overlay=True)
    monkeypatch.setattr(Deaf, "isOpened", lambda self: False)
    with pytest.raises(OptionError, match="cannot write mp4 files here"):
        predict(network, source, tmp_path / "maps", SMALL, video_overlay=True)
    assert [path.name for path in tmp_path.iterdir()] == ["clip.avi"]
