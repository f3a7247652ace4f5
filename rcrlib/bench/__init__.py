"""What `rcr bench` measures: one module per benchmark, whose function returns a `Report`.

A new benchmark is a module beside these, a function in it that returns a `Report`, and a command of
a few lines in `rcrlib.cli.bench`. Variants that are compared run in turn in one process (`timing`),
each one's peak memory is taken in a process of its own (`memory`).
"""

from rcrlib.bench.data import bench_data
from rcrlib.bench.everything import bench_everything
from rcrlib.bench.machine import machine
from rcrlib.bench.memory import peak_memory
from rcrlib.bench.metrics import (
    MapsAndMasks,
    bench_metrics,
    evaluate_from_disk,
    evaluate_in_memory,
    write_maps_and_masks,
)
from rcrlib.bench.network import bench_network, bench_training
from rcrlib.bench.parts import PARTS, multiply_adds_by_part, parts_in_turn
from rcrlib.bench.predict import bench_predict
from rcrlib.bench.report import Report
from rcrlib.bench.subject import Subject
from rcrlib.bench.timing import Times, in_turn

__all__ = [
    "PARTS",
    "MapsAndMasks",
    "Report",
    "Subject",
    "Times",
    "bench_data",
    "bench_everything",
    "bench_metrics",
    "bench_network",
    "bench_predict",
    "bench_training",
    "evaluate_from_disk",
    "evaluate_in_memory",
    "in_turn",
    "machine",
    "multiply_adds_by_part",
    "parts_in_turn",
    "peak_memory",
    "write_maps_and_masks",
]
