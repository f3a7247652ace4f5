"""What nbgrader asks of a source notebook: two cells for an exercise, with its own metadata.

Its source form is defined by `nbgraderformat/v3.json` and `v3.py` (cells' metadata), `utils.py`
(points: none where a cell's outputs hold an error) and `preprocessors/clearsolutions.py` (what
stands between two markers becomes a stub) of nbgrader 0.9.6, <https://nbgrader.readthedocs.io>.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from rcrlib.course.exercise import YOUR_TURN, Exercise

SCHEMA = 3
"""Version of the metadata; nbgrader has read it since 0.6, newer ones lift it to theirs."""

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
"""Around a solution; both words have to stand on lines of their own."""

CONFIG = f"""\
# Read by nbgrader in this folder, which is a course of its: source/LESSON/LESSON.ipynb.
#   nbgrader generate_assignment 04_convgru
#   RCR_SEED=1000 nbgrader autograde 04_convgru     # checks with other values than students see
c = get_config()
c.ClearSolutions.code_stub = {{"python": 'raise NotImplementedError("{YOUR_TURN}")'}}
c.Execute.timeout = 120  # seconds for a cell; some train a network
"""
"""`nbgrader_config.py`: with nbgrader's own stub a check could not tell "not attempted"."""

GOES_ON = "raises-exception"
"""Tag of a cell whose error does not keep JupyterLab from running those below it."""


@dataclass(frozen=True)
class Grading:
    """What nbgrader knows about a cell."""

    grade_id: str
    grade: bool = False
    locked: bool = False
    """nbgrader puts the cell back as it was before it grades."""

    solution: bool = False
    points: int | None = None
    """Of a cell to grade."""

    def metadata(self) -> dict[str, Any]:
        """Return it as the cell's metadata."""
        fields = {name: value for name, value in asdict(self).items() if value is not None}
        return {"nbgrader": {"schema_version": SCHEMA, "task": False, **fields}}


def for_solution(exercise: Exercise) -> dict[str, Any]:
    """Return the metadata of the cell in which students write."""
    return Grading(exercise.name, solution=True).metadata()


def for_check(exercise: Exercise) -> dict[str, Any]:
    """Return the metadata of the cell that is graded: a point for each dot of difficulty."""
    points = exercise.difficulty
    grading = Grading(f"{exercise.name}-check", grade=True, locked=True, points=points)
    return {**grading.metadata(), "tags": [GOES_ON]}


def check_text(exercise: Exercise) -> str:
    """Return the cell that is graded; it shows what the check says, and fails unless it passed."""
    points = f"{exercise.difficulty} point{'s' if exercise.difficulty > 1 else ''}"
    return (
        f"# {points} where this cell runs without an error; grading puts it back as it is.\n"
        "from rcrlib.course import check\n\n"
        f"_result = check({exercise.name})\n"
        "display(_result)\n"
        "assert _result.passed, _result.outcome.value"
    )
