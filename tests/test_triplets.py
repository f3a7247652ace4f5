"""What FGPLG sees of a frame, held against the synthetic set's exact flow."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from helpers.films import write_film
from rcrlib.data import (
    Dataset,
    SyntheticConfig,
    Video,
    VideoFileFrames,
    load,
    make_synthetic,
    write_synthetic,
)
from rcrlib.flow import get_flow, warp, write_flow
from rcrlib.models import FGPLG, RCRNetConfig
from rcrlib.triplets import TripletReader, image_tensor, label_tensor, reader_for

CONFIG = SyntheticConfig(videos=2, frames=9, size=(64, 80), seed=1, occlusion=0)
SIZE = CONFIG.size


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return load(write_synthetic(CONFIG, tmp_path_factory.mktemp("triplets") / "set"))


@pytest.fixture(scope="module")
def exact(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the flow estimator that reads the exact flow from frame 4 to 2 and to 6."""
    folder = tmp_path_factory.mktemp("exact")
    for video in make_synthetic(CONFIG):
        for j in (2, 6):
            flow = torch.from_numpy(video.flow(4, j)).permute(2, 0, 1)[None]
            file = folder / video.name / f"00004_{j:05d}.npy"
            file.parent.mkdir(exist_ok=True)
            write_flow(file, flow)
    return f"precomputed:{folder}"


def test_labels_warped_with_the_exact_flow_lie_on_the_frame_in_between(dataset, exact):
    reader = TripletReader(get_flow(exact), SIZE, SIZE)
    for video, synthetic in zip(dataset, make_synthetic(CONFIG), strict=True):
        frame, guide = reader(video, 2, 4, 6)
        assert frame.shape == (3, *SIZE)
        assert guide.shape == (4, *SIZE)
        truth = torch.from_numpy(synthetic.mask(4)).bool()
        for channel, j in ((guide[0], 2), (guide[1], 6)):
            seen = ~torch.from_numpy(synthetic.occlusion(4, j))
            warped = (channel >= 0.5) & seen
            union = (warped | (truth & seen)).sum()
            assert (warped & truth).sum() / union > 0.93


def test_the_channels_are_in_the_order_i_j_and_the_flow_starts_at_k(dataset, exact):
    reader = TripletReader(get_flow(exact), SIZE, SIZE, variant="official")
    video = dataset[0]
    _, guide = reader(video, 2, 4, 6)
    flow = reader.flow_between(video, 4, 2)
    assert torch.equal(flow, get_flow(exact)(*_pixels(video, 4, 2), [_names(video, 4, 2)]))
    assert torch.allclose(guide[0], warp(label_tensor(video, 2, SIZE)[None], flow)[0, 0])
    dx, dy = flow[0]
    assert torch.allclose(guide[2], torch.sqrt((dx / 80) ** 2 + (dy / 64) ** 2), atol=1e-6)


def _pixels(video, *indices):
    return [torch.from_numpy(video.frame(n)).permute(2, 0, 1)[None] for n in indices]


def _names(video, *indices):
    return tuple(f"{video.name}/{video.frame_names[n]}" for n in indices)


def test_what_is_switched_off_is_neither_computed_nor_given(dataset):
    def forbidden(a, b, names=None):
        raise AssertionError("no flow is needed")

    video = dataset[0]
    for inputs in ("rgb", "rgb+labels"):
        _, guide = TripletReader(forbidden, SIZE, SIZE, inputs)(video, 2, 4, 6)
        assert not guide[2:].any()
        labels = torch.cat([label_tensor(video, n, SIZE) for n in (2, 6)])
        assert torch.equal(guide[:2], labels if inputs == "rgb+labels" else torch.zeros(2, *SIZE))


def test_labels_are_warped_at_a_size_of_their_own(dataset):
    reader = TripletReader(get_flow("dis"), (16, 16), (64, 80))
    frame, guide = reader(dataset[0], 2, 4, 6)
    assert frame.shape == (3, 16, 16)
    assert guide.shape == (4, 16, 16)
    assert 0 <= guide.min() <= guide[:2].max() <= 1


def test_the_reader_prepares_what_its_generator_was_built_for():
    small = RCRNetConfig("resnet18", aspp_channels=4, skip_channels=(2, 4), refine_channels=4)
    reader = reader_for(FGPLG(small, "rgb+labels", "official"), get_flow("dis"), (8, 8), (9, 9))
    assert (reader.inputs, reader.variant) == ("rgb+labels", "official")
    assert (reader.size, reader.flow_size) == ((8, 8), (9, 9))


def test_frames_and_labels_become_tensors_in_the_unit_range(dataset):
    video = dataset[0]
    frame = image_tensor(video.frame(0), SIZE)
    assert torch.equal(frame, torch.from_numpy(video.frame(0)).permute(2, 0, 1) / 255)
    label = label_tensor(video, 0, SIZE)
    assert np.array_equal(label[0].numpy(), video.label(0))
    half = label_tensor(video, 0, (32, 40))
    assert 0 < ((half > 0) & (half < 1)).float().mean() < 0.2, "edges turn soft, nothing else"


def test_a_video_file_is_read_forwards_once_a_triplet(dataset, tmp_path, monkeypatch):
    path = write_film(tmp_path / "film.avi", dataset[0].stream())
    video = Video("film", VideoFileFrames(path), dataset[0].labels)
    assert video.size == SIZE
    opened, open_film = [], cv2.VideoCapture
    monkeypatch.setattr(cv2, "VideoCapture", lambda *a: opened.append(a) or open_film(*a))
    TripletReader(get_flow("dis"), SIZE, SIZE)(video, 2, 4, 6)
    assert len(opened) <= 1
