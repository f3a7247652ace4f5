"""Every notebook is what its source says, was run from top to bottom, and is fit to be read."""

from __future__ import annotations

import importlib.util
import re
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import nbformat
import pytest
from nbformat import NotebookNode

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
WORDS, CODE_LINES, CELL_LINES = 2200, 200, 40
MEGABYTE = 10**6


def _builder() -> ModuleType:
    spec = importlib.util.spec_from_file_location("notebooks_build", NOTEBOOKS / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


build = _builder()
SOURCES = build.sources()


@pytest.fixture(params=SOURCES, ids=lambda source: source.stem)
def source(request: pytest.FixtureRequest) -> Path:
    return request.param


@pytest.fixture
def notebook(source: Path) -> NotebookNode:
    return nbformat.read(build.notebook_path(source), as_version=4)


def _prose(notebook: NotebookNode) -> str:
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def _code(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def _headings(notebook: NotebookNode) -> list[tuple[int, str]]:
    text = re.sub(r"```.*?```", "", _prose(notebook), flags=re.DOTALL)
    return [(len(marks), title) for marks, title in re.findall(r"^(#+) (.+)$", text, re.MULTILINE)]


def _outputs(notebook: NotebookNode) -> list[NotebookNode]:
    return [output for cell in _code(notebook) for output in cell.outputs]


def test_each_source_has_its_notebook_and_each_notebook_its_source() -> None:
    assert [build.notebook_path(s) for s in SOURCES] == sorted(NOTEBOOKS.glob("*.ipynb"))
    assert SOURCES


def test_the_notebook_holds_the_cells_of_its_source(source: Path, notebook: NotebookNode) -> None:
    def plain(cells: list[NotebookNode]) -> list[tuple[object, ...]]:
        return [(cell.id, cell.cell_type, cell.source, dict(cell.metadata)) for cell in cells]

    made = build.convert(source)
    assert plain(notebook.cells) == plain(made.cells), "run: python notebooks/build.py"
    assert notebook.metadata == made.metadata


def test_ids_follow_from_content_and_differ(source: Path) -> None:
    once, twice = build.convert(source), build.convert(source)
    ids = [cell.id for cell in once.cells]
    assert ids == [cell.id for cell in twice.cells]
    assert len(set(ids)) == len(ids)
    assert all(cell.id.startswith(build.digest(cell)) for cell in once.cells)


def test_the_file_is_valid_small_and_names_its_kernel(source: Path, notebook: NotebookNode) -> None:
    nbformat.validate(notebook)
    assert build.notebook_path(source).stat().st_size < MEGABYTE
    assert notebook.metadata.kernelspec.name == "python3"
    assert "widgets" not in notebook.metadata


def test_it_was_run_from_top_to_bottom_without_a_complaint(notebook: NotebookNode) -> None:
    counts = [cell.execution_count for cell in _code(notebook)]
    assert counts == list(range(1, len(counts) + 1))
    for output in _outputs(notebook):
        assert output.output_type != "error"
        assert output.get("name") != "stderr", output.text
        assert "application/vnd.jupyter.widget-view+json" not in output.get("data", {})


def test_it_has_one_title_and_headings_without_gaps(notebook: NotebookNode) -> None:
    levels = [level for level, _ in _headings(notebook)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_links_inside_the_notebook_lead_to_headings(notebook: NotebookNode) -> None:
    anchors = {title.replace(" ", "-") for _, title in _headings(notebook)}
    assert set(re.findall(r"\]\(#([^)]+)\)", _prose(notebook))) <= anchors


def test_every_picture_is_described_in_words_and_numbers(notebook: NotebookNode) -> None:
    pictures = 0
    for output in _outputs(notebook):
        for kind in output.get("data", {}):
            if kind.startswith("image/"):
                pictures += 1
                alt = output.metadata[kind]["alt"]
                assert len(alt.split()) >= 8
                assert re.search(r"\d", alt), f"no number in {alt!r}"
    assert pictures >= 5
    assert all(alt.strip() for alt in re.findall(r"!\[(.*?)\]\(", _prose(notebook)))


def test_it_is_short_enough_to_be_read(notebook: NotebookNode) -> None:
    words = re.sub(r"\$\$?.*?\$\$?|```.*?```|[|#*`]", " ", _prose(notebook), flags=re.DOTALL)
    lengths = [sum(map(bool, cell.source.splitlines())) for cell in _code(notebook)]
    assert len(words.split()) <= WORDS
    assert sum(lengths) <= CODE_LINES
    assert max(lengths) <= CELL_LINES


def test_outputs_name_no_folder_of_the_machine_that_ran_it(notebook: NotebookNode) -> None:
    for output in _outputs(notebook):
        texts = [output.get("text", ""), *output.get("data", {}).values()]
        assert not any(re.search(r"/(tmp|home|root|Users)/", text[:2000]) for text in texts)
