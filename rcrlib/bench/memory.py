"""The peak memory of one variant, in a process of its own."""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import torch

from rcrlib.errors import RcrError

MIB = 2**20
_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")


def peak_memory(prepare: Callable[..., Callable[[], object]], *args: Any, **options: Any) -> float:
    """Return the peak memory in MiB of `prepare(*args, **options)()`, the preparation included.

    On a CPU that is what the process holds at its peak beyond what it held before `prepare`: the
    libraries do not count, weights and inputs do. On a GPU it is what PyTorch had allocated there.

    Args:
        prepare: a function of an importable module; called in the new process, it returns the
            function to run. What it raises there ends the measurement.
        args, options: for `prepare`.

    Raises:
        RcrError: the process ended without a result; its own error says why.
    """
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_measure, args=(sender, prepare, args, options))
    process.start()
    sender.close()
    try:
        peak = receiver.recv()
    except EOFError:
        peak = None
    finally:
        process.join()
    if peak is None:
        raise RcrError(
            f"measuring memory ended with status {process.exitcode}; is there enough of it?"
        )
    return float(peak)


def _measure(sender: Connection, prepare: Callable[..., Any], args: Any, options: Any) -> None:
    before = _resident()
    _reset_peak()
    prepare(*args, **options)()
    if torch.cuda.is_available() and torch.cuda.is_initialized():
        sender.send(torch.cuda.max_memory_allocated() / MIB)
    else:
        sender.send(_peak() - before)


def _reset_peak() -> None:
    if _CLEAR.exists():
        _CLEAR.write_text("5")


def _resident() -> float:
    return _read_status("VmRSS:") if _STATUS.exists() else _peak()


def _peak() -> float:
    if _STATUS.exists():
        return _read_status("VmHWM:")
    import resource  # not on Windows

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / MIB


def _read_status(field: str) -> float:
    return int(_STATUS.read_text().split(field)[1].split()[0]) / 1024
