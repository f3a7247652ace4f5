"""The page of the paper's ledger, and what of it leads nowhere."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote

from rcrlib.course.building.build import SOURCES
from rcrlib.course.building.compose import place
from rcrlib.course.ledger import LEDGER, Entry
from rcrlib.course.lessons import LESSONS, lesson
from rcrlib.errors import DataError
from rcrlib.experiments import EXPERIMENTS
from rcrlib.files import atomic_file

PAGE = "docs/ledger.md"

Ledger = Mapping[str, Iterable[Entry]]

_HEAD = """\
# The paper's ledger

Every equation, figure and table of *Semi-Supervised Video Salient Object Detection Using
Pseudo-Labels* ([arXiv 1908.04051](https://arxiv.org/abs/1908.04051)) that our sources name: where
this repository computes it, teaches it and tests it. What Figs. 1 to 4 are is what the
[authors' repository](https://github.com/Kinpzz/RCRNet-Pytorch) says. Where their code does
something else than the paper: [Paper, released code, ours](paper-code-ours.md).

Made by `rcr course ledger` from [rcrlib/course/ledger.py](../rcrlib/course/ledger.py); edit that.
"""


def write_ledger(root: Path) -> Path:
    """Write the page into a clone of the repository.

    Raises:
        DataError: an entry leads to something that is not there; names all of them.
    """
    found = list(problems(root))
    if found:
        raise DataError("the ledger leads nowhere: " + "; ".join(found))
    page = root / PAGE
    page.parent.mkdir(exist_ok=True)
    with atomic_file(page) as temporary:
        temporary.write_text(ledger_page(), encoding="utf-8")
    return page


def ledger_page(ledger: Ledger = LEDGER) -> str:
    """Give the page's text."""
    parts = [_HEAD]
    for title, entries in ledger.items():
        head = f"## {title}\n\n| in the paper | code | lesson | test |\n|---|---|---|---|\n"
        parts.append(head + "".join(_row(entry) for entry in entries))
        parts += [f"{entry.name}: {entry.unknown}\n" for entry in entries if entry.unknown]
    return "\n".join(parts)


def problems(root: Path, ledger: Ledger = LEDGER) -> Iterator[str]:
    """Yield a sentence for everything in the ledger that leads nowhere."""
    for entry in (entry for entries in ledger.values() for entry in entries):
        for what in ("code", "lessons", "tests"):
            if not getattr(entry, what):
                yield f"{entry.name}: names no {what}"
        if entry.experiment and entry.experiment not in EXPERIMENTS:
            yield f"{entry.name}: there is no experiment {entry.experiment}"
        checks = [(_code_problem, entry.code), (_lesson_problem, entry.lessons)]
        checks.append((_test_problem, entry.tests))
        for check, names in checks:
            for name in names:
                wrong = check(root, name)
                if wrong:
                    yield f"{entry.name}: {wrong}"


def _row(entry: Entry) -> str:
    code = [f"[`{name.removeprefix('rcrlib.')}`](../{_file_of(name)})" for name in entry.code]
    if entry.experiment:
        code.append(f"`rcr experiment {entry.experiment}`")
    lessons = [_lesson_link(name) for name in entry.lessons]
    tests = [_test_link(name) for name in entry.tests]
    cells = [f"**{entry.name}**: {entry.says}", *(", ".join(c) for c in (code, lessons, tests))]
    return f"| {' | '.join(cells)} |\n"


def _lesson_link(name: str) -> str:
    stem, _, heading = name.partition("#")
    path = f"../{place(lesson(stem), 'student')}"
    if not heading:
        return f"[{stem[:2]}]({path})"
    # GitHub and JupyterLab make a heading's anchor of its words joined by hyphens.
    return f"[{stem[:2]}, {heading}]({path}#{quote(heading.replace(' ', '-'), safe=':,')})"


def _test_link(name: str) -> str:
    file, _, function = name.partition("::")
    shown = function.removeprefix("test_").replace("_", " ") or Path(file).stem
    return f"[{shown}](../tests/{file})"


def _resolve(name: str) -> object:
    """Import what a dotted name stands for; `LookupError` where there is no such thing."""
    module, _, attribute = name.rpartition(".")
    try:
        return getattr(importlib.import_module(module), attribute)
    except (ImportError, ValueError, AttributeError):
        raise LookupError(name) from None


def _file_of(name: str) -> str:
    """Give the file that defines a function or a class, from the repository's root."""
    found = inspect.unwrap(_resolve(name))  # type: ignore[arg-type]
    return f"{found.__module__.replace('.', '/')}.py"


def _code_problem(root: Path, name: str) -> str:
    try:
        file = _file_of(name)
    except (LookupError, AttributeError):
        return f"{name} is no function or class that can be imported"
    return "" if (root / file).is_file() else f"{name}: {file} is not there"


def _lesson_problem(root: Path, name: str) -> str:
    stem, _, heading = name.partition("#")
    source = root / SOURCES / f"{stem}.py"
    if stem not in {one.stem for one in LESSONS} or not source.is_file():
        return f"lesson {stem} is not there ({SOURCES}/{stem}.py)"
    if heading and heading not in _headings(source):
        return f"lesson {stem} has no heading {heading!r}"
    return ""


def _headings(source: Path) -> list[str]:
    return re.findall(r"^# #+ (.+)$", source.read_text(encoding="utf-8"), re.MULTILINE)


def _test_problem(root: Path, name: str) -> str:
    file, _, function = name.partition("::")
    path = root / "tests" / file
    if not path.is_file():
        return f"test file {file} is not there"
    return "" if not function or function in _functions(path) else f"{file} has no {function}"


@lru_cache
def _functions(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))
