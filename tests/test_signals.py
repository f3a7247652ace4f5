"""Ctrl-C, SIGTERM and SIGHUP: what is raised, what is only noted, and who keeps a handler."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from rcrlib.errors import StoppedError
from rcrlib.signals import (
    ENDING,
    Terminated,
    catch_signals,
    raise_signals,
    signal_name,
    signal_of,
)

LATE = [number for number in ENDING if number != signal.SIGINT]


@pytest.fixture(autouse=True)
def handlers_stay():
    """Assert that whoever handled the signals before a test does so afterwards."""
    before = [signal.getsignal(number) for number in ENDING]
    yield
    assert [signal.getsignal(number) for number in ENDING] == before


def send(number: int) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", LATE)
def test_a_termination_is_raised_as_ctrl_c_is(number):
    with raise_signals(), pytest.raises(KeyboardInterrupt) as caught:
        send(number)
    assert isinstance(caught.value, Terminated)
    assert signal_of(caught.value) == number
    assert StoppedError("line", number).status == 128 + number


def test_ctrl_c_stays_what_it_is():
    with raise_signals(), pytest.raises(KeyboardInterrupt) as caught:
        send(signal.SIGINT)
    assert signal_of(caught.value) == signal.SIGINT
    assert signal_name(signal.SIGINT) == "Ctrl-C"
    assert StoppedError("line").status == 2


def test_a_second_termination_does_not_break_off_the_tidying_up():
    """`timeout` sends SIGTERM to the process and to its group: twice."""
    with raise_signals():
        with pytest.raises(Terminated):
            send(signal.SIGTERM)
        send(signal.SIGTERM)
        send(signal.SIGHUP)


def test_a_second_ctrl_c_stops_at_once():
    with catch_signals() as received:
        send(signal.SIGINT)
        assert received == [signal.SIGINT]
        with pytest.raises(KeyboardInterrupt):
            send(signal.SIGINT)


def test_a_second_termination_lets_the_step_end():
    with catch_signals() as received:
        send(signal.SIGTERM)
        send(signal.SIGTERM)
        assert received[0] == signal.SIGTERM


def test_a_signal_that_the_starter_ignored_stays_ignored():
    """`nohup` ignores SIGHUP."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with raise_signals():
            send(signal.SIGHUP)
        with catch_signals() as received:
            send(signal.SIGHUP)
        assert received == []
    finally:
        signal.signal(signal.SIGHUP, before)


def test_another_thread_leaves_the_signals_alone():
    received = []

    def run() -> None:
        with raise_signals(), catch_signals() as signals:
            received.append(list(signals))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert received == [[]]
