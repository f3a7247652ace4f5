"""Timing variants against each other so that a busy machine slows all of them alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median

from rcrlib.errors import OptionError

DEFAULT_ROUNDS = 5
"""Timed runs of each variant: with fewer, a median says little."""


@dataclass(frozen=True)
class Times:
    """How long each run of a variant took, in seconds, in the order of the rounds."""

    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle time."""
        return median(self.seconds)

    @property
    def low(self) -> float:
        """The shortest time."""
        return min(self.seconds)

    @property
    def high(self) -> float:
        """The longest time."""
        return max(self.seconds)

    def over(self, other: Times) -> float:
        """Return how many times as long as `other` this took: the median of the rounds' ratios.

        A load that comes and goes touches both runs of a round, so this is steadier than the ratio
        of the medians.
        """
        pairs = zip(self.seconds, other.seconds, strict=True)
        return median(mine / theirs for mine, theirs in pairs)


def in_turn(
    variants: Mapping[str, Callable[[], object]],
    rounds: int = DEFAULT_ROUNDS,
    *,
    warm_up: int = 1,
    synchronise: Callable[[], object] | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, Times]:
    """Time variants in turn: all once in each round, every second round in reverse order.

    Args:
        variants: what to run, under its name.
        rounds: timed runs of each.
        warm_up: runs of each before that are not counted.
        synchronise: waits for all work queued on the device; None where calls are synchronous.
        clock: gives seconds. `time.process_time` counts what the processor did for this process,
            on all threads: no load disturbs it, but it does not see waiting, nor a GPU.

    Raises:
        OptionError: `rounds` is less than one.
    """
    if rounds < 1:
        raise OptionError(f"rounds is {rounds}; it must be at least 1")
    wait = synchronise or (lambda: None)
    seconds: dict[str, list[float]] = {name: [] for name in variants}
    for number in range(-warm_up, rounds):
        order = list(variants) if number % 2 == 0 else list(variants)[::-1]
        for name in order:
            wait()
            start = clock()
            variants[name]()
            wait()
            if number >= 0:
                seconds[name].append(clock() - start)
    return {name: Times(tuple(values)) for name, values in seconds.items()}
