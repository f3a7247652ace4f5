"""Waiting for one's turn."""

from __future__ import annotations

import threading

import pytest

from rcrlib.errors import DataError
from rcrlib.lock import my_turn, only_one


def test_who_waits_is_told_once_and_goes_on_when_the_other_has_ended(tmp_path):
    lock, order = tmp_path / "locks" / "step.lock", []

    def other():
        with my_turn(lock, lambda: order.append("waits")):
            order.append("other")

    thread = threading.Thread(target=other)
    with my_turn(lock, lambda: order.append("never")):
        thread.start()
        thread.join(timeout=0.5)
        order.append("first")
    thread.join()
    assert order == ["waits", "first", "other"]


def test_an_error_lets_go(tmp_path):
    lock = tmp_path / "step.lock"
    with pytest.raises(ZeroDivisionError), my_turn(lock):
        raise ZeroDivisionError
    with my_turn(lock, lambda: pytest.fail("is still held")):
        pass


def test_only_one_does_not_wait(tmp_path):
    with (
        only_one(tmp_path / "x.lock"),
        pytest.raises(DataError, match="another rcr is at work"),
        only_one(tmp_path / "x.lock"),
    ):
        pass
