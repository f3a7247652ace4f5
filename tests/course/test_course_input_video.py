"""The film of the own-video lesson, and what is learned from on it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from rcrlib.course.lessons.l09_your_video.input_video import encoded_once, generated, stretch
from rcrlib.data import SyntheticConfig, load, write_synthetic
from rcrlib.errors import DataError, OptionError
from rcrlib.models import RCRNetConfig, RCRNetNER


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    folder = tmp_path_factory.mktemp("film")
    return folder / "film.mp4", generated(folder / "film.mp4", frames=6)


def test_the_generated_film_shows_its_scene(film):
    path, scene = film
    video = load(path)[0]
    assert (len(video), video.size) == (6, (180, 320))
    for t in (0, 5):
        away = np.abs(video.frame(t).astype(int) - scene.frame(t))
        assert away.mean() < 12  # mp4 loses detail, not colours


def test_a_stretch_is_short_small_and_in_order(film, tmp_path):
    path, scene = film
    video = stretch(path, tmp_path / "part", frames=4, widest=160)
    assert (len(video), video.size) == (4, (90, 160))
    assert video.frame_names == ("00000", "00001", "00002", "00003")
    small = cv2.resize(scene.frame(3), (160, 90), interpolation=cv2.INTER_AREA)
    assert np.abs(video.frame(3).astype(int) - small).mean() < 12
    whole = stretch(path, tmp_path / "whole", frames=99)
    assert (len(whole), whole.size) == (6, (180, 320))


def test_what_is_no_single_film_is_a_sentence(film, tmp_path):
    with pytest.raises(DataError, match="not there"):
        stretch(tmp_path / "none.mp4", tmp_path / "a")
    write_synthetic(SyntheticConfig(videos=2, frames=2, size=(32, 32)), tmp_path / "set")
    with pytest.raises(OptionError, match="holds 2 videos"):
        stretch(tmp_path / "set", tmp_path / "a")


def test_frames_are_encoded_without_dropout_and_the_network_stays_as_it_was(tmp_path):
    write_synthetic(SyntheticConfig(videos=1, frames=3, size=(32, 48)), tmp_path)
    config = RCRNetConfig("resnet18", aspp_channels=8, skip_channels=(4, 8), refine_channels=8)
    network = RCRNetNER(config).train()
    features, labels = encoded_once(network, load(tmp_path)[0], 32)
    again, _ = encoded_once(network, load(tmp_path)[0], 32)
    assert network.training
    assert network.rcrnet.encoder.aspp.dropout.training
    torch.testing.assert_close(features, again, rtol=0, atol=0)
    assert not features.context.requires_grad
    assert len(features.context) == 3
    assert labels.shape == (3, 1, 32, 32)
    assert set(labels.unique().tolist()) == {0.0, 1.0}
