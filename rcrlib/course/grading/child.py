"""The submission's process: `python -m rcrlib.course.grading.child FOLDER IN OUT`.

It is told what to do by lines of JSON on the descriptor IN and answers each by one on OUT. `run`
executes a cell; `call` calls a function of the notebook with pickled arguments.
"""

from __future__ import annotations

import base64
import contextlib
import io
import json
import os
import pickle
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from rcrlib.course.checking import place
from rcrlib.course.grading.guard import guard
from rcrlib.course.grading.values import encode


def main(folder: str, reads: int, writes: int) -> None:
    """Serve until the other end closes."""
    os.chdir(folder)
    torch.set_num_threads(1)
    shell = _shell()
    with (
        os.fdopen(reads, encoding="utf-8") as orders,
        os.fdopen(writes, "w", buffering=1) as answers,
    ):
        guard(Path(folder))
        answers.write(json.dumps({"ready": True}) + "\n")
        for line in orders:
            order = json.loads(line)
            with _silence():
                answer = _run(shell, order) if order["do"] == "run" else _call(shell, order)
            answers.write(json.dumps(answer) + "\n")


def _shell() -> Any:
    """Return what runs cells as a notebook does, magics included."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    # What the notebook imports lazily is imported before the guard closes the door.
    from rcrlib.course.lessons import import_all

    import_all()
    config = Config()
    config.HistoryManager.enabled = False
    return InteractiveShell.instance(config=config)


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Keep what a notebook prints to itself."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield


def _run(shell: Any, order: dict[str, Any]) -> dict[str, Any]:
    """Run a cell; what it raises is its own affair."""
    result = shell.run_cell(order["text"], store_history=False, silent=True)
    error = result.error_before_exec or result.error_in_exec
    return {"error": None if error is None else f"{type(error).__name__}: {error}"[:500]}


def _call(shell: Any, order: dict[str, Any]) -> dict[str, Any]:
    """Call a function of the notebook; an answer goes back, or how it crashed."""
    function = shell.user_ns.get(order["name"])
    if function is None:
        return {"missing": True}
    try:
        arguments = pickle.loads(base64.b64decode(order["arguments"]))
        with torch.no_grad():
            torch.manual_seed(order["seed"])
            return {"answer": encode(function(*arguments))}
    except BaseException as error:
        said = "".join(text for _, text in place(error))
        return {"crash": [type(error).__name__, str(error)[:500], said[:500]]}


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
