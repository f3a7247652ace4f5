"""docs/ledger.md: nothing of the paper is missing, every link and every name in it exists."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from pathlib import Path
from urllib.parse import unquote

import click
import nbformat
import pytest

from rcrlib.cli.main import app
from rcrlib.experiments import EXPERIMENTS

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "ledger.md"
TEXT = PAGE.read_text(encoding="utf-8")
ROWS = re.findall(r"^\| \*\*(.+?)\*\*: (.+) \|$", TEXT, re.MULTILINE)
LINKS = re.findall(r"\[([^\]]+)\]\((?!https:)([^)]+)\)", TEXT)

NUMBERED = r"(?:Eq\.|Fig\.|Table) \d+"
PAPER = {
    *(f"Eq. {number}" for number in range(1, 4)),
    *(f"Fig. {number}" for number in range(1, 8)),
    *(f"Table {number}" for number in range(1, 6)),
}
OTHER_PAPERS = {"Eq. 5"}  # Sundaram et al., of occlusion


def links_into(folder: str) -> list[tuple[str, str]]:
    return [(text.strip("`"), to) for text, to in LINKS if to.startswith(f"../{folder}/")]


def test_every_equation_figure_and_table_of_the_paper_has_one_row():
    names = [name for name, _ in ROWS]
    assert {name for name in names if re.fullmatch(NUMBERED, name)} == PAPER
    assert len(set(names)) == len(names)


def test_what_code_and_lessons_mention_is_in_the_ledger():
    files = [*(ROOT / "rcrlib").rglob("*.py"), *(ROOT / "notebooks/source").glob("*.py")]
    found = {one for file in files for one in re.findall(rf"\b{NUMBERED}", file.read_text("utf-8"))}
    assert found - OTHER_PAPERS <= PAPER
    assert {"Eq. 2", "Fig. 5", "Table 3"} <= found


@pytest.mark.parametrize(("name", "row"), ROWS, ids=[name for name, _ in ROWS])
def test_a_row_leads_to_code_a_lesson_and_a_test(name, row):
    assert row.count(" | ") == 3
    for cell, folder in zip(row.split(" | ")[1:], ("rcrlib", "notebooks", "tests"), strict=True):
        assert f"](../{folder}/" in cell


@pytest.mark.parametrize(("text", "to"), LINKS)
def test_a_link_leads_to_a_file_and_to_a_heading_in_it(text, to):
    file, _, anchor = to.partition("#")
    path = PAGE.parent / file
    assert path.is_file()
    if anchor:
        cells = nbformat.read(path, as_version=4).cells
        prose = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
        headings = re.findall(r"^#+ (.+)$", prose, re.MULTILINE)
        assert unquote(anchor) in {heading.replace(" ", "-") for heading in headings}
        assert text.replace(" ", "-") == f"{path.name[:2]},-{unquote(anchor)}"


@pytest.mark.parametrize(("name", "to"), links_into("rcrlib"))
def test_a_function_or_class_can_be_imported_and_is_in_the_file(name, to):
    module, _, attribute = name.rpartition(".")
    found = inspect.unwrap(getattr(importlib.import_module(f"rcrlib.{module}"), attribute))
    assert f"../{found.__module__.replace('.', '/')}.py" == to


@pytest.mark.parametrize(("name", "to"), links_into("tests"))
def test_a_test_is_in_the_file(name, to):
    path = PAGE.parent / to
    tree = ast.parse(path.read_text(encoding="utf-8"))
    tests = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert name in tests | {path.stem}


@pytest.mark.parametrize("line", sorted(set(re.findall(r"`rcr ([^`]+)`", TEXT))))
def test_a_command_exists_with_its_options(line):
    command, context = app, click.Context(app)
    words = line.split()
    while isinstance(command, click.Group):
        command = command.get_command(context, words.pop(0))
        assert command is not None
    options = {option for one in command.params for option in one.opts}
    assert {word for word in words if word.startswith("--")} <= options
    if command.name == "experiment":
        assert words[0] in EXPERIMENTS


def test_every_table_and_figure_that_can_be_made_anew_names_its_experiment():
    for name, row in ROWS:
        made = name.startswith("Table") or name in ("Fig. 5", "Fig. 7")
        wanted = [name.lower().replace(". ", "").replace(" ", "")] if made else []
        assert re.findall(r"`rcr experiment (\w+)`", row) == wanted
