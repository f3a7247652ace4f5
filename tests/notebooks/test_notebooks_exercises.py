"""Stub and solution of every exercise agree; a wrong solution in a notebook's cell is found."""

from __future__ import annotations

import ast

import pytest

from helpers.course_notebooks import ROOT, code_cells, each_lesson, read
from rcrlib.course import checking
from rcrlib.course.building import stems
from rcrlib.course.building.build import material
from rcrlib.course.building.exercises import exercise_of
from rcrlib.course.exercises import all_exercises, exercises_of
from rcrlib.course.result import NotPassed, Outcome

FREE = ("00_tour", "09_your_video")
"""Lessons without exercises."""

EXERCISES = [one for one in all_exercises().values() if one.notebook in stems(ROOT)]
each_exercise = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda one: one.name)


def cell_of(exercise, version: str) -> str:
    """Return the notebook's cell that checks an exercise."""
    end = f"check({exercise.name})"
    cells = [cell.source for cell in code_cells(read(exercise.notebook, version))]
    found = [text for text in cells if text.rstrip().endswith(end)]
    assert len(found) == 1
    return found[0]


def run(exercise, text: str) -> object:
    """Run a cell after its notebook's imports; give what its last line gives."""
    space: dict[str, object] = {}
    for cell in code_cells(read(exercise.notebook, "solution"))[1:]:
        tree = ast.parse(cell.source)
        tree.body = [one for one in tree.body if isinstance(one, (ast.Import, ast.ImportFrom))]
        exec(compile(tree, "imports", "exec"), space)
    body, check = text.rstrip().rsplit("\n", 1)
    exec(compile(body, "cell", "exec"), space)
    return eval(check, space)


@each_lesson
def test_a_lesson_holds_all_of_its_exercises_and_at_least_three(stem):
    cells = [cell for cell in material(ROOT, stem).cells if "exercise" in cell.tags]
    names = [exercise_of(cell).name for cell in cells]
    assert names == [one.name for one in exercises_of(stem)]
    assert len(names) >= 3 or stem in FREE


@each_exercise
def test_every_line_of_the_stub_is_in_the_solution_in_its_order(exercise):
    solution = iter(cell_of(exercise, "solution").splitlines())
    stub = cell_of(exercise, "student").splitlines()
    raising = [line for line in stub if "raise NotImplementedError" in line]
    assert len(raising) >= 1
    assert all(line in solution for line in stub if line not in raising)


@each_exercise
def test_the_docstring_of_a_stub_gives_shapes(exercise):
    tree = ast.parse(cell_of(exercise, "student"))
    function = next(one for one in tree.body if isinstance(one, ast.FunctionDef))
    assert function.name == exercise.name
    assert "(" in (ast.get_docstring(function) or "")


@each_exercise
def test_the_stub_is_not_attempted_and_the_solution_passes(exercise, monkeypatch):
    assert run(exercise, cell_of(exercise, "student")).outcome is Outcome.NOT_ATTEMPTED
    monkeypatch.setenv(checking.STRICT, "1")
    assert run(exercise, cell_of(exercise, "solution")).passed


@each_exercise
def test_a_wrong_solution_planted_in_the_cell_makes_the_strict_run_fail(exercise, monkeypatch):
    monkeypatch.setenv(checking.STRICT, "1")
    body, check = cell_of(exercise, "solution").rstrip().rsplit("\n", 1)
    for mistake in exercise.mistakes:
        monkeypatch.setattr(f"{__name__}.planted", mistake.function, raising=False)
        wrong = (
            f"import {__name__} as here\nwrong = here.planted\n"
            f"{exercise.name} = lambda *arguments: wrong(*arguments)\n"
            f"{exercise.name}.__name__ = {exercise.name!r}"
        )
        with pytest.raises(NotPassed):
            run(exercise, f"{body}\n{wrong}\n{check}")
