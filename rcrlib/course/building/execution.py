"""Running a solution: in a fresh kernel, under `RCR_STRICT=1`, with its time and peak memory."""

from __future__ import annotations

import os
import time
from datetime import date
from pathlib import Path
from typing import Any

import nbformat
import torch
from nbformat import NotebookNode

from rcrlib.course.checking import STRICT
from rcrlib.course.lesson import Measured
from rcrlib.errors import RcrError

WIDGET = "application/vnd.jupyter.widget-view+json"
_PROBE = """
import resource
from pathlib import Path
waited = Path("/proc/thread-self/schedstat")
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
print(waited.read_text().split()[1] if waited.exists() else 0)
"""
"""Peak memory in kB, and the nanoseconds for which the kernel was ready and no core was free."""


def execute(code: list[str], folder: Path) -> tuple[list[list[NotebookNode]], Measured]:
    """Run code cells one after another; return what each showed, and what all of it took.

    Args:
        code: the text of each cell.
        folder: in which the kernel runs.

    Raises:
        RcrError: a cell raised something; says which.
    """
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in code])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    client = NotebookClient(
        notebook, timeout=600, record_timing=False, resources={"metadata": {"path": str(folder)}}
    )
    with client.setup_kernel(env={**os.environ, STRICT: "1"}):
        _, before = _probe(client)
        begin = time.perf_counter()
        for index, cell in enumerate(notebook.cells[: len(code)]):
            try:
                client.execute_cell(cell, index)
            except CellExecutionError as error:
                raise RcrError(f"code cell {index + 1} of {len(code)} failed: {error}") from error
        seconds = time.perf_counter() - begin
        kilobytes, after = _probe(client)
    # What else ran on this machine is no part of what the notebook takes.
    seconds -= (after - before) / 1e9
    outputs = [[_kept(o) for o in cell.outputs if _keep(o)] for cell in notebook.cells[: len(code)]]
    version = torch.__version__.split("+")[0]
    today = date.today().isoformat()
    return outputs, Measured(round(seconds, 1), kilobytes // 1000, today, version)


def _probe(client: Any) -> tuple[int, int]:
    """Ask the kernel for `_PROBE`'s two numbers; no trace of that stays in the notebook's cells."""
    cell = nbformat.v4.new_code_cell(_PROBE)
    client.nb.cells.append(cell)
    client.execute_cell(cell, len(client.nb.cells) - 1, store_history=False)
    peak, waited = cell.outputs[0].text.split()
    return int(peak), int(waited)


def _keep(output: NotebookNode) -> bool:
    """Tell whether an output can be kept: a widget without its kernel is an empty shell."""
    return WIDGET not in output.get("data", {})


def _kept(output: NotebookNode) -> NotebookNode:
    for kind, data in output.get("data", {}).items():
        if kind.startswith("image/") and isinstance(data, str):
            output.data[kind] = data.strip()
    return output
