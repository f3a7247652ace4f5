"""A second process that takes steps in the same folder, beside this one.

The networks of the small presets keep one core busy and no more: two students trained at once on
two cores are ready in little more than the time of one.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, BinaryIO

import torch

from rcrlib.errors import RcrError
from rcrlib.runtime import pick_device
from rcrlib.signals import raise_signals

if TYPE_CHECKING:
    from rcrlib.experiments.config import ExperimentConfig
    from rcrlib.experiments.lab import Lab
    from rcrlib.experiments.steps import Step


PATIENCE = 20.0
"""Seconds in which the other process may end its step and tidy up before it is killed."""


def process_count(config: ExperimentConfig) -> int:
    """Return how many processes take steps; see `ExperimentConfig.processes`."""
    if config.processes is not None:
        return config.processes
    one_core_each = config.preset == "tiny" and pick_device(config.device).type == "cpu"
    return min(2, torch.get_num_threads()) if one_core_each else 1


@contextlib.contextmanager
def worker(
    lab: Lab, goals: Sequence[Step], begun: Callable[[Step], object], *, threads: int
) -> Iterator[None]:
    """Let another process finish the same goals while the `with` block runs, and stop it then.

    It fails silently: a step that it could not finish is not finished, so that this process runs
    it and meets the error itself.

    Args:
        lab: where they work.
        goals: what to finish.
        begun: takes each step that the other process begins, from a thread.
        threads: how many threads it computes on.
    """
    process = subprocess.Popen(
        [sys.executable, "-c", "from rcrlib.experiments.worker import main; main()"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    listener = threading.Thread(target=_listen, args=(process.stdout, begun), daemon=True)
    listener.start()
    try:
        with contextlib.suppress(BrokenPipeError):
            pickle.dump((lab, tuple(goals), threads), process.stdin)
            process.stdin.flush()
        yield
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(PATIENCE)
        process.kill()
        process.wait()
        listener.join(PATIENCE)
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        process.stdout.close()


def _listen(pipe: BinaryIO, begun: Callable[[Step], object]) -> None:
    """Pass on the steps that the other process says it begins."""
    with contextlib.suppress(EOFError, pickle.UnpicklingError, ValueError):
        while True:
            begun(pickle.load(pipe))


def main() -> None:
    """Be the other process: take the goals from standard input, and say which steps begin."""
    with contextlib.suppress(RcrError, KeyboardInterrupt), raise_signals():
        _take_steps()


def _take_steps() -> None:
    """Take the goals, say which steps begin, and run them."""
    from rcrlib.experiments.runner import run_steps

    lab, goals, threads = pickle.load(sys.stdin.buffer)
    torch.set_num_threads(threads)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    pipe = sys.stdout.buffer
    sys.stdout = sys.stderr  # the pipe is for steps alone

    def say_begun(step: Step) -> None:
        pickle.dump(step, pipe)
        pipe.flush()

    run_steps(lab, goals, say=lambda line: None, begun=say_begun)


def _end_with_parent() -> None:
    """End this process at once when the other one has ended, killed or not."""
    sys.stdin.buffer.read()  # until the pipe is closed
    os._exit(1)
