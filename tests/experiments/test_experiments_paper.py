"""The paper's numbers are those that FACTS.md lists."""

from __future__ import annotations

import re

import pytest

from rcrlib.experiments.paper import PAPER_CELLS, PAPER_SETS, paper_numbers
from rcrlib.experiments.students import NER
from rcrlib.models import NERConfig


@pytest.fixture(scope="module")
def facts(shared):
    text = (shared / "FACTS.md").read_text(encoding="utf-8")
    return " ".join(text[text.index("Tables to reproduce") : text.index("## 3.")].split())


def numbers(text: str, pattern: str) -> dict[str, tuple[float, float]]:
    """Find NAME ... .861/.874 (max F / S)."""
    found = re.findall(rf"({pattern})[^/;,]*? \.(\d+)/\.(\d+)", text)
    return {name: (float(f"0.{f}"), float(f"0.{s}")) for name, f, s in found}


@pytest.mark.parametrize(
    ("experiment", "start", "end", "pattern", "count"),
    [
        ("table2", "Table 2", "Table 3", r"\d+/\d+", 8),
        ("fig7", "Table 2", "Table 3", r"\d+/\d+", 8),
        ("table3", "Table 3", "Table 4", r"R[a-e]", 5),
        ("table4", "Table 4", "Table 1", r"G[a-d]", 4),
    ],
)
def test_the_cells_of_a_table_have_the_papers_numbers(
    facts, experiment, start, end, pattern, count
):
    part = facts[facts.index(start) + len(start) : facts.index(end)]
    theirs = numbers(part, pattern)
    ours = {name: (row["max_f"], row["s"]) for name, row in PAPER_CELLS[experiment].items()}
    assert len(theirs) == count
    assert ours == theirs


@pytest.mark.parametrize("experiment", ["table1", "fig5"])
def test_our_row_of_table_1_has_the_papers_numbers(facts, experiment):
    part = facts[facts.index("Table 1") : facts.index("Table 5")]
    theirs = numbers(part, "VOS|DAVIS|FBMS")
    ours = {name.upper(): (row["max_f"], row["s"]) for name, row in PAPER_SETS[experiment].items()}
    assert ours == theirs
    assert len(ours) == 3


def test_table_5_has_the_papers_numbers(facts):
    assert "DAVIS J 74.7 F 73.3, FBMS J 75.9" in facts
    assert paper_numbers("table5", "ours", "DAVIS2016") == {"j_mean": 0.747, "f_mean": 0.733}
    assert paper_numbers("table5", "ours", "FBMS") == {"j_mean": 0.759}


def test_a_set_or_a_cell_that_the_paper_has_not_has_no_numbers():
    assert paper_numbers("table1", "ours", "synthetic") == {}
    assert paper_numbers("fig7", "0/10", "VOS") == {}
    assert paper_numbers("keyframes", "even", "DAVIS2016") == {}


def test_the_rows_of_table_3_are_those_of_the_networks_docstring():
    said = dict(re.findall(r"(R[a-e]) `([^`]+)`", NERConfig.__doc__ or ""))
    assert {
        name: f'{ner.first_non_local}, "{ner.recurrence}", {ner.second_non_local}'
        for name, ner in NER.items()
    } == said
