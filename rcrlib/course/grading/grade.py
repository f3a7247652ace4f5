"""`grade`: from a folder of submitted notebooks to a CSV and a page for each student."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat

from rcrlib.course.checking import judge
from rcrlib.course.exercise import YOUR_TURN, Exercise
from rcrlib.course.exercises import exercises_of
from rcrlib.course.grading.process import Crashed, Ended, Limits, Submission
from rcrlib.course.lessons import LESSONS, lesson
from rcrlib.course.result import Outcome, Result
from rcrlib.data import list_files, list_folders
from rcrlib.errors import DataError, first_few
from rcrlib.files import output_folder, write_text

SEEDS = 5


@dataclass(frozen=True)
class Grade:
    """What was found in one submission."""

    student: str
    """The notebook's file name without its suffix."""

    lesson: str
    results: tuple[Result, ...]
    """One for each exercise of the lesson, in their order."""

    remarks: tuple[str, ...] = ()
    """What else happened: cells that raised, a process that had to be ended."""

    @property
    def passed(self) -> int:
        """Count the exercises that passed."""
        return sum(result.passed for result in self.results)

    def page(self) -> str:
        """Return what the student is told, as Markdown."""
        blocks = "\n\n".join(f"```\n{result}\n```" for result in self.results)
        remarks = "".join(f"- {remark}\n" for remark in self.remarks)
        head = f"# {self.student} · {self.lesson}\n\n{self.passed} of {len(self.results)} passed\n"
        return f"{head}\n{blocks}\n" + (f"\n## While it ran\n\n{remarks}" if remarks else "")


@dataclass
class _Run:
    """A submission on its way through its process, which may have to be started anew."""

    cells: list[str]
    limits: Limits
    seed: int
    folder: Path
    remarks: list[str] = field(default_factory=list)
    results: dict[str, Result] = field(default_factory=dict)
    skipped: set[int] = field(default_factory=set)
    """Cells that ended the process: they are not run again."""


def grade(
    folder: Path,
    out: Path,
    *,
    of: str | None = None,
    seed: int = 1000,
    limits: Limits | None = None,
    force: bool = False,
    say: Callable[[str], None] = lambda line: None,
) -> list[Grade]:
    """Grade every notebook in a folder, each in processes of its own.

    Args:
        folder: with `STUDENT.ipynb` files, or a folder for each student with a notebook in it;
            they are read and never changed.
        out: the folder to make: `grades.csv` and `STUDENT.md` for each.
        of: stem or number of the lesson; None: each notebook says it, in its `setup("NN_topic")`.
        seed: the first of five for the checks; students see others.
        limits: on time and memory.
        force: replace a folder that grading wrote before.
        say: takes a line for each student.

    Raises:
        DataError: there is no notebook in the folder, or none that can be read and says to which
            lesson it belongs. Where single ones cannot, their grade says so.
        OptionError: the lesson is unknown, or `out` is taken.
    """
    if of is not None:
        of = lesson(of).stem
    submissions = [(student, *_read(path, of)) for student, path in _submissions(folder).items()]
    if all(problem for *_, problem in submissions):
        raise DataError(submissions[0][-1])
    record = {"command": "course grade", "lesson": of, "seed": seed}
    with output_folder(out, record, force=force) as temporary:
        grades = []
        for student, stem, cells, problem in submissions:
            if problem:
                grades.append(_ungraded(student, stem, problem))
            else:
                grades.append(_grade(student, stem, cells, seed, limits or Limits()))
            write_text(temporary / f"{student}.md", grades[-1].page())
            say(f"{student:<24} {grades[-1].passed} of {len(grades[-1].results)} passed")
        _write_table(grades, temporary / "grades.csv")
    lost = [student for student, *_, problem in submissions if problem]
    if lost:
        say(f"{len(lost)} could not be read, see their remarks in grades.csv: {first_few(lost)}")
    return grades


def _submissions(folder: Path) -> dict[str, Path]:
    """Find STUDENT.ipynb, or the notebook in each folder STUDENT, as learning platforms pack them.

    Where a student's folder holds several, each is `STUDENT NOTEBOOK`.
    """
    found = {path.stem: path for path in list_files(folder, {".ipynb"})}
    if found:
        return found
    for student in list_folders(folder):
        inside = list_files(student, {".ipynb"})
        for path in inside:
            found[student.name if len(inside) == 1 else f"{student.name} {path.stem}"] = path
    if not found:
        raise DataError(
            f"{folder}: no notebooks there; expected STUDENT.ipynb files, or a folder for each"
            " student with a notebook in it"
        )
    return found


def _ungraded(student: str, stem: str, problem: str) -> Grade:
    """Return the grade of a notebook that cannot be read: nothing passed."""
    lines = (("to do", "the notebook cannot be read"),)
    exercises = exercises_of(stem) if stem else ()
    results = tuple(Result(one.name, Outcome.NOT_ATTEMPTED, lines) for one in exercises)
    return Grade(student, stem, results, (problem,))


def _read(path: Path, of: str | None) -> tuple[str, list[str], str]:
    """Return a notebook's lesson ("" if unknown), its code cells, and what is wrong with it."""
    try:
        return *_lesson_and_cells(path, of), ""
    except DataError as error:
        return of or "", [], str(error)


def _lesson_and_cells(path: Path, of: str | None) -> tuple[str, list[str]]:
    """Return the lesson that a notebook belongs to, and its code cells."""
    try:
        notebook = nbformat.read(path, as_version=4)
        cells = [str(cell.source) for cell in notebook.cells if cell.cell_type == "code"]
    except Exception as error:  # nbformat raises many kinds for what is no notebook
        raise DataError(f"{path}: is no notebook ({error}); ask for it again") from error
    if of is not None:
        return of, cells
    text = "\n".join(cells)
    named = [one.stem for one in LESSONS if f'setup("{one.stem}")' in text]
    if len(named) != 1:
        raise DataError(f"{path}: does not say its lesson by setup(...); give it with --lesson")
    return named[0], cells


def _grade(student: str, stem: str, cells: list[str], seed: int, limits: Limits) -> Grade:
    exercises = exercises_of(stem)
    with tempfile.TemporaryDirectory(prefix="rcr-grade-") as name:
        run = _Run(cells, limits, seed, Path(name).resolve())
        # A process that is ended takes what it knew with it; another begins without that cell.
        for _ in range(len(exercises) + 3):
            if _attempt(run, exercises):
                break
    missing = Result("", Outcome.NOT_ATTEMPTED, (("to do", "the function is not there"),))
    results = (
        run.results.get(one.name, Result(one.name, missing.outcome, missing.lines))
        for one in exercises
    )
    return Grade(student, stem, tuple(results), tuple(dict.fromkeys(run.remarks)))


def _attempt(run: _Run, exercises: tuple[Exercise, ...]) -> bool:
    """Run the cells and judge each exercise as soon as its cell has run; False: begin again."""
    index = -1
    judged: Exercise | None = None
    try:
        with Submission(run.folder, run.limits, run.seed) as submission:
            for index, cell in enumerate(run.cells):
                if index in run.skipped or cell.startswith("# Set-up, the same in every notebook"):
                    continue
                error = submission.run(cell)
                if error is not None:
                    run.remarks.append(f"code cell {index + 1} raised {error}")
                for judged in _defined(cell, exercises):
                    if judged.name not in run.results:
                        seeds = range(run.seed, run.seed + SEEDS)
                        proxy = _proxy(submission, judged)
                        run.results[judged.name] = _located(judge(judged, proxy, seeds))
                judged = None
    except Ended as error:
        if judged is not None:
            lines = (("error", f"{error}, in {judged.name}"),)
            run.results[judged.name] = Result(judged.name, Outcome.CRASHED, lines)
        else:
            run.skipped.add(index)
            run.remarks.append(f"code cell {index + 1}: {error}")
        return False
    return True


def _defined(cell: str, exercises: tuple[Exercise, ...]) -> Iterator[Exercise]:
    """Return the exercises whose function a cell defines."""
    lines = cell.splitlines()
    for one in exercises:
        if any(line.startswith((f"def {one.name}(", f"{one.name} = ")) for line in lines):
            yield one


def _proxy(submission: Submission, exercise: Exercise) -> Callable[..., Any]:
    """Return a function that the checks can call as if it were the student's own."""

    def student(*arguments: Any) -> Any:
        try:
            return submission.call(exercise.name, arguments)
        except NameError as error:
            raise NotImplementedError(YOUR_TURN) from error
        except Crashed as error:
            if error.kind == "NotImplementedError" and error.text.startswith(YOUR_TURN):
                raise NotImplementedError(error.text) from error
            raise

    student.__name__ = exercise.name
    return student


def _located(result: Result) -> Result:
    """Put the student's own words in the place of the proxy's."""
    if result.outcome is not Outcome.CRASHED:
        return result
    lines = tuple(
        (label, text.removeprefix("Crashed: ")) for label, text in result.lines if label != "line"
    )
    return Result(result.exercise, result.outcome, lines)


def _write_table(grades: list[Grade], path: Path) -> None:
    """Write a row for each student: how many passed, then outcome and mistake of each exercise."""
    names = list(dict.fromkeys(r.exercise for one in grades for r in one.results))
    with path.open("w", newline="", encoding="utf-8", errors="backslashreplace") as file:
        table = csv.writer(file)
        heads = [head for name in names for head in (name, f"{name}: mistake")]
        table.writerow(["student", "lesson", "passed", "of", *heads, "remarks"])
        for one in grades:
            found = {result.exercise: result for result in one.results}
            cells: list[str] = []
            for name in names:
                result = found.get(name)
                cells += [result.outcome.value, result.mistake or ""] if result else ["", ""]
            row = [one.student, one.lesson, one.passed, len(one.results), *cells]
            table.writerow([*row, "; ".join(one.remarks)])
