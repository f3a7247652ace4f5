"""The committed notebooks, and what their tests ask of one."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from rcrlib.course.building import VERSIONS, place, stems
from rcrlib.course.lessons import lesson

ROOT = Path(__file__).parents[2]
STEMS = stems(ROOT)
WITH_OUTPUTS = ("solution", "instructor")

each_lesson = pytest.mark.parametrize("stem", STEMS)
each_notebook = pytest.mark.parametrize(
    ("stem", "version"), [(stem, version) for stem in STEMS for version in VERSIONS]
)


def path_of(stem: str, version: str) -> Path:
    return ROOT / place(lesson(stem), version)


def read(stem: str, version: str) -> NotebookNode:
    return nbformat.read(path_of(stem, version), as_version=4)


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def outputs(notebook: NotebookNode) -> list[NotebookNode]:
    return [output for cell in code_cells(notebook) for output in cell.outputs]


def prose(notebook: NotebookNode) -> str:
    """Return the text of all markdown cells without their blocks of code."""
    text = "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    return re.sub(r"```.*?```", "", text, flags=re.DOTALL)


def headings(notebook: NotebookNode) -> list[tuple[int, str]]:
    found = re.findall(r"^(#+) (.+)$", prose(notebook), re.MULTILINE)
    return [(len(marks), title) for marks, title in found]


def words(notebook: NotebookNode) -> int:
    """Count the words of the prose; formulas, markup and the badge are none."""
    text = re.sub(
        r"\$\$.*?\$\$|\$.*?\$|<[^>]+>|\]\([^)]*\)|[|#*`!\[]", " ", prose(notebook), flags=re.S
    )
    return len(re.findall(r"\w[\w'’.-]*", text))
