"""What `rcr bench` measures: one module per benchmark, each with a function that gives a `Report`.

A new benchmark is a module beside these, a function in it that returns a `Report`, and a command of
a few lines in `rcrlib.cli.bench`. Variants that are compared run in turn in one process (`timing`),
each one's peak memory is taken in a process of its own (`memory`).
"""

from rcrlib.bench.machine import machine
from rcrlib.bench.memory import peak_memory
from rcrlib.bench.report import Report
from rcrlib.bench.timing import Times, in_turn

__all__ = ["Report", "Times", "in_turn", "machine", "peak_memory"]
