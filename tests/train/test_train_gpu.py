"""The three stages on a GPU, at the precision it computes in."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from helpers.networks import NETWORK
from helpers.small_runs import STAGES, metrics, small_preset, train_stage
from rcrlib.models import load_weights


@pytest.mark.gpu
@pytest.mark.parametrize("precision", ["auto", "16"])
@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_trains_on_a_gpu_as_on_a_cpu_and_resumes(stage, precision, videos, tmp_path):
    for name, settings in (
        ("cpu", {"device": "cpu", "steps": 1}),
        ("gpu", {"device": "cuda", "precision": precision, "checkpoint_every": 1, "steps": 2}),
    ):
        preset = small_preset(**settings, schedule="constant")
        preset = replace(preset, network=replace(NETWORK, dropout=0.0))
        train_stage(stage, videos, tmp_path / name, preset)
    on_cpu, on_gpu = metrics(tmp_path / "cpu"), metrics(tmp_path / "gpu")
    assert on_gpu[0]["loss"] == pytest.approx(on_cpu[0]["loss"], abs=0.05)
    assert math.isfinite(on_gpu[1]["loss"])
    trained = load_weights(tmp_path / "gpu" / "model.safetensors").state_dict()
    assert all(tensor.device.type == "cpu" for tensor in trained.values())
    assert all(torch.isfinite(t).all() for t in trained.values() if t.is_floating_point())

    train_stage(stage, videos, tmp_path / "gpu", preset, resume=True)
    assert metrics(tmp_path / "gpu") == on_gpu, "a finished run has nothing left to do"
