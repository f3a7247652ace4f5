"""The settings of one stage of training."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

from rcrlib.errors import OptionError

Schedule = Literal["constant", "cosine"]


@dataclass(frozen=True)
class TrainConfig:
    """Settings of one stage of training.

    The same settings give the same bits on a CPU, with as many threads (`torch.get_num_threads`):
    their number decides in which order PyTorch adds.

    Raises:
        OptionError: a setting is out of its range, or both or none of steps and epochs are given.
    """

    batch: int
    """Samples (images, triplets or clips) per step, over all processes together."""

    lr: float
    """Adam's learning rate at its highest. Paper 4.2: 1e-4 for images, then 1e-5."""

    steps: int | None = None
    """Optimiser steps; either this or `epochs`."""

    epochs: int | None = None
    """Passes over the samples, rounded up to whole steps. Not in the paper; authors' code: 51."""

    schedule: Schedule = "constant"
    """The paper's rate is constant; short runs from scratch gain from a warm-up and a cosine."""

    augment: bool = False
    """Flip, crop and change colours, alike in all of a clip. The authors use none on video."""

    reverse: bool = False
    """Play half of the clips backwards: the authors' only augmentation of video."""

    seed: int = 0
    """Decides the order of samples, augmentation, dropout and the initial values."""

    device: str = "auto"
    """Where to train; see `rcrlib.runtime.pick_device`."""

    precision: str = "auto"
    """How exactly to compute; see `rcrlib.runtime.pick_precision`."""

    checkpoint_every: int = 50
    """Steps between checkpoints: what a killed run may lose."""

    workers: int = 0
    """Processes that prefetch and augment samples; 0 reads in the training process."""

    def __post_init__(self) -> None:
        if (self.steps is None) == (self.epochs is None):
            raise OptionError("give either steps or epochs, and not both")
        for name in ("steps", "epochs", "batch", "checkpoint_every"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise OptionError(f"{name} is {value}; it must be at least 1")
        if not 0 < self.lr < math.inf:
            raise OptionError(f"lr is {self.lr}; it must be a number above 0")
        if self.schedule not in get_args(Schedule):
            expected = ", ".join(get_args(Schedule))
            raise OptionError(f"schedule is {self.schedule!r}; expected one of {expected}")
        if self.workers < 0:
            raise OptionError(f"workers is {self.workers}; it must be at least 0")

    def length(self, samples: int) -> int:
        """Return the number of optimiser steps on a set of `samples` samples."""
        if self.steps is not None:
            return self.steps
        assert self.epochs is not None
        return -(-self.epochs * samples // self.batch)

    def rate(self, step: int, steps: int) -> float:
        """Return the learning rate of `step` (counted from 0) in a run of `steps`.

        The cosine schedule rises over the first twentieth and falls to a fiftieth of the rate.
        """
        if self.schedule == "constant":
            return self.lr
        warm = max(1, steps // 20)
        if step < warm:
            return self.lr * (step + 1) / warm
        progress = (step - warm) / max(1, steps - warm)
        return self.lr * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * progress)))
