"""Which samples a step trains on: a pure function of the seed and the step.

There is no random state that goes on from step to step: a resumed run, a run with worker processes
and a run over several processes all see the same samples at the same step.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

import torch
from torch.utils.data import Sampler

from rcrlib.errors import OptionError
from rcrlib.runtime import mix_seed


class SampleKey(NamedTuple):
    """The number of a sample, and the seed of everything random about reading it."""

    sample: int
    seed: int


@dataclass(frozen=True)
class StepSampler(Sampler[list[SampleKey]]):
    """Yield this process's samples for each step from `first` to `steps`.

    Every epoch is a fresh permutation of all samples; steps run across its end, so that no sample
    is left out however the batch divides the set. Process `rank` of `world` takes every `world`-th
    sample of the step.

    Raises:
        OptionError: `batch` cannot be divided among the processes.
    """

    samples: int
    batch: int
    steps: int
    seed: int
    first: int = 0
    rank: int = 0
    world: int = 1

    def __post_init__(self) -> None:
        if self.batch % self.world:
            raise OptionError(
                f"batch {self.batch} cannot be shared by {self.world} processes; use a multiple"
            )

    def __len__(self) -> int:
        return self.steps - self.first

    def __iter__(self) -> Iterator[list[SampleKey]]:
        for step in range(self.first, self.steps):
            yield self.at(step)[self.rank :: self.world]

    def starting_at(self, step: int) -> StepSampler:
        """Return the same sampler for the steps from `step` on."""
        return replace(self, first=step)

    def at(self, step: int) -> list[SampleKey]:
        """Return the samples of all processes at `step`."""
        positions = range(step * self.batch, (step + 1) * self.batch)
        return [self._sample_at(position) for position in positions]

    def _sample_at(self, position: int) -> SampleKey:
        epoch, place = divmod(position, self.samples)
        order = _permutation(self.samples, mix_seed(self.seed, epoch))
        return SampleKey(order[place], mix_seed(self.seed, position, 1))


@lru_cache(maxsize=4)
def _permutation(samples: int, seed: int) -> tuple[int, ...]:
    generator = torch.Generator().manual_seed(seed)
    return tuple(torch.randperm(samples, generator=generator).tolist())
