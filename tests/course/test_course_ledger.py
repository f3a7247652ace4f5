"""The paper's ledger: nothing of the paper is missing, every link leads somewhere."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest

from rcrlib.course.building.ledger import PAGE, ledger_page, problems, write_ledger
from rcrlib.course.ledger import EQUATIONS, LEDGER
from rcrlib.errors import DataError

ROOT = Path(__file__).parents[2]
PAPER = {
    *(f"Eq. {number}" for number in range(1, 4)),
    *(f"Fig. {number}" for number in range(1, 8)),
    *(f"Table {number}" for number in range(1, 6)),
}
NOT_IDENTIFIED = {"Eq. 1", "Fig. 6"}
"""What our sources count and do not describe; a longer list needs a reason."""
OTHER_PAPERS = {"Eq. 5"}  # Sundaram et al., of occlusion

ENTRIES = [entry for entries in LEDGER.values() for entry in entries]
GOOD = EQUATIONS[1]


def test_every_equation_figure_and_table_of_the_paper_has_one_entry():
    names = [entry.name for entry in ENTRIES]
    numbered = {name for name in names if re.fullmatch(r"(Eq\.|Fig\.|Table) \d+", name)}
    assert numbered == PAPER
    assert len(set(names)) == len(names)
    assert {entry.name for entry in ENTRIES if entry.unknown} == NOT_IDENTIFIED


def test_what_code_and_lessons_mention_is_in_the_ledger():
    files = [*(ROOT / "rcrlib").rglob("*.py"), *(ROOT / "notebooks/source").glob("*.py")]
    found: set[str] = set()
    for file in files:
        found |= set(re.findall(r"\b(?:Eq\.|Fig\.|Table) \d+", file.read_text(encoding="utf-8")))
    assert found - OTHER_PAPERS <= PAPER
    assert {"Eq. 2", "Fig. 5", "Table 3"} <= found


def test_every_entry_leads_to_code_a_lesson_and_a_test():
    assert list(problems(ROOT)) == []


def test_every_table_and_figure_that_can_be_made_anew_names_its_experiment():
    for entry in ENTRIES:
        is_table = entry.name.startswith("Table") or entry.name in ("Fig. 5", "Fig. 7")
        wanted = entry.name.lower().replace(". ", "").replace(" ", "") if is_table else ""
        assert entry.experiment == wanted


def test_the_page_is_up_to_date():
    page = (ROOT / PAGE).read_text(encoding="utf-8")
    assert page == ledger_page(), "run: rcr course ledger"


def test_the_pages_links_resolve():
    links = re.findall(r"\]\((?!https:)([^)]+)\)", ledger_page())
    assert len(links) > len(PAPER)
    for link in links:
        file, _, anchor = link.partition("#")
        path = (ROOT / PAGE).parent / file
        assert path.is_file(), link
        if anchor:
            cells = nbformat.read(path, as_version=4).cells
            text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
            titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
            assert unquote(anchor) in {title.replace(" ", "-") for title in titles}, link


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"code": ("rcrlib.models.ConvGRU",)}, "no function or class that can be imported"),
        ({"code": ("rcrlib.nowhere.ConvGRUCell",)}, "no function or class that can be imported"),
        ({"code": ("rcrlib.metrics.BETA_SQUARED",)}, "no function or class"),
        ({"code": ("pathlib.Path",)}, "pathlib.py is not there"),
        ({"code": ()}, "names no code"),
        ({"lessons": ("04_convgru#7 · Eq. 2",)}, "lesson 04_convgru has no heading '7 · Eq. 2'"),
        ({"lessons": ("04_gru",)}, "lesson 04_gru is not there"),
        ({"lessons": ()}, "names no lessons"),
        ({"tests": ("models/test_nothing.py",)}, "test file models/test_nothing.py is not there"),
        ({"tests": ("models/test_models_equations.py::test_eq",)}, "has no test_eq"),
        ({"tests": ()}, "names no tests"),
        ({"experiment": "table9"}, "there is no experiment table9"),
    ],
)
def test_what_leads_nowhere_is_named(wrong, says):
    (found,) = problems(ROOT, {"Equations": [replace(GOOD, **wrong)]})
    assert found.startswith("Eq. 2: ")
    assert says in found


def test_a_lesson_that_has_no_file_yet_is_named_and_no_page_is_written(tmp_path):
    """Nothing at all is in this clone."""
    with pytest.raises(DataError, match=r"lesson 04_convgru is not there \(notebooks/source/04_"):
        write_ledger(tmp_path)
    assert list(tmp_path.iterdir()) == []
