"""Signals that ask a process to end: Ctrl-C, SIGTERM and SIGHUP.

Clusters, containers and `timeout` send SIGTERM and wait a while before they kill; a terminal that
is closed sends SIGHUP. All three are treated alike: what is being written is removed or finished,
and the command ends with a line that says so.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

ENDING = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)
"""The signals; Windows has no SIGHUP."""


class Terminated(KeyboardInterrupt):
    """SIGTERM or SIGHUP, raised in the main thread as Ctrl-C is."""

    def __init__(self, number: int) -> None:
        super().__init__(signal_name(number))
        self.number = number


def signal_name(number: int) -> str:
    """Return a signal's name for a person, such as "SIGTERM"; "Ctrl-C" for SIGINT."""
    return "Ctrl-C" if number == signal.SIGINT else signal.Signals(number).name


def signal_of(interrupt: KeyboardInterrupt) -> int:
    """Return the number of the signal that an exception stands for."""
    return interrupt.number if isinstance(interrupt, Terminated) else signal.SIGINT


@contextmanager
def raise_signals() -> Iterator[None]:
    """Raise `KeyboardInterrupt` on Ctrl-C, and `Terminated` on the first SIGTERM or SIGHUP.

    Later ones raise nothing, so that they do not break off the tidying up that the first one
    began: `timeout` sends SIGTERM twice. A second Ctrl-C does raise: a person is there.
    """
    received: list[int] = []

    def handle(number: int, frame: Any) -> None:
        first = not received
        received.append(number)
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        if first:
            raise Terminated(number)

    with _handling(handle):
        yield


@contextmanager
def catch_signals() -> Iterator[list[int]]:
    """Catch the first signal, so that the running step can end; a second Ctrl-C stops at once.

    Yields:
        A list that is empty until a signal comes; its first entry is that signal's number.
    """
    received: list[int] = []

    def handle(number: int, frame: Any) -> None:
        if received and number == signal.SIGINT:
            raise KeyboardInterrupt
        received.append(number)

    with _handling(handle, also_ignored=(signal.SIGINT,)):  # `kill -INT` of a background job
        yield received


def ignore_signals() -> None:
    """Ignore all three in this process, whose parent ends it: they reach whole process groups."""
    for number in ENDING:
        signal.signal(number, signal.SIG_IGN)


@contextmanager
def _handling(
    handle: Callable[[int, Any], None], also_ignored: Sequence[int] = ()
) -> Iterator[None]:
    """Handle the signals by `handle` in the main thread; elsewhere leave them to who has it.

    What whoever started the process has ignored stays so (`nohup`: SIGHUP), `also_ignored` aside.
    """
    before = {}
    try:
        for number in ENDING:
            now = signal.getsignal(number)
            # None: a handler that Python did not install and could not restore.
            if now is not None and (now != signal.SIG_IGN or number in also_ignored):
                before[number] = signal.signal(number, handle)
    except ValueError:  # not the main thread
        yield
        return
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
