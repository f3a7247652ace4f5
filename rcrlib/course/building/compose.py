"""The versions of a lesson: the same cells, each with what its reader needs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import nbformat
from nbformat import NotebookNode

from rcrlib.course.building import exercises as ex
from rcrlib.course.building import nbgrader
from rcrlib.course.building.head import Address, badge, facts, setup_cell
from rcrlib.course.building.source import Cell, title
from rcrlib.course.lesson import Lesson, Measured

Version = Literal["student", "solution", "instructor", "nbgrader"]
VERSIONS: dict[Version, str] = {
    "student": "notebooks",
    "solution": "notebooks/solutions",
    "instructor": "notebooks/instructor",
}
"""The folders in the repository of the versions that are kept there; nbgrader's is exported."""

RUN: tuple[Version, ...] = ("solution", "instructor")
"""The versions that have outputs."""

Outputs = Sequence[list[NotebookNode]]
"""What each code cell of the solution showed, in their order."""

COMPARED = "# NBVAL_CHECK_OUTPUT\n"
"""First line of a cell whose output nbval compares; students' notebooks have no outputs."""


@dataclass(frozen=True)
class Material:
    """All that a lesson's notebooks are made of; the same material gives the same bytes."""

    lesson: Lesson
    cells: tuple[Cell, ...]
    address: Address
    outputs: Outputs = ()
    measured: Measured | None = None


@dataclass
class _Made:
    """A cell of a notebook, on its way there."""

    kind: str
    text: str
    outputs: list[NotebookNode] = field(default_factory=list)
    attachments: dict[str, dict[str, str]] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)


def place(lesson: Lesson, version: Version) -> Path:
    """Return a notebook's path in the repository."""
    return Path(VERSIONS[version]) / f"{lesson.stem}.ipynb"


def solution_code(material: Material) -> list[str]:
    """Return the text of each code cell of the solution, in their order."""
    return [_code(cell, "solution", material) for cell in material.cells if cell.is_code]


def compose(material: Material, version: Version) -> NotebookNode:
    """Make one version; solution and instructor's have the outputs of the solution's last run."""
    made = list(_cells(material, version))
    notebook = nbformat.v4.new_notebook(
        metadata=NotebookNode(
            # Without a kernel's name JupyterLab stops at a dialog.
            kernelspec=NotebookNode(
                name="python3", display_name="Python 3 (ipykernel)", language="python"
            ),
            language_info=NotebookNode(name="python"),
        )
    )
    ids: list[str] = []
    count = 0
    for one in made:
        name = cell_id(one.kind, one.text)
        repeated = sum(known.startswith(name) for known in ids)
        ids.append(name + f"-{repeated}" * (repeated > 0))
        if one.kind == "code":
            cell = nbformat.v4.new_code_cell(one.text, id=ids[-1])
            if version in RUN and material.outputs:
                count += 1
                cell.execution_count, cell.outputs = count, one.outputs
                for output in one.outputs:
                    if "execution_count" in output:
                        output.execution_count = count
        else:
            cell = nbformat.v4.new_markdown_cell(one.text, id=ids[-1])
            if one.attachments:
                cell.attachments = one.attachments
        if version == "instructor":
            one.metadata.setdefault("slideshow", {"slide_type": "skip"})
        cell.metadata.update(one.metadata)
        notebook.cells.append(cell)
    return notebook


def cell_id(kind: str, text: str) -> str:
    """Return a cell's id, which follows from its content."""
    return hashlib.sha256(f"{kind}\n{text}".encode()).hexdigest()[:12]


def _cells(material: Material, version: Version) -> Iterator[_Made]:
    """Return a version's cells in order."""
    code = 0
    for index, cell in enumerate(material.cells):
        outputs: list[NotebookNode] = []
        if cell.is_code:
            outputs = list(material.outputs[code]) if material.outputs else []
            code += 1
        if "instructor" in cell.tags and version != "instructor":
            continue
        text = _code(cell, version, material) if cell.is_code else cell.text
        if index == 0 and version != "nbgrader":
            text = (
                f"{badge(material.address, place(material.lesson, version).as_posix())}\n\n{text}"
            )
        if "objectives" in cell.tags:
            text = f"{text}\n\n{facts(material.lesson, material.measured)}"
        yield _Made(cell.kind, text, outputs, metadata=_metadata(cell, version))
        if index == 0 and version == "instructor":
            yield _Made("markdown", _plan(material))
        if "objectives" in cell.tags:
            yield from _result(material)
        if "exercise" in cell.tags:
            exercise = ex.exercise_of(cell)
            if version == "nbgrader":
                graded = nbgrader.for_check(exercise)
                yield _Made("code", nbgrader.check_text(exercise), metadata=graded)
            yield _Made("markdown", ex.help_text(cell, solution=version != "nbgrader"))
            if version == "instructor":
                yield _Made("markdown", ex.mistakes_text(exercise))


def _metadata(cell: Cell, version: Version) -> dict[str, Any]:
    if version == "instructor" and "slide" in cell.tags:
        return {"slideshow": {"slide_type": "slide"}}
    if version == "nbgrader" and "exercise" in cell.tags:
        return nbgrader.for_solution(ex.exercise_of(cell))
    return {}


def _code(cell: Cell, version: Version, material: Material) -> str:
    if "setup" in cell.tags:
        return setup_cell(material.address)
    if "exercise" in cell.tags:
        forms = {"student": ex.stub, "nbgrader": ex.marked}
        return forms.get(version, ex.solved)(cell)
    return cell.text if version in RUN else cell.text.removeprefix(COMPARED)


def _result(material: Material) -> Iterator[_Made]:
    """Return the picture of what the lesson leads to, out of the outputs of its last run."""
    shown = [cell for cell in material.cells if cell.is_code]
    for cell, outputs in zip(shown, material.outputs, strict=False):
        pictures = [o for o in outputs if "image/jpeg" in o.get("data", {})]
        if "result" in cell.tags and pictures:
            data = pictures[0].data["image/jpeg"].strip()
            alt = pictures[0].metadata["image/jpeg"]["alt"]
            text = f"**Where this leads:**\n\n![{alt}](attachment:result.jpg)"
            yield _Made("markdown", text, attachments={"result.jpg": {"image/jpeg": data}})
            return


def _plan(material: Material) -> str:
    """Return the lesson plan: what takes how long."""
    rows: list[tuple[str, int]] = []
    for cell in material.cells:
        if cell.minutes:
            rows.append((title(cell) or "…", cell.minutes))
        if "exercise" in cell.tags:
            exercise = ex.exercise_of(cell)
            rows.append((f"exercise `{exercise.name}`", exercise.minutes))
    lines = "\n".join(f"| {what} | {minutes} |" for what, minutes in rows)
    return (
        "**Lesson plan.** This is the instructor's version: the solution, and after each exercise"
        " the wrong answers to expect. `rcr course slides` makes slides of it.\n\n"
        f"| part | minutes |\n|---|---|\n{lines}\n"
        f"| **all** | **{planned_minutes(material.cells)}** |"
    )


def planned_minutes(cells: Sequence[Cell]) -> int:
    """Return the sum of the lesson plan."""
    own = sum(cell.minutes for cell in cells)
    return own + sum(ex.exercise_of(cell).minutes for cell in cells if "exercise" in cell.tags)


def outputs_of(notebook: NotebookNode) -> list[list[NotebookNode]]:
    """Return the outputs of each code cell of a solution."""
    return [cell.outputs for cell in notebook.cells if cell.cell_type == "code"]


def code_of(notebook: NotebookNode) -> list[str]:
    """Return the text of each code cell of a notebook."""
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


def written(notebook: NotebookNode) -> str:
    """Return a notebook as the text of its file."""
    nbformat.validate(notebook)
    text: Any = nbformat.writes(notebook)
    return str(text) + "\n"
