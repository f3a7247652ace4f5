"""Errors of a known amount, in flow and in labels."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from rcrlib.data import SyntheticConfig, load, make_synthetic
from rcrlib.errors import DataError
from rcrlib.experiments import ExperimentConfig
from rcrlib.experiments.lab import open_lab, places
from rcrlib.experiments.noise import ExactFlow, NoisyFlow, bend, smooth_field
from rcrlib.flow import get_flow
from rcrlib.metrics import iou

pytestmark = pytest.mark.usefixtures("one_thread")

CONFIG = SyntheticConfig(videos=3, frames=11, size=(40, 56), seed=3)


def disk(size: int = 100, radius: float = 20) -> np.ndarray:
    y, x = np.mgrid[:size, :size] - size / 2
    return (x**2 + y**2 < radius**2).astype(np.uint8)


@pytest.mark.parametrize("amount", [0.0, 0.02, 0.1])
def test_a_field_is_as_long_as_it_is_asked_to_be(amount):
    field = smooth_field((96, 96), amount, np.random.default_rng(0))
    assert float(field.square().sum(dim=0).mean().sqrt()) == pytest.approx(96 * amount, rel=1e-5)


def test_a_field_is_smooth():
    field = smooth_field((96, 96), 0.05, np.random.default_rng(0))
    assert field.diff(dim=2).abs().max() < 1  # of some five pixels


def test_a_mask_bent_by_nothing_is_itself_and_by_more_it_is_less_and_less():
    overlaps = [
        np.mean([iou(bend(disk(), a, np.random.default_rng(s)), disk()) for s in range(8)])
        for a in (0.0, 0.02, 0.04, 0.08)
    ]
    assert overlaps[0] == 1
    assert overlaps == sorted(overlaps, reverse=True)
    assert overlaps[-1] < 0.8


def test_the_same_frames_get_the_same_error_whatever_was_asked_before():
    a, b = torch.randint(0, 256, (2, 2, 3, 32, 32), dtype=torch.uint8).unbind(0)
    noisy = NoisyFlow(get_flow("dis"), 0.05, seed=1)
    both, second = noisy(a, b), noisy(a[1:], b[1:])
    assert torch.equal(both[1:], second)
    assert not torch.equal(both, get_flow("dis")(a, b))
    assert not torch.equal(both, NoisyFlow(get_flow("dis"), 0.05, seed=2)(a, b))
    assert torch.equal(NoisyFlow(get_flow("dis"), 0.0, seed=1)(a, b), get_flow("dis")(a, b))


def test_the_true_flow_is_that_of_the_set_and_scales_with_the_frames(data):
    assert made_from(data) == CONFIG
    video = load(data)[0]
    truth = torch.from_numpy(make_synthetic(CONFIG)[0].flow(0, 4)).permute(2, 0, 1)[None]
    pair = [(f"{video.name}/{video.frame_names[0]}", f"{video.name}/{video.frame_names[4]}")]
    frames = torch.zeros(1, 3, 40, 56, dtype=torch.uint8)
    assert torch.equal(ExactFlow(CONFIG)(frames, frames, pair), truth)
    double = torch.zeros(1, 3, 80, 112, dtype=torch.uint8)
    large = ExactFlow(CONFIG)(double, double, pair)
    assert large.abs().mean() == pytest.approx(2 * float(truth.abs().mean()), rel=0.02)


def test_the_true_flow_of_frames_without_names_is_not_known():
    frames = torch.zeros(1, 3, 40, 56, dtype=torch.uint8)
    with pytest.raises(DataError, match="names of the frames"):
        ExactFlow(CONFIG)(frames, frames)


@pytest.mark.parametrize("record", [None, '{"command": "predict"}', "["])
def test_a_set_that_was_not_made_here_has_no_true_flow(data, tmp_path, record):
    foreign = tmp_path / "set"
    shutil.copytree(data, foreign)
    (foreign / "rcr.json").unlink()
    if record is not None:
        (foreign / "rcr.json").write_text(record)
    assert made_from(foreign) is None


def made_from(data: Path) -> SyntheticConfig | None:
    """Return what an experiment takes a set for."""
    (place,) = places(ExperimentConfig("table2", data.parent / "out", data, device="cpu"))
    return open_lab(place).synthetic
