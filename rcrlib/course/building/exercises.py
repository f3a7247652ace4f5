"""An exercise's cell in its two forms, and the cells around it.

In the source a solution stands between two comments, at the depth of its lines:

    def blend(z, new, h):
        # your turn
        return (1 - z) * new + z * h
        # end


    check(blend)
"""

from __future__ import annotations

import re

from rcrlib.course.building import nbgrader
from rcrlib.course.building.source import Cell
from rcrlib.course.exercise import YOUR_TURN, Exercise
from rcrlib.course.exercises import exercises_of, find
from rcrlib.errors import DataError

_BLOCK = re.compile(r"^( *)# your turn\n(.*?)^\1# end\n?", re.MULTILINE | re.DOTALL)
_CHECK = re.compile(r"^check\((\w+)\)\s*\Z", re.MULTILINE)


def exercise_of(cell: Cell) -> Exercise:
    """Return the exercise that a cell checks in its last line.

    Raises:
        DataError: the cell has no check at its end, or no solution between its two comments.
        OptionError: there is no exercise of that name.
    """
    found = _CHECK.search(cell.text)
    if found is None or not _BLOCK.search(cell.text):
        raise DataError(
            "an exercise's cell needs `# your turn` ... `# end` around its solution, and"
            f" `check(NAME)` as its last line; found: {cell.text[:60]!r}"
        )
    return find(found[1])


def solved(cell: Cell) -> str:
    """Return the cell with its solution."""
    return box(exercise_of(cell)) + _BLOCK.sub(lambda block: block[2], cell.text)


def stub(cell: Cell) -> str:
    """Return the cell as a student finds it: each solution is a line that raises."""

    def open_place(block: re.Match[str]) -> str:
        lines = len([line for line in block[2].splitlines() if line.strip()])
        count = f"{lines} line{'s' if lines > 1 else ''}"
        return f'{block[1]}raise NotImplementedError("{YOUR_TURN}: {count}")\n'

    return box(exercise_of(cell)) + _BLOCK.sub(open_place, cell.text)


def marked(cell: Cell) -> str:
    """Return the cell as nbgrader wants it: its solution between markers, and without its check."""

    def region(block: re.Match[str]) -> str:
        return f"{block[1]}{nbgrader.BEGIN}\n{block[2]}{block[1]}{nbgrader.END}\n"

    return (box(exercise_of(cell)) + _CHECK.sub("", _BLOCK.sub(region, cell.text))).rstrip()


def box(exercise: Exercise) -> str:
    """Return the comment at an exercise's head."""
    order = [one.name for one in exercises_of(exercise.notebook)].index(exercise.name) + 1
    dots = "●" * exercise.difficulty + "○" * (3 - exercise.difficulty)
    lesson = int(exercise.notebook[:2])
    head = f"# ── Exercise {lesson}.{order} · difficulty {dots} · about {exercise.minutes} minutes "
    return f"{head.ljust(78, '─')}\n# {exercise.asks}\n"


def help_text(cell: Cell, *, solution: bool = True) -> str:
    """Return the markdown that unfolds two hints and the solution, one after another."""
    exercise = exercise_of(cell)
    code = _BLOCK.sub(lambda block: block[2], cell.text)
    code = _CHECK.sub("", code).strip()
    parts = {
        "Hint 1": exercise.hints[0],
        "Hint 2": exercise.hints[1],
        "Solution": f"```python\n{code}\n```\n\n{exercise.solution}",
    }
    if not solution:
        del parts["Solution"]
    return "\n\n".join(
        f"<details><summary>{name} · <code>{exercise.name}</code></summary>\n\n{text}\n\n</details>"
        for name, text in parts.items()
    )


def mistakes_text(exercise: Exercise) -> str:
    """Return the markdown that tells an instructor what to expect."""
    rows = "\n".join(f"| {one.name} | {one.hint} |" for one in exercise.mistakes)
    return (
        f"**For the instructor · `{exercise.name}`.** The check knows these wrong answers, and"
        f" tells the student:\n\n| mistake | what the check says |\n|---|---|\n{rows}"
    )
