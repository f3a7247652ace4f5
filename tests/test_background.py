"""Reading ahead and writing behind: bounds, order, errors, and no thread that stays."""

from __future__ import annotations

import threading
import time

import pytest

from rcrlib.background import background_calls, prefetch


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("rcr-")]


def until(condition) -> bool:
    deadline = time.monotonic() + 10
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.005)
    return condition()


def test_items_come_in_their_order_and_the_thread_ends():
    with prefetch(iter(range(100)), 3) as items:
        assert list(items) == list(range(100))
    assert threads() == []


def test_no_more_is_read_ahead_than_asked_for():
    read = []
    with prefetch((read.append(n) or n for n in range(50)), 3) as items:
        assert next(items) == 0
        assert until(lambda: len(read) == 1 + 3 + 1)  # given, waiting, in the thread's hand
        time.sleep(0.05)
        assert len(read) == 5


def test_an_error_in_reading_comes_after_the_items_before_it():
    def broken():
        yield 1
        raise ValueError("frame 2")

    with prefetch(broken(), 4) as items:
        assert next(items) == 1
        with pytest.raises(ValueError, match="frame 2"):
            next(items)
    assert threads() == []


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
def test_leaving_early_stops_the_reading(error):
    def leave() -> None:
        with prefetch(iter(int, 1), 2) as items:  # without end
            next(items)
            raise error

    with pytest.raises(error):
        leave()
    assert threads() == []


def test_all_calls_are_done_at_the_end_of_the_block():
    done = []
    with background_calls(3, max_pending=4) as submit:
        for n in range(50):
            submit(done.append, n)
    assert sorted(done) == list(range(50))
    assert threads() == []


def test_one_worker_keeps_the_order():
    done = []
    with background_calls(1, max_pending=4) as submit:
        for n in range(50):
            submit(done.append, n)
    assert done == list(range(50))


def test_no_more_calls_wait_than_asked_for():
    gate, asked = threading.Event(), []

    def ask() -> None:
        with background_calls(1, max_pending=3) as submit:
            for n in range(10):
                submit(gate.wait, 10)
                asked.append(n)

    asking = threading.Thread(target=ask)
    asking.start()
    assert until(lambda: len(asked) == 3)
    time.sleep(0.05)
    assert len(asked) == 3
    gate.set()
    asking.join()
    assert len(asked) == 10


def fail(*arguments):
    raise OSError("disk")


def test_an_error_in_a_call_is_raised_by_a_later_one():
    with background_calls(2, max_pending=2) as submit:
        submit(fail)
        with pytest.raises(OSError, match="disk"):
            until(lambda: submit(time.sleep, 0.01))


def test_an_error_in_the_last_call_is_raised_at_the_end():
    with pytest.raises(OSError, match="disk"), background_calls(1, max_pending=4) as submit:
        submit(fail)
    assert threads() == []


def test_leaving_by_an_error_drops_what_has_not_begun():
    done, gate = [], threading.Event()

    def leave() -> None:
        with background_calls(1, max_pending=10) as submit:
            submit(gate.wait, 10)
            for n in range(5):
                submit(done.append, n)
            threading.Timer(0.1, gate.set).start()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        leave()
    assert done == []
    assert threads() == []
