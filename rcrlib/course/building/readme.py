"""The course's table in README.md, with badges that point to where the course is published."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from rcrlib.course.building.compose import place
from rcrlib.course.building.head import Address, badge
from rcrlib.course.lessons import lesson, measured
from rcrlib.files import atomic_file

_TABLE = re.compile(r"(?<=<!-- lessons -->\n).*?(?=<!-- end -->)", re.DOTALL)


def lessons_table(stems: Iterable[str], address: Address) -> str:
    """Return the table: title, minutes to work through, seconds to run, badge, solution."""
    lines = ["| | lesson | work through | run all | | |", "|---|---|---|---|---|---|"]
    for stem in stems:
        one, took = lesson(stem), measured(stem)
        student, solved = (place(one, version).as_posix() for version in ("student", "solution"))
        run = f"{took.seconds:.0f} s" if took else "not run yet"
        lines.append(
            f"| {one.number} | [{one.title}]({student}) | {one.minutes} min | {run}"
            f" | {badge(address, student)} | [solved and run]({solved}) |"
        )
    return "\n".join(lines) + "\n"


def with_lessons(readme: str, stems: Iterable[str], address: Address) -> str:
    """Return the text of README.md with the table as it is now, where it has a place for one."""
    table = lessons_table(stems, address)
    return _TABLE.sub(lambda _: table, readme, count=1)


def write_lessons(root: Path, stems: Iterable[str], address: Address) -> None:
    """Bring the table in README.md up to date, if there is such a file with a place for it."""
    path = root / "README.md"
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    after = with_lessons(before, stems, address)
    if after != before:
        with atomic_file(path) as temporary:
            temporary.write_text(after, encoding="utf-8")
