"""Make the notebooks from their sources: `python notebooks/build.py`.

People edit `source/NN_topic.py` (py:percent) and nothing else. The notebook beside this file has
the same cells, ids that follow from their content, and the outputs of one run from top to bottom.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

HERE = Path(__file__).parent


def sources() -> list[Path]:
    """Give the sources in the order of the course."""
    return sorted((HERE / "source").glob("[0-9][0-9]_*.py"))


def notebook_path(source: Path) -> Path:
    """Give the place of a source's notebook."""
    return HERE / f"{source.stem}.ipynb"


def convert(source: Path) -> NotebookNode:
    """Turn a source into a notebook without outputs; the same source gives the same bytes."""
    read = jupytext.read(source)
    ids: list[str] = []
    for cell in read.cells:
        before = sum(known.startswith(digest(cell)) for known in ids)
        ids.append(digest(cell) + f"-{before}" * (before > 0))
        cell.id, cell.metadata = ids[-1], NotebookNode()
    # Without a kernel's name JupyterLab stops at a dialog.
    kernel = NotebookNode(name="python3", display_name="Python 3 (ipykernel)", language="python")
    return nbformat.v4.new_notebook(
        cells=read.cells,
        metadata=NotebookNode(kernelspec=kernel, language_info=NotebookNode(name="python")),
    )


def digest(cell: NotebookNode) -> str:
    """Give a cell's id before repeated cells are told apart."""
    return hashlib.sha256(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:12]


def execute(notebook: NotebookNode) -> None:
    """Run all cells in a fresh kernel and keep their outputs and counts; an error stops it."""
    metadata = notebook.metadata.copy()
    NotebookClient(notebook, timeout=600, record_timing=False).execute(cwd=str(HERE))
    notebook.metadata = metadata  # no version of Python, and no state of widgets
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if not _is_widget(output)]


def _is_widget(output: NotebookNode) -> bool:
    """Tell whether an output is a progress bar: without its kernel it is an empty shell."""
    return "application/vnd.jupyter.widget-view+json" in output.get("data", {})


def main() -> None:
    """Convert, run and write every notebook."""
    for source in sources():
        notebook = convert(source)
        execute(notebook)
        nbformat.write(notebook, notebook_path(source))
        print(notebook_path(source))


if __name__ == "__main__":
    main()
