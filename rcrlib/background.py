"""Work beside the main work: reading ahead and writing behind, in threads, within bounds.

What goes wrong in a thread is raised where its work was asked for, and leaving a block, by whatever
error or Ctrl-C, stops its threads and waits for them.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

Item = TypeVar("Item")

POLL = 0.1
"""Seconds after which a thread that waits for room looks whether anyone still wants its items."""


@contextmanager
def ahead(items: Iterable[Item], depth: int) -> Iterator[Iterator[Item]]:
    """Give the items in their order, taken from `items` by a thread, at most `depth` + 1 ahead.

    Example:
        >>> with ahead(range(3), depth=2) as numbers:
        ...     print([10 * number for number in numbers])
        [0, 10, 20]
    """
    ready: queue.Queue[tuple[str, Any]] = queue.Queue(depth)
    stop = threading.Event()

    def put(kind: str, value: Any) -> bool:
        while not stop.is_set():
            try:
                ready.put((kind, value), timeout=POLL)
                return True
            except queue.Full:
                pass
        return False

    def read() -> None:
        try:
            if all(put("item", item) for item in items):
                put("end", None)
        except BaseException as error:  # whatever it is, it belongs to who asked for the items
            put("error", error)

    def give() -> Iterator[Item]:
        while True:
            kind, value = ready.get()
            if kind == "error":
                raise value
            if kind == "end":
                return
            yield value

    thread = threading.Thread(target=read, name="rcr-ahead", daemon=True)
    thread.start()
    try:
        yield give()
    finally:
        stop.set()
        thread.join()


@contextmanager
def behind(workers: int, depth: int) -> Iterator[Callable[..., None]]:
    """Give a function that has calls done by `workers` threads; the block ends when all are done.

    At most `depth` calls wait: then the next one waits too. One worker keeps their order. An error
    is raised by a later call, or at the end; calls that have not begun by then are dropped.

    Example:
        >>> with behind(1, depth=8) as later:
        ...     for name in ("first", "second"):
        ...         later(print, name)
        first
        second
    """
    pending: deque[Future[Any]] = deque()
    pool = ThreadPoolExecutor(workers, thread_name_prefix="rcr-behind")

    def later(function: Callable[..., Any], *args: Any) -> None:
        while pending and (pending[0].done() or len(pending) >= depth):
            pending.popleft().result()
        pending.append(pool.submit(function, *args))

    try:
        yield later
        while pending:
            pending.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
