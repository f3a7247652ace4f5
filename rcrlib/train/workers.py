"""Worker processes that read the samples of steps ahead of the training.

PyTorch's `DataLoader` sends tensors through shared memory, of which a plain container has 64 MB,
and from a thread of the worker: where the memory is full, the error stays in that thread, the step
is lost, and the parent waits for it for ever (https://github.com/pytorch/pytorch/issues/1355). Here
a worker writes each step into a pipe of its own, which needs no shared memory. It sends what goes
wrong in the step's place, and its end shows as the end of the pipe.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import threading
import time
import traceback
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice
from multiprocessing.connection import Connection, wait
from multiprocessing.util import Finalize
from typing import Any

import torch

from rcrlib.errors import RcrError
from rcrlib.signals import ignore_signals
from rcrlib.train.sampler import SampleKey
from rcrlib.train.samples import Sample, SampleSet, group_by_length

AHEAD = 2
"""Steps that each worker is asked for in advance."""

POLL = 5.0
"""Seconds of silence after which the parent looks whether a worker lives."""

PATIENCE = 600.0
"""Seconds without a step after which a worker that lives is taken for hung."""

REMEDY = "--resume goes on; give --workers 0 to read without them"


class Workers:
    """Processes that read steps, as long as the `with` block lasts.

    Args:
        samples: what they read.
        count: how many there are.

    Raises:
        RcrError: one cannot be started.
    """

    def __init__(self, samples: SampleSet, count: int) -> None:
        self._workers: list[_Worker] = []
        try:
            for _ in range(count):
                self._workers.append(_Worker(samples))
        except BaseException:
            self.end()
            raise

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *error: object) -> None:
        self.end()

    def read(self, steps: Iterable[list[SampleKey]]) -> Iterator[list[Sample]]:
        """Yield each step's samples, stacked by length, in their order.

        Raises:
            RcrError: a sample cannot be read, as without workers; a worker has ended by itself or
                sends nothing.
            OSError: a sample cannot be read.
        """
        keys_of_steps, asked = iter(steps), deque[_Worker]()
        for worker, keys in zip(self._workers * AHEAD, keys_of_steps, strict=False):
            worker.ask(keys)
            asked.append(worker)
        while asked:
            worker = asked.popleft()
            groups = worker.receive()
            for keys in islice(keys_of_steps, 1):
                worker.ask(keys)
                asked.append(worker)
            yield groups

    def end(self) -> None:
        """End them at once; who waits for one of them gets an error."""
        for worker in self._workers:
            worker.end()


class _Worker:
    """A process that reads the steps it is asked for, one after another."""

    def __init__(self, samples: SampleSet) -> None:
        forks = multiprocessing.get_start_method() == "fork"
        # Pickled here, for multiprocessing's own pickler shares tensors through shared memory.
        given = samples if forks else pickle.dumps(samples)
        try:
            self._pipe, theirs = multiprocessing.Pipe()
            self._process = multiprocessing.Process(
                target=_serve, args=(theirs, given), name="rcr-reader", daemon=True
            )
            self._process.start()
        except OSError as error:
            raise RcrError(f"a worker process cannot be started ({error}); {REMEDY}") from error
        theirs.close()
        # Called by `end`, and by multiprocessing before it waits for its processes at exit.
        self.end = Finalize(self, _end, (self._process,), exitpriority=10)

    def ask(self, keys: list[SampleKey]) -> None:
        """Ask for the samples of a step."""
        try:
            self._pipe.send(keys)
        except OSError as error:
            raise self._gone() from error

    def receive(self) -> list[Sample]:
        """Wait for the next step that was asked for; raise what was raised over there."""
        deadline = time.monotonic() + PATIENCE
        while not wait([self._pipe], POLL):  # the end of the pipe is waited for, too
            if not self._process.is_alive() and not self._pipe.poll():
                raise self._gone()
            if time.monotonic() > deadline:
                raise RcrError(
                    f"a worker process lives but sent nothing for {PATIENCE:.0f} s; {REMEDY}"
                )
        try:
            answer = pickle.loads(self._pipe.recv_bytes())
        except (EOFError, OSError) as error:
            raise self._gone() from error
        if isinstance(answer, _Failure):
            raise answer.error from answer.cause()
        return [Sample(*(torch.from_numpy(part) for part in group)) for group in answer]

    def _gone(self) -> RcrError:
        """Return the error that says how the process ended."""
        self._process.join(POLL)
        code = self._process.exitcode or 0
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended ({code})"
        why = "; the memory may have been full" if code == -9 else ""
        return RcrError(f"a worker process that reads samples {how}{why}; {REMEDY}")


class _Failure:
    """What went wrong in a worker."""

    def __init__(self, error: Exception) -> None:
        self.error, self.trace = error, traceback.format_exc()

    def cause(self) -> Exception | None:
        """Return the worker's traceback as an error, where a defect is to be found with it."""
        if isinstance(self.error, RcrError | OSError):
            return None
        return RuntimeError(f"in a worker process:\n{self.trace}")

    def packed(self) -> bytes:
        """Return it pickled; an error that cannot be becomes one that can."""
        try:
            pickle.loads(packed := pickle.dumps(self))
        except Exception:
            self.error = RuntimeError(f"{type(self.error).__name__}: {self.error}")
            return pickle.dumps(self)
        return packed


def _serve(pipe: Connection, given: Any) -> None:
    """Be a worker: send the samples of each step that comes in, until the other side ends."""
    ignore_signals()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    torch.set_num_threads(1)
    samples: SampleSet = pickle.loads(given) if isinstance(given, bytes) else given
    while True:
        try:
            keys = pipe.recv()
            pipe.send_bytes(_answer(samples, keys))
        except (EOFError, OSError):  # the parent has closed the pipe
            return


def _answer(samples: SampleSet, keys: list[SampleKey]) -> bytes:
    """Read a step; return it, or what went wrong, as bytes."""
    try:
        groups = group_by_length([samples[key] for key in keys])
        return pickle.dumps([[part.numpy() for part in group] for group in groups], protocol=5)
    except Exception as error:
        return _Failure(error).packed()


def _end_with_parent() -> None:
    """End this process when its parent has ended, killed or not, whatever it is at."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _end(process: multiprocessing.Process) -> None:
    """End a worker at once: it holds nothing that could be left half done."""
    process.kill()
    process.join(POLL)
