"""Reading the samples of each step, in this process or prefetched by others."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator

from rcrlib.background import prefetch
from rcrlib.train.sampler import SampleKey, StepSampler
from rcrlib.train.samples import Sample, SampleSet, group_by_length
from rcrlib.train.workers import Workers


def read_steps(
    samples: SampleSet, sampler: StepSampler, *, workers: int, pin_memory: bool
) -> Generator[list[Sample], None, None]:
    """Yield each step's samples, stacked by length.

    The global random state is left alone: a resumed run, which starts reading at its own step, must
    get the same dropout as a run that was never stopped.

    Args:
        samples: what to read.
        sampler: which samples each step has.
        workers: processes that read ahead; 0 reads here. They need no shared memory.
        pin_memory: put the samples where a GPU can fetch them by itself.

    Raises:
        RcrError: a sample cannot be read: the same one-line error with and without `workers`; or a
            worker cannot be started, has ended by itself or hangs.
        OSError: a sample cannot be read; likewise.
    """
    if workers == 0:
        yield from _pinned(_read_here(samples, sampler), pin_memory)
        return
    with (
        Workers(samples, workers) as others,
        # In a thread: a worker cannot go on before what it sends is taken.
        prefetch(_pinned(others.read(sampler), pin_memory), depth=1) as ready,
    ):
        try:
            yield from ready
        finally:
            others.end()  # before the thread is waited for, which may wait for them


def _read_here(samples: SampleSet, steps: Iterable[list[SampleKey]]) -> Iterator[list[Sample]]:
    for keys in steps:
        yield group_by_length([samples[key] for key in keys])


def _pinned(steps: Iterable[list[Sample]], wanted: bool) -> Iterator[list[Sample]]:
    for groups in steps:
        yield [Sample(*(p.pin_memory() for p in group)) for group in groups] if wanted else groups
