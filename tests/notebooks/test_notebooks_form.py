"""Every notebook is what its source says, and is fit to be read; solutions were run."""

from __future__ import annotations

import re
from itertools import pairwise
from urllib.parse import unquote

import nbformat
import pytest

from helpers.course_notebooks import (
    ROOT,
    STEMS,
    WITH_OUTPUTS,
    code_cells,
    each_lesson,
    each_notebook,
    headings,
    outputs,
    path_of,
    prose,
    read,
    words,
)
from rcrlib.course.building import VERSIONS, compose
from rcrlib.course.building.build import material
from rcrlib.course.building.compose import planned_minutes, written
from rcrlib.course.building.head import read_address, setup_cell
from rcrlib.course.building.readme import with_lessons
from rcrlib.course.lesson import MEGABYTES, SECONDS
from rcrlib.course.lessons import LESSONS, lesson, measured

WORDS, CODE_LINES, CELL_LINES = 2200, 200, 40
CELLS = range(25, 46)
MEGABYTE = 10**6


def test_the_readme_lists_the_lessons_as_they_are_now():
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    address = read_address(ROOT / "notebooks" / "source")
    assert "<!-- lessons -->" in page
    assert page == with_lessons(page, STEMS, address), "run: rcr course build"


def test_each_lesson_has_its_source_and_each_source_its_lesson():
    assert [one.stem for one in LESSONS] == STEMS


def test_each_source_has_its_three_notebooks_and_there_are_no_others():
    for version, folder in VERSIONS.items():
        expected = [path_of(stem, version) for stem in STEMS]
        assert sorted((ROOT / folder).glob("*.ipynb")) == expected
    assert STEMS


@each_notebook
def test_a_rebuilt_notebook_is_the_committed_one(stem, version):
    ready = material(ROOT, stem)
    assert ready.outputs, "the code has changed since the solution was run: rcr course build"
    made = written(compose(ready, version))
    committed = path_of(stem, version).read_text(encoding="utf-8")
    assert made == committed, "run: rcr course build"


@each_notebook
def test_a_file_is_valid_small_and_names_its_kernel(stem, version):
    notebook = read(stem, version)
    nbformat.validate(notebook)
    assert path_of(stem, version).stat().st_size < MEGABYTE
    assert notebook.metadata.kernelspec.name == "python3"
    assert "widgets" not in notebook.metadata


@each_notebook
def test_cells_stand_in_their_order(stem, version):
    """Badge, title and promise; objectives and facts; a picture of the result; the set-up cell."""
    cells = [cell for cell in read(stem, version).cells if "**Lesson plan.**" not in cell.source]
    first, second, third, fourth = (cell.source for cell in cells[:4])
    assert re.match(
        rf"\[!\[Open in Colab\]\(\S+\)\]\(\S+{stem}\.ipynb\)\n\n# \d\d · .+\n\n\*\*", first
    )
    assert "| last verified |" in second
    assert re.search(r"!\[.*\]\(attachment:result\.jpg\)", third)
    assert fourth == setup_cell(read_address(ROOT / "notebooks/source"))
    assert cells[4].source.count("setup(") == 1
    end = [title for _, title in headings(read(stem, version))][-2:]
    assert end == ["Questions", "References"]
    assert "**Next:**" in cells[-1].source


@each_notebook
def test_there_is_one_title_and_headings_have_no_gaps(stem, version):
    levels = [level for level, _ in headings(read(stem, version))]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


@each_notebook
def test_links_lead_to_headings_and_to_files_of_the_repository(stem, version):
    notebook = read(stem, version)
    anchors = {title.replace(" ", "-") for _, title in headings(notebook)}
    for link in re.findall(r"\]\(([^)\s]+)\)", prose(notebook)):
        if link.startswith("#"):
            assert unquote(link[1:]) in anchors
        elif not re.match(r"https?:|attachment:", link):
            assert (path_of(stem, version).parent / unquote(link.split("#")[0])).exists(), link


@each_notebook
def test_every_picture_is_described_in_words_and_numbers(stem, version):
    notebook = read(stem, version)
    described = re.findall(r"!\[(.*?)\]\((?!https)", prose(notebook), re.DOTALL)
    for output in outputs(notebook):
        kinds = [kind for kind in output.get("data", {}) if kind.startswith("image/")]
        described += [output.metadata[kind]["alt"] for kind in kinds]
    assert described
    for alt in described:
        assert len(alt.split()) >= 8
        assert re.search(r"\d", alt), f"no number in {alt!r}"


@each_lesson
def test_a_solution_shows_pictures(stem):
    pictures = [o for o in outputs(read(stem, "solution")) if "image/jpeg" in o.get("data", {})]
    assert len(pictures) >= 3


@each_lesson
def test_a_lesson_is_short_enough_to_be_read(stem):
    notebook = read(stem, "solution")
    setup = setup_cell(read_address(ROOT / "notebooks/source"))
    code = [cell.source for cell in code_cells(notebook)]
    lengths = {text: sum(map(bool, text.splitlines())) for text in code}
    assert words(notebook) <= WORDS
    assert max(lengths.values()) <= CELL_LINES
    assert sum(length for text, length in lengths.items() if text != setup) <= CODE_LINES
    few = "exercise" not in {tag for cell in material(ROOT, stem).cells for tag in cell.tags}
    assert len(notebook.cells) in (range(15, 46) if few else CELLS)


@each_lesson
def test_the_plan_adds_up_to_the_lessons_minutes(stem):
    assert planned_minutes(material(ROOT, stem).cells) == lesson(stem).minutes
    assert 45 <= lesson(stem).minutes <= 75


@each_lesson
def test_running_it_took_no_more_than_its_budget(stem):
    found = measured(stem)
    assert found is not None
    assert found.seconds <= SECONDS
    assert found.megabytes <= MEGABYTES
    assert f"{found.seconds:.0f} s and" in prose(read(stem, "student"))


@each_lesson
def test_a_students_notebook_has_no_outputs_and_no_counts(stem):
    for cell in code_cells(read(stem, "student")):
        assert cell.outputs == []
        assert cell.execution_count is None


@pytest.mark.parametrize("version", WITH_OUTPUTS)
@each_lesson
def test_a_solution_was_run_from_top_to_bottom_without_a_complaint(stem, version):
    notebook = read(stem, version)
    counts = [cell.execution_count for cell in code_cells(notebook)]
    assert counts == list(range(1, len(counts) + 1))
    for output in outputs(notebook):
        assert output.output_type != "error"
        assert output.get("name") != "stderr", output.text
        assert "application/vnd.jupyter.widget-view+json" not in output.get("data", {})


@each_lesson
def test_outputs_name_no_folder_of_the_machine_that_ran_it(stem):
    for output in outputs(read(stem, "solution")):
        texts = [output.get("text", ""), *output.get("data", {}).values()]
        assert not any(re.search(r"/(tmp|home|root|Users)/", str(text)[:2000]) for text in texts)
