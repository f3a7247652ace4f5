"""How a notebook begins, and how it gets by with the memory there is."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import torch

from rcrlib.course.lesson import SECONDS, Lesson
from rcrlib.course.lessons import lesson
from rcrlib.errors import RcrError, is_memory_full
from rcrlib.runtime import Precision, pick_device, pick_precision

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Session:
    """Where and how a notebook computes."""

    lesson: Lesson
    device: torch.device
    precision: Precision
    preset: str
    """Name of the preset for work at full size: `small` on a GPU, `tiny` on a CPU."""


def setup(stem: str) -> Session:
    """Choose device, precision and preset for a notebook, and say them and how long it runs.

    A GPU gets the preset `small`, and fp16 where it has no bf16 (Colab's T4).

    Args:
        stem: of the notebook, such as "04_convgru".

    Raises:
        OptionError: there is no such lesson.
    """
    # Set before the first parallel work: waiting threads leave the cores to others.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    device = pick_device()
    precision = pick_precision("auto", device)
    session = Session(lesson(stem), device, precision, "tiny" if device.type == "cpu" else "small")
    print(f"device   {_device(device)}, {_precision(precision)}")
    print(f"preset   {session.preset}")
    whole = f"under {SECONDS} s on two CPU cores"  # the budget; the notebook's head has the measure
    print(f"run all  {whole}; reading and exercises: {session.lesson.minutes} minutes")
    return session


@contextmanager
def one_thread() -> Iterator[None]:
    """Let PyTorch compute on one thread inside the block, as maps of a few hundred places want.

    On two threads networks this small mostly wait: four times as long on a machine in use.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def halve_batch(work: Callable[[int], Answer], batch: int) -> Answer:
    """Return `work(batch)`; where the memory is full, say so and try half the batch, down to 1.

    Args:
        work: takes a batch size; it is called anew after each failure, so it must start over.
        batch: to begin with.

    Raises:
        RcrError: the memory is full with a batch of 1 too.
    """
    while True:
        try:
            return work(batch)
        except (RuntimeError, MemoryError) as error:
            if not is_memory_full(error):
                raise
            if batch == 1:
                raise RcrError(
                    "the memory is full with a batch of 1; restart the kernel or use a smaller size"
                ) from None
        # Outside the handler: the error's traceback holds on to what filled the memory.
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        print(f"the memory is full with a batch of {batch}: going on with {batch // 2}")
        batch //= 2


def _device(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    threads = torch.get_num_threads()
    return f"{device.type}, {threads} thread{'s' if threads > 1 else ''}"


def _precision(precision: Precision) -> str:
    return {"32-true": "float32", "bf16-mixed": "bf16", "16-mixed": "fp16"}[precision]
