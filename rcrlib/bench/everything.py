"""`rcr bench --device NAME`: all benchmarks of a device in one go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from rcrlib.bench.network import bench_network, bench_training
from rcrlib.bench.predict import bench_predict
from rcrlib.bench.report import Report
from rcrlib.bench.subject import Subject
from rcrlib.bench.timing import DEFAULT_ROUNDS

GPU_BATCH = 16
"""Clips in a batch: a GPU is only busy with many frames at once."""


def bench_everything(subject: Subject, *, rounds: int = DEFAULT_ROUNDS) -> Iterator[Report]:
    """Measure inference clip by clip and, on a GPU, in batches; a training step; `rcr predict`.

    Args:
        subject: device, backbone, size, clip and seed.
        rounds: runs of each variant, taken in turn.

    Yields:
        Each report when it is measured.
    """
    batches = (1,) if subject.torch_device.type == "cpu" else (1, GPU_BATCH)
    for batch in batches:
        yield bench_network(replace(subject, batch=batch), (subject.clip,), rounds=rounds)
    yield bench_training(subject, rounds=rounds)
    yield bench_predict(subject, None, rounds=rounds)
