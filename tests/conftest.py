"""Fixtures that every room's tests share."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

if "PYTEST_XDIST_WORKER" in os.environ:  # workers share the cores: one thread each, and no waiting
    os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
import torch

from helpers import PLAIN, without_twins
from helpers.small_runs import one_thread


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="run heavy tests at their full size")
    parser.addoption("--plain", action="store_true", help="accelerate no network")


def pytest_configure(config: pytest.Config) -> None:
    """Let `accelerate` change nothing with `--plain`, and Ctrl-C stop what the tests start."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a script's `pytest &` inherits it
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if config.getoption("--plain"):
        os.environ[PLAIN] = "1"
        without_twins()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    no_gpu = pytest.mark.skip(reason="needs a CUDA device")
    for item in items:
        if item.get_closest_marker("gpu") and not torch.cuda.is_available():
            item.add_marker(no_gpu)


@pytest.fixture(scope="session")
def full(request: pytest.FixtureRequest) -> bool:
    """Tell whether heavy tests run at full size (`pytest --full`) or at their everyday one."""
    return request.config.getoption("--full")


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of real videos, weights and answers; skip (or fail) without it."""
    default = Path(__file__).resolve().parents[2] / "shared"
    folder = Path(os.environ.get("RCR_SHARED", default))
    if not (folder / "reference").is_dir():
        reason = f"needs the shared data; {folder} is not there (set RCR_SHARED)"
        if os.environ.get("RCR_REQUIRE_SHARED") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return folder


@pytest.fixture(scope="module", name="one_thread")
def _one_thread() -> Iterator[None]:
    """Compute on one thread, see `helpers.small_runs.one_thread`."""
    with one_thread():
        yield


@pytest.fixture
def generator() -> torch.Generator:
    """Return a seeded source of random tensors."""
    return torch.Generator().manual_seed(0)
