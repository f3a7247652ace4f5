"""`rcr course build|publish|slides|grade|export`: to write the course, and to teach it."""

from __future__ import annotations

from pathlib import Path

import click

from rcrlib.cli import options as o
from rcrlib.cli.command import Group

root = o.option(
    "Course", "--root DIR", "A clone of the course's repository.", default=Path(),
    show_default="here",
)  # fmt: skip


@click.group(cls=Group)
def course() -> None:
    """Make the notebooks, and teach with them."""


@course.command()
@click.argument("lessons", nargs=-1, metavar="LESSONS")
@root
@o.option("Course", "--run", "Run solutions also where their code has not changed.")
def build(lessons: tuple[str, ...], root: Path, run: bool) -> None:
    """Make the notebooks from their sources.

    LESSONS are such as 04 or 04_convgru; without one, all that have a source in notebooks/source.
    Writes the student's notebook, the solution and the instructor's. A solution
    whose code has changed is run first, with every exercise checked, and its time and memory are
    kept for the notebook's head.
    """
    from rcrlib.course.building import build as make

    make(root, lessons, run=run, say=click.echo)


@course.command()
@root
@o.option("Address", "--repo NAME", "Repository on GitHub, OWNER/NAME.", required=True)
@o.option("Address", "--ref NAME", "Branch, tag or commit.", default="main")
def publish(root: Path, repo: str, ref: str) -> None:
    """Let badges and set-up cells point to your fork.

    Nothing is run; commit what has changed and push it to the repository that you name.
    """
    from rcrlib.course.building import Address
    from rcrlib.course.building import publish as point_to

    done = point_to(root, Address(repo, ref))
    changed = sum(len(one.written) for one in done)
    click.echo(f"{changed} notebooks point to {repo} at {ref}; commit and push them")


@course.command()
@click.argument("lesson", metavar="LESSON")
@root
@o.option("Output", "-o --out FILE", "Page to write, .html.", show_default="LESSON.html")
def slides(lesson: str, root: Path, out: Path | None) -> None:
    """Make slides of a lesson.

    LESSON is one such as 04 or 04_convgru. The page needs a browser and, for its looks, a network.
    """
    from rcrlib.course.building import make_slides, place
    from rcrlib.course.lessons import lesson as find

    found = find(lesson)
    page = make_slides(root / place(found, "instructor"), out or Path(f"{found.stem}.html"))
    click.echo(page)


@course.command()
@o.argument("folder", "FOLDER")
@o.option("Course", "--lesson NAME", "Such as 04.", show_default="what each notebook says")
@o.option("Course", "--seed N", "First seed of the checks; students see others.", default=1000)
@o.option("Limits", "--cell-seconds RATE", "For one cell.", default=120.0)
@o.option("Limits", "--call-seconds RATE", "For one call of a student's function.", default=20.0)
@o.option("Limits", "--megabytes N", "Memory of a notebook's process.", default=4000)
@o.out
@o.force
def grade(
    folder: Path,
    lesson: str | None,
    seed: int,
    cell_seconds: float,
    call_seconds: float,
    megabytes: int,
    out: Path,
    force: bool,
) -> None:
    """Grade submitted notebooks.

    FOLDER holds STUDENT.ipynb files. Each runs in a process of its own, which cannot write outside
    a folder of its own, and is checked with other seeds than the student's. Writes grades.csv, and
    for each student a page: what passed, and which mistake was met.
    """
    from rcrlib.course.grading import Limits
    from rcrlib.course.grading import grade as grade_all

    limits = Limits(cell_seconds, call_seconds, megabytes)
    grade_all(folder, out, of=lesson, seed=seed, limits=limits, force=force, say=click.echo)
    click.echo(out / "grades.csv")


@course.command()
@click.argument("lessons", nargs=-1, metavar="LESSONS")
@root
@o.option("Output", "--format NAME", "Only nbgrader so far.", default="nbgrader")
@o.out
def export(lessons: tuple[str, ...], root: Path, format: str, out: Path) -> None:
    """Write lessons for another system of grading.

    LESSONS are such as 04 or 04_convgru; without one, all that have exercises. Writes a course
    folder of nbgrader's: nbgrader_config.py and source/LESSON/LESSON.ipynb, with solutions marked,
    and after each exercise a locked cell that gives a point for each dot of its difficulty.
    """
    from rcrlib.course.building import export as write
    from rcrlib.errors import OptionError

    if format != "nbgrader":
        raise OptionError(f"--format {format}: unknown; use nbgrader")
    for path in write(root, out, lessons):
        click.echo(path)
