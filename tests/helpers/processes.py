"""Functions called in processes of their own, which can be killed."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import torch

from helpers.small_runs import metrics_count

# A process that has imported everything and is forked for each run: starting Python anew costs
# seconds, and forking the test process itself would take its threads' locks along.
SERVER = multiprocessing.get_context("forkserver")
SERVER.set_forkserver_preload(["helpers.small_runs", "lightning_fabric", "rcrlib.cli.main"])


def start_process(function: Any, *args: Any, **kwargs: Any) -> BaseProcess:
    """Call a function of an importable module in a process of its own."""
    process = SERVER.Process(target=_alone, args=(function, args, kwargs))
    process.start()
    return process


def run_process(function: Any, *args: Any, **kwargs: Any) -> int | None:
    """Call a function in a process of its own and give its exit code."""
    process = start_process(function, *args, **kwargs)
    process.join()
    return process.exitcode


def kill_after(
    process: BaseProcess,
    steps: int,
    run: Path,
    number: int = signal.SIGKILL,
    *,
    whole_group: bool = False,
) -> None:
    """Send a signal once the run's metrics count that many steps, and wait for the end."""
    deadline = time.monotonic() + 120
    while metrics_count(run) < steps and time.monotonic() < deadline:
        assert process.is_alive(), f"ended with {process.exitcode} before step {steps}"
        time.sleep(0.005)
    assert process.pid is not None
    (os.killpg if whole_group else os.kill)(process.pid, number)
    process.join()


def _alone(function: Any, args: Any, kwargs: Any) -> None:
    multiprocessing.set_start_method(None, force=True)  # the platform's own, not the server's
    torch.set_num_threads(1)
    function(*args, **kwargs)
