"""Settings of a run: their ranges, the length of a run, and its learning rate."""

from __future__ import annotations

import math

import pytest

from rcrlib.errors import OptionError
from rcrlib.train import TrainConfig


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"steps": 3, "epochs": 3}, "either steps or epochs"),
        ({}, "either steps or epochs"),
        ({"steps": 0}, "steps is 0"),
        ({"epochs": -1}, "epochs is -1"),
        ({"steps": 1, "batch": 0}, "batch is 0"),
        ({"steps": 1, "checkpoint_every": 0}, "checkpoint_every is 0"),
        ({"steps": 1, "lr": 0.0}, "lr is 0"),
        ({"steps": 1, "lr": math.nan}, "lr is nan"),
        ({"steps": 1, "lr": math.inf}, "lr is inf"),
        ({"steps": 1, "schedule": "linear"}, "schedule is 'linear'; expected one of constant, cos"),
        ({"steps": 1, "workers": -1}, "workers is -1"),
    ],
)
def test_settings_out_of_range_are_refused(settings, said):
    with pytest.raises(OptionError, match=said):
        TrainConfig(**{"batch": 2, "lr": 1e-3, **settings})


@pytest.mark.parametrize(
    ("epochs", "samples", "batch", "steps"), [(1, 10, 4, 3), (2, 10, 4, 5), (51, 1, 1, 51)]
)
def test_epochs_are_rounded_up_to_whole_steps(epochs, samples, batch, steps):
    assert TrainConfig(batch=batch, lr=1, epochs=epochs).length(samples) == steps


def test_the_papers_rate_is_constant():
    config = TrainConfig(batch=1, lr=1e-4, steps=100)
    assert {config.rate(step, 100) for step in range(100)} == {1e-4}


def test_the_cosine_schedule_warms_up_and_falls_to_a_fiftieth():
    config = TrainConfig(batch=1, lr=1.0, steps=100, schedule="cosine")
    rates = [config.rate(step, 100) for step in range(100)]
    assert rates[:5] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    assert rates[5] == 1.0
    assert rates[5:] == sorted(rates[5:], reverse=True)
    # By hand, half way from step 5 to step 100: 0.02 + 0.98 (1 + cos(pi 47/95)) / 2.
    assert rates[52] == pytest.approx(0.02 + 0.98 * (1 + math.cos(math.pi * 47 / 95)) / 2)
    assert 0.02 < rates[99] < 0.021


@pytest.mark.parametrize("steps", [1, 2])
def test_the_cosine_schedule_serves_runs_of_a_step_or_two(steps):
    config = TrainConfig(batch=1, lr=1.0, steps=steps, schedule="cosine")
    assert config.rate(0, steps) == 1.0
