"""One source, three notebooks: what each holds, when a solution is run, where badges point."""

from __future__ import annotations

import shutil
from pathlib import Path

import nbformat
import pytest

from rcrlib.course import lessons
from rcrlib.course.building import build, compose, place, publish, stems
from rcrlib.course.building.build import material
from rcrlib.course.building.exercises import exercise_of, solved, stub
from rcrlib.course.building.head import Address
from rcrlib.course.building.slides import make_slides
from rcrlib.course.building.source import Cell, read_source
from rcrlib.course.lessons import lesson
from rcrlib.errors import DataError, OptionError, RcrError

SOURCE = '''# %% [markdown] minutes=30 tags=["slide"]
# # 04 · A small lesson
#
# **It is small.**

# %% [markdown] tags=["objectives"]
# You learn little.

# %% tags=["setup"]
# set-up

# %%
from rcrlib.course import check

# %% tags=["exercise"]
def blend(z, new, h):
    """Blend."""
    # your turn
    kept = z * h
    return (1 - z) * new + kept
    # end


check(blend)

# %% [markdown] tags=["instructor"]
# Only for instructors.

# %% tags=["result"]
import numpy as np

from rcrlib.course import picture

picture("A black square of 16 times 16 pixels.", np.zeros((16, 16, 3), np.uint8))
'''


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    """Return a repository with one small lesson, built."""
    root = tmp_path_factory.mktemp("course")
    folder = root / "notebooks" / "source"
    folder.mkdir(parents=True)
    (folder / "04_convgru.py").write_text(SOURCE, encoding="utf-8")
    (folder / "published.json").write_text('{"repo": "a/b", "ref": "main"}\n')
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lessons, "FOLDER", root / "lessons")
        build(root)
    return root


@pytest.fixture
def root(built, tmp_path, monkeypatch) -> Path:
    """Return a copy of it for one test."""
    copy = shutil.copytree(built, tmp_path / "course")
    monkeypatch.setattr(lessons, "FOLDER", copy / "lessons")
    return copy


def read(root: Path, version: str) -> nbformat.NotebookNode:
    return nbformat.read(root / place(lesson("04"), version), as_version=4)


def text_of(notebook: nbformat.NotebookNode) -> str:
    return "\n".join(cell.source for cell in notebook.cells)


def change(root: Path, old: str, new: str) -> None:
    path = root / "notebooks/source/04_convgru.py"
    assert old in SOURCE
    path.write_text(SOURCE.replace(old, new), encoding="utf-8")


def test_the_student_gets_a_stub_and_no_outputs(root):
    notebook = read(root, "student")
    assert 'raise NotImplementedError("your turn: 2 lines")' in text_of(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(not cell.outputs and cell.execution_count is None for cell in code)
    assert "Only for instructors" not in text_of(notebook)


def test_the_solution_was_run_and_every_exercise_passed(root):
    notebook = read(root, "solution")
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    checked = next(cell for cell in code if "check(blend)" in cell.source)
    assert "PASSED" in checked.outputs[-1].data["text/plain"]
    assert "your turn" not in checked.source
    assert "Only for instructors" not in text_of(notebook)


def test_the_instructor_gets_a_plan_the_expected_mistakes_and_slides(root, tmp_path):
    notebook = read(root, "instructor")
    text = text_of(notebook)
    assert "| exercise `blend` | 5 |" in text
    assert "| **all** | **35** |" in text
    assert "z and 1 - z swapped" in text
    assert "Only for instructors" in text
    page = make_slides(root / place(lesson("04"), "instructor"), tmp_path / "slides.html")
    assert "A small lesson" in page.read_text(encoding="utf-8")
    with pytest.raises(DataError, match="no cell of its source is tagged"):
        make_slides(root / place(lesson("04"), "student"), tmp_path / "slides.html")


def test_every_version_has_badge_facts_hints_and_the_picture_of_the_result(root):
    for version, folder in (("student", ""), ("solution", "solutions/")):
        notebook = read(root, version)
        text = text_of(notebook)
        assert f"github/a/b/blob/main/notebooks/{folder}04_convgru.ipynb" in text
        assert "about 70 minutes" in text
        assert "<summary>Hint 1" in text
        assert "kept = z * h" in text  # the solution, folded
        shown = [cell for cell in notebook.cells if cell.get("attachments")]
        assert len(shown) == 1
        assert "![A black square of 16 times 16 pixels.](attachment:result.jpg)" in shown[0].source
    assert 'SOURCE = "git+https://github.com/a/b@main"' in text


def test_building_again_changes_nothing_and_runs_nothing(root):
    done = build(root)
    assert (done[0].executed, done[0].written) == (None, ())


def test_a_change_of_words_runs_nothing(root):
    change(root, "You learn little.", "You learn much.")
    done = build(root)
    assert done[0].executed is None
    assert len(done[0].written) == 3
    assert "PASSED" in str(read(root, "solution"))


def test_a_change_of_code_runs_the_solution_again(root):
    change(root, "# set-up\n\n# %%\n", "# set-up\n\n# %%\nprint('a new line')\n")
    done = build(root, ["04"])
    assert done[0].executed is not None
    assert "a new line" in str([cell.get("outputs") for cell in read(root, "solution").cells])


def test_a_wrong_solution_does_not_build_and_leaves_everything_as_it_was(root):
    before = {path: path.read_bytes() for path in root.rglob("*.ipynb")}
    change(root, "(1 - z) * new + kept", "new + kept")
    with pytest.raises(RcrError, match=r"(?s)code cell 3 of 4 failed.*PASSED was wanted"):
        build(root)
    assert before == {path: path.read_bytes() for path in root.rglob("*.ipynb")}


def test_publishing_changes_badges_and_set_up_cells_only(root):
    (root / "README.md").write_text("# Mine\n<!-- lessons -->\n\n<!-- end -->\nThe end.\n")
    done = publish(root, Address("me/my-course", "v1.0"))
    assert done[0].executed is None
    assert len(done[0].written) == 3
    text = text_of(read(root, "student"))
    assert "github/me/my-course/blob/v1.0/notebooks/04_convgru.ipynb" in text
    assert "github.com/me/my-course@v1.0" in text
    assert "a/b" not in text
    page = (root / "README.md").read_text()
    assert "github/me/my-course/blob/v1.0/notebooks/04_convgru.ipynb" in page
    assert page.startswith("# Mine\n<!-- lessons -->\n| | lesson |")
    assert page.endswith("|\n<!-- end -->\nThe end.\n")
    publish(root, Address("a/b", "main"))
    assert build(root)[0].written == ()


def test_publishing_what_is_out_of_date_is_refused(root):
    change(root, "kept = z * h", "kept = h * z")
    with pytest.raises(DataError, match="out of date"):
        publish(root, Address("me/mine", "main"))


@pytest.mark.parametrize(
    ("repo", "ref"), [("me", "main"), ("a/b/c", "main"), ("a/b", "-x"), ("a/b", "")]
)
def test_an_address_that_is_none_is_refused(repo, ref):
    with pytest.raises(OptionError, match="expected"):
        Address(repo, ref)


def test_ids_follow_from_content_and_differ(root):
    made = [compose(material(root, "04_convgru"), "student") for _ in range(2)]
    ids = [[cell.id for cell in notebook.cells] for notebook in made]
    assert ids[0] == ids[1]
    assert len(set(ids[0])) == len(ids[0])


def test_a_stub_is_the_solution_less_its_lines():
    lines = "    # your turn\n    a = 1\n\n    return a\n    # end\n"
    text = f"def blend(z, new, h):\n{lines}\n\ncheck(blend)"
    cell = Cell("code", text, frozenset({"exercise"}))
    assert stub(cell).splitlines()[2:] == [
        "def blend(z, new, h):", '    raise NotImplementedError("your turn: 2 lines")', "", "",
        "check(blend)",
    ]  # fmt: skip
    assert "    a = 1\n\n    return a\n" in solved(cell)
    assert "difficulty ●○○ · about 5 minutes" in solved(cell).splitlines()[0]


@pytest.mark.parametrize(
    "text",
    ["check(blend)", "# your turn\nx = 1\n# end\n", "# your turn\n# end\ncheck(blend)\nprint()"],
)
def test_an_exercise_without_a_check_or_a_solution_is_refused(text):
    with pytest.raises(DataError, match="your turn"):
        exercise_of(Cell("code", text, frozenset({"exercise"})))


@pytest.mark.parametrize("head", ['tags=["slides"]', "seconds=3", 'minutes="many"'])
def test_a_tag_that_means_nothing_is_refused(tmp_path, head):
    path = tmp_path / "04_convgru.py"
    path.write_text(f"# %% {head}\nx = 1\n")
    with pytest.raises(DataError, match="cell 1 has"):
        read_source(path)


def test_what_is_no_course_is_refused(tmp_path):
    with pytest.raises(DataError, match="clone of the course's repository"):
        stems(tmp_path)
