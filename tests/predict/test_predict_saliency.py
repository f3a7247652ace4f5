"""`rcrlib.Saliency`: saliency maps from Python, with the defaults of `rcr predict`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from helpers.films import frames_of, write_film
from helpers.networks import NETWORK
from helpers.small_runs import write_videos
from rcrlib import Saliency
from rcrlib.data import load, write_mask
from rcrlib.errors import DataError, OptionError, WeightsError
from rcrlib.models import FGPLG, RCRNet, RCRNetNER, load_weights, save_weights
from rcrlib.predict import PredictConfig, saliency_maps

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of a small network that says it was trained on clips of 3 at 32 pixels."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("saliency") / "network.safetensors"
    save_weights(RCRNetNER(NETWORK), path, clip=3, size=32)
    return path


@pytest.fixture(scope="module")
def saliency(weights: Path) -> Saliency:
    return Saliency(weights, device="cpu")


def expected(weights: Path, frames: list[np.ndarray], **options) -> list[np.ndarray]:
    config = PredictConfig(**{"clip": 3, "size": 32, "device": "cpu", **options})
    return list(saliency_maps(load_weights(weights), frames, config))


def test_clip_and_size_are_those_that_the_weights_were_trained_at(weights, saliency):
    assert saliency.config == PredictConfig(clip=3, size=32, device="cpu")
    other = Saliency(weights, clip=5, overlap=2, size=48, batch=2, precision="32", device="cpu")
    assert other.config == PredictConfig(
        clip=5, overlap=2, size=48, batch=2, precision="32", device="cpu"
    )
    assert Saliency(weights, whole=True, device="cpu").config.whole


def test_without_weights_it_takes_those_of_the_package():
    assert Saliency(device="cpu").config == PredictConfig(clip=4, size=352, device="cpu")


def test_weights_that_do_not_say_how_they_were_trained_get_the_papers_settings(tmp_path):
    save_weights(RCRNetNER(NETWORK), tmp_path / "network.safetensors")
    config = Saliency(tmp_path / "network.safetensors", device="cpu").config
    assert (config.clip, config.size) == (4, 448)


def test_frames_get_the_maps_of_the_network(weights, saliency):
    frames = frames_of(7)
    found = list(saliency.frames(iter(frames)))
    np.testing.assert_array_equal(found, expected(weights, frames))
    assert all(one.shape == frames[0].shape[:2] and one.dtype == np.float32 for one in found)


def test_options_reach_the_prediction(weights):
    frames = frames_of(5)
    found = list(Saliency(weights, clip=2, overlap=1, size=48, device="cpu").frames(frames))
    np.testing.assert_array_equal(found, expected(weights, frames, clip=2, overlap=1, size=48))


@pytest.mark.parametrize("network", [RCRNet, RCRNetNER])
def test_bf16_on_a_cpu_gives_nearly_the_maps_of_float32(network):
    torch.manual_seed(0)
    made, frames = network(NETWORK), frames_of(5)
    config = PredictConfig(clip=3, size=64, device="cpu", precision="32")
    exact = list(saliency_maps(made, frames, config))
    found = list(saliency_maps(made, frames, replace(config, precision="bf16")))
    assert all(one.dtype == np.float32 for one in found)
    assert 0 < np.abs(np.subtract(found, exact)).max() < 0.02


def test_an_image_is_a_video_of_one_frame(weights, saliency):
    (frame,) = frames_of(1)
    np.testing.assert_array_equal(saliency.image(frame), expected(weights, [frame])[0])


def test_a_video_file_and_a_folder_of_frames_are_videos(weights, saliency, tmp_path):
    film = write_film(tmp_path / "film.mp4", frames_of(5, (32, 48)))
    np.testing.assert_array_equal(
        list(saliency.video(film)), expected(weights, list(load(film)[0].stream()))
    )
    folder = next((write_videos(tmp_path / "set", frames=4) / "JPEGImages").glob("*/*"))
    found = list(saliency.video(str(folder)))
    np.testing.assert_array_equal(found, expected(weights, list(load(folder)[0].stream())))
    assert len(found) == 4


def test_frames_are_read_as_maps_are_asked_for(saliency):
    read = []

    def endless() -> Iterator[np.ndarray]:
        (frame,) = frames_of(1)
        while True:
            read.append(None)
            yield frame

    maps = saliency.frames(endless())
    for _ in range(4):
        next(maps)
    assert len(read) < 12


def test_what_is_no_single_video_is_refused_at_once(saliency, tmp_path):
    with pytest.raises(DataError, match=r"not there"):
        saliency.video(tmp_path / "missing.mp4")
    videos = write_videos(tmp_path / "set", frames=4)
    with pytest.raises(DataError, match=r"set: holds \d videos; give one of them"):
        saliency.video(videos)
    for part in ("imgs", "gt"):
        write_mask(tmp_path / "pairs" / part / "one.png", np.ones((8, 8)))
    with pytest.raises(DataError, match=r"pairs: is a set of images, not a video; give each to im"):
        saliency.video(tmp_path / "pairs")


@pytest.mark.parametrize(
    ("frame", "found"),
    [
        (np.zeros((8, 9, 3), np.float32), r"float32 of shape \(8, 9, 3\)"),
        (np.zeros((8, 9), np.uint8), r"uint8 of shape \(8, 9\)"),
        (np.zeros((3, 8, 9), np.uint8), r"uint8 of shape \(3, 8, 9\)"),
        (np.zeros((0, 9, 3), np.uint8), r"uint8 of shape \(0, 9, 3\)"),
        (torch.zeros(8, 9, 3, dtype=torch.uint8), "a Tensor"),
    ],
)
def test_a_frame_of_another_kind_is_refused(saliency, frame, found):
    with pytest.raises(DataError, match=rf"a frame is {found}; expected .*uint8"):
        saliency.image(frame)


def test_options_and_weights_that_cannot_be_used_are_refused(weights, tmp_path):
    with pytest.raises(OptionError, match="clip is 0"):
        Saliency(weights, clip=0)
    with pytest.raises(OptionError, match="device 'tpu'"):
        Saliency(weights, device="tpu")
    save_weights(FGPLG(NETWORK), tmp_path / "fgplg.safetensors")
    with pytest.raises(WeightsError, match=r"fgplg.safetensors: holds an FGPLG, which needs label"):
        Saliency(tmp_path / "fgplg.safetensors")
    with pytest.raises(WeightsError, match=r"missing.safetensors"):
        Saliency(tmp_path / "missing.safetensors")
