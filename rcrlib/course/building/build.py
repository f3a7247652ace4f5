"""`build`, `publish`, `export`: read the sources, run what has changed, write what differs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import nbformat

from rcrlib.course.building.compose import (
    VERSIONS,
    Material,
    Outputs,
    code_of,
    compose,
    outputs_of,
    place,
    solution_code,
    written,
)
from rcrlib.course.building.execution import execute
from rcrlib.course.building.head import Address, read_address, setup_cell, write_address
from rcrlib.course.building.nbgrader import CONFIG
from rcrlib.course.building.readme import write_lessons
from rcrlib.course.building.source import read_source
from rcrlib.course.exercises import exercises_of
from rcrlib.course.lesson import Measured
from rcrlib.course.lessons import lesson, measured, measured_file
from rcrlib.errors import DataError
from rcrlib.files import atomic_file, output_folder, write_json

SOURCES = "notebooks/source"


@dataclass(frozen=True)
class Built:
    """What a build did for one lesson."""

    stem: str
    executed: Measured | None
    """What running it took; None where its outputs were still good."""

    written: tuple[Path, ...]
    """The files that differ from what was there."""


def stems(root: Path) -> list[str]:
    """Return the lessons that have a source, in the order of the course.

    Raises:
        DataError: there is no folder of sources.
    """
    folder = root / SOURCES
    if not folder.is_dir():
        raise DataError(f"{folder}: not there; run this in a clone of the course's repository")
    return sorted(path.stem for path in folder.glob("[0-9][0-9]_*.py"))


def build(
    root: Path,
    names: Iterable[str] = (),
    *,
    run: bool = False,
    say: Callable[[str], None] = lambda line: None,
) -> list[Built]:
    """Make the three versions of lessons; those whose code has changed are run first.

    Args:
        root: a clone of the course's repository.
        names: stems or numbers of lessons; none takes all.
        run: run the solutions also where their outputs are still good.
        say: takes a line for a person for each lesson.

    Raises:
        RcrError: a source is not as it should be, or a solution does not run or does not pass its
            own checks.
    """
    known = stems(root)
    chosen = [lesson(name).stem for name in names] or known
    done = []
    for stem in chosen:
        done.append(_build(root, stem, run=run))
        took = done[-1].executed
        ran = f"ran in {took.seconds:.0f} s, {took.megabytes} MB" if took else "outputs kept"
        say(f"{stem:<16} {ran}; {len(done[-1].written)} files changed")
    write_lessons(root, known, read_address(root / SOURCES))
    return done


def material(root: Path, stem: str) -> Material:
    """Read a lesson's source, and its outputs where those of its last run are still good."""
    address = read_address(root / SOURCES)
    cells = read_source(root / SOURCES / f"{stem}.py")
    bare = Material(lesson(stem), cells, address)
    return Material(bare.lesson, cells, address, _outputs(root, bare), measured(stem))


def publish(root: Path, address: Address) -> list[Built]:
    """Write badges and set-up cells for another address; nothing is run.

    Raises:
        DataError: a lesson's outputs are not those of its source; build it first.
    """
    for stem in stems(root):
        _up_to_date(root, stem)
    write_address(root / SOURCES, address)
    return build(root)


def export(root: Path, out: Path, names: Iterable[str] = ()) -> list[Path]:
    """Write lessons in nbgrader's source form, as a course folder of its; nothing is run.

    Args:
        root: a clone of the course's repository.
        out: the folder to make, with `nbgrader_config.py` and `source/LESSON/LESSON.ipynb`.
        names: stems or numbers of lessons; none takes all that have exercises.

    Returns:
        The notebooks.

    Raises:
        DataError: a lesson has no exercises, or its outputs are not those of its source.
        OptionError: there is no such lesson, or `out` is taken.
    """
    chosen = [lesson(name).stem for name in names]
    for stem in chosen:
        if not exercises_of(stem):
            raise DataError(f"{stem}: has no exercises, so there is nothing to grade; leave it out")
    chosen = chosen or [stem for stem in stems(root) if exercises_of(stem)]
    ready = [_up_to_date(root, stem) for stem in chosen]
    with output_folder(out, {"command": "course export", "lessons": chosen}) as temporary:
        (temporary / "nbgrader_config.py").write_text(CONFIG, encoding="utf-8")
        for stem, one in zip(chosen, ready, strict=True):
            folder = temporary / "source" / stem
            folder.mkdir(parents=True)
            text = written(compose(one, "nbgrader"))
            (folder / f"{stem}.ipynb").write_text(text, encoding="utf-8")
    return [out / "source" / stem / f"{stem}.ipynb" for stem in chosen]


def _up_to_date(root: Path, stem: str) -> Material:
    """Read a lesson whose solution was run as it is now: with every check passed."""
    ready = material(root, stem)
    if not ready.outputs:
        raise DataError(f"{stem}: its outputs are out of date; run `rcr course build` first")
    return ready


def _build(root: Path, stem: str, *, run: bool) -> Built:
    ready = material(root, stem)
    took = None
    if run or not ready.outputs:
        outputs, took = execute(solution_code(ready), root / VERSIONS["student"])
        write_json(measured_file(stem), asdict(took))
        ready = Material(ready.lesson, ready.cells, ready.address, outputs, took)
    changed = []
    for version in VERSIONS:
        path = root / place(ready.lesson, version)
        text = written(compose(ready, version))
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            with atomic_file(path) as temporary:
                temporary.write_text(text, encoding="utf-8")
            changed.append(path)
    return Built(stem, took, tuple(changed))


def _outputs(root: Path, bare: Material) -> Outputs:
    """Return the committed solution's outputs if they belong to this code, else nothing.

    The set-up cell does not count: the course's address is no reason to run everything again.
    """
    path = root / place(bare.lesson, "solution")
    if not path.exists():
        return ()
    notebook = nbformat.read(path, as_version=4)
    setup = setup_cell(bare.address)
    now, before = solution_code(bare), code_of(notebook)
    same = len(now) == len(before) and all(
        one == other for one, other in zip(now, before, strict=True) if one != setup
    )
    return outputs_of(notebook) if same else ()
