"""What stands at a notebook's head, and the set-up cell, which is the same in all of them."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from rcrlib.course.lesson import Lesson, Measured
from rcrlib.course.lessons import lesson
from rcrlib.errors import OptionError
from rcrlib.files import write_json

ADDRESS = "published.json"
"""In notebooks/source: where the course is published; `rcr course publish` writes it."""


@dataclass(frozen=True)
class Address:
    """Where the course is published: a repository of GitHub's, and a branch, tag or commit.

    Raises:
        OptionError: something that cannot be such a name.
    """

    repo: str
    ref: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[\w.-]+/[\w.-]+", self.repo):
            raise OptionError(f"repository {self.repo!r}: expected OWNER/NAME")
        if not re.fullmatch(r"[\w./-]+", self.ref) or self.ref.startswith("-"):
            raise OptionError(f"ref {self.ref!r}: expected a branch, a tag or a commit")


def read_address(folder: Path) -> Address:
    """Read the address from a folder of sources."""
    return Address(**json.loads((folder / ADDRESS).read_text(encoding="utf-8")))


def write_address(folder: Path, address: Address) -> None:
    """Write the address into a folder of sources."""
    write_json(folder / ADDRESS, asdict(address))


def badge(address: Address, path: str) -> str:
    """Return the link that opens a notebook on Colab; `path` is its place in the repository."""
    image = "https://colab.research.google.com/assets/colab-badge.svg"
    link = f"https://colab.research.google.com/github/{address.repo}/blob/{address.ref}/{path}"
    return f"[![Open in Colab]({image})]({link})"


def facts(of: Lesson, found: Measured | None) -> str:
    """Return what a reader wants to know before they begin, as a table."""
    before = ", ".join(f"{lesson(number).number} {lesson(number).title}" for number in of.after)
    run = "not measured yet"
    verified = "not yet"
    if found is not None:
        run = f"{found.seconds:.0f} s and {found.megabytes / 1000:.1f} GB on two CPU cores"
        verified = f"{found.date}, torch {found.torch}"
    rows = {
        "before this": before or "nothing but Python",
        "time": f"about {of.minutes} minutes; *Run All* alone: {run}",
        "needs": "a CPU is enough; downloads nothing",
        "last verified": verified,
    }
    lines = "\n".join(f"| {name} | {text} |" for name, text in rows.items())
    return f"| | |\n|---|---|\n{lines}"


def setup_cell(address: Address) -> str:
    """Return the set-up cell: the only one that may install, and only where it is told to."""
    template = (Path(__file__).parent / "setup_cell.py.txt").read_text(encoding="utf-8")
    return template.replace("REPO@REF", f"{address.repo}@{address.ref}").strip()
