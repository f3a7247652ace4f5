"""Prefetching and background calls: bounded work in threads beside the main thread.

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
"""Seconds after which who waits looks whether the other side is still there."""


@contextmanager
def prefetch(items: Iterable[Item], depth: int) -> Iterator[Iterator[Item]]:
    """Iterate over `items` in a thread, which reads at most `depth` + 1 items ahead.

    The order stays. An error in `items` is raised when its item is asked for.

    Example:
        >>> with prefetch(range(3), depth=2) as numbers:
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

    def take() -> tuple[str, Any]:
        while True:
            try:
                return ready.get(timeout=POLL)
            except queue.Empty:
                if not thread.is_alive() and ready.empty():
                    raise RuntimeError("the thread that prefetches has ended by itself") from None

    def iterate() -> Iterator[Item]:
        while True:
            kind, value = take()
            if kind == "error":
                raise value
            if kind == "end":
                return
            yield value

    thread = threading.Thread(target=read, name="rcr-prefetch", daemon=True)
    thread.start()
    try:
        yield iterate()
    finally:
        stop.set()
        thread.join()


@contextmanager
def background_calls(workers: int, max_pending: int) -> Iterator[Callable[..., None]]:
    """Yield `submit(function, *args)`, which calls functions in `workers` threads.

    `submit` blocks while `max_pending` calls are pending. One worker keeps the order of the calls.
    An error in a call is raised by a later `submit` or at the end of the block, which waits for all
    calls; after an error, calls that have not started are dropped.

    Example:
        >>> with background_calls(1, max_pending=8) as submit:
        ...     for name in ("first", "second"):
        ...         submit(print, name)
        first
        second
    """
    pending: deque[Future[Any]] = deque()
    pool = ThreadPoolExecutor(workers, thread_name_prefix="rcr-background")

    def submit(function: Callable[..., Any], *args: Any) -> None:
        while pending and (pending[0].done() or len(pending) >= max_pending):
            pending.popleft().result()
        pending.append(pool.submit(function, *args))

    try:
        yield submit
        while pending:
            pending.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
