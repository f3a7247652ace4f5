"""Reading the samples of each step, in this process or prefetched by others."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import torch
from torch.utils.data import DataLoader, Dataset

from rcrlib.errors import RcrError
from rcrlib.train.sampler import SampleKey, StepSampler
from rcrlib.train.samples import Sample, SampleSet, group_by_length


def read_steps(
    samples: SampleSet, sampler: StepSampler, *, workers: int, pin_memory: bool
) -> Iterator[list[Sample]]:
    """Yield each step's samples, stacked by length.

    The global random state is left alone: a resumed run, which starts reading at its own step, must
    get the same dropout as a run that was never stopped.

    Raises:
        RcrError: a sample cannot be read; the same one-line error with and without `workers`.
        OSError: likewise.
    """
    loader: DataLoader[list[Sample]] = DataLoader(
        _Steps(samples), batch_size=None, sampler=sampler, num_workers=workers,
        pin_memory=pin_memory, worker_init_fn=_ignore_ctrl_c,
        generator=torch.Generator(),
    )  # fmt: skip
    for groups in loader:
        if isinstance(groups, Exception):
            raise groups
        yield groups


class _Steps(Dataset[list[Sample]]):
    """The samples of whole steps."""

    def __init__(self, samples: SampleSet) -> None:
        self.samples = samples

    def __getitem__(self, keys: list[SampleKey]) -> list[Sample] | Exception:  # type: ignore[override]
        """Read a step; an error comes back as a value, as PyTorch would wrap it in a traceback."""
        try:
            return group_by_length([self.samples[key] for key in keys])
        except (RcrError, OSError) as error:
            return error


def _ignore_ctrl_c(worker: int) -> None:
    """Ignore Ctrl-C, which reaches all processes: the parent ends its step, then the workers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
