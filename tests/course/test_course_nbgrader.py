"""The export for nbgrader, held against nbgrader's own rules, which are written down here.

They are those of nbgrader 0.9.6: `nbgraderformat/v3.json`, `nbgraderformat/v3.py`, `utils.py` and
`preprocessors/clearsolutions.py`. nbgrader itself is too heavy to depend on.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import nbformat
import pytest

from rcrlib.cli.main import main
from rcrlib.course import checking
from rcrlib.course.building import export, stems
from rcrlib.course.building.build import material
from rcrlib.course.building.execution import execute
from rcrlib.course.building.exercises import exercise_of, stub
from rcrlib.course.building.nbgrader import CONFIG
from rcrlib.course.exercises import exercises_of
from rcrlib.course.result import Outcome
from rcrlib.errors import DataError, OptionError

ROOT = Path(__file__).parents[2]
STEMS = [stem for stem in stems(ROOT) if exercises_of(stem)]
each_lesson = pytest.mark.parametrize("stem", STEMS)

TYPES = {
    "schema_version": int, "grade": bool, "locked": bool, "solution": bool, "task": bool,
    "grade_id": str, "points": (int, float), "checksum": str, "cell_type": str,
}  # fmt: skip
REQUIRED = {"schema_version", "grade", "locked", "solution"}


@pytest.fixture(scope="module")
def exported(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("nbgrader") / "course"
    export(ROOT, out)
    return out


def read(exported: Path, stem: str) -> nbformat.NotebookNode:
    path = exported / "source" / stem / f"{stem}.ipynb"
    nbformat.validate(json.loads(path.read_text(encoding="utf-8")))
    return nbformat.read(path, as_version=4)


def graded(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if "nbgrader" in cell.metadata]


def assert_valid(notebook: nbformat.NotebookNode) -> None:
    """Apply the rules of `MetadataValidatorV3`."""
    ids = []
    for cell in graded(notebook):
        of = cell.metadata.nbgrader
        assert set(TYPES) >= set(of) >= REQUIRED
        for name, value in of.items():
            assert isinstance(value, TYPES[name])
        assert of.schema_version == 3
        assert re.fullmatch(r"[a-zA-Z0-9_\-]+", of.get("grade_id", ""))
        assert not of.grade or of.points >= 0
        if of.get("task", False):
            assert cell.cell_type == "markdown"
        elif cell.cell_type == "markdown":
            assert of.grade == of.solution
        ids.append(of.grade_id)
    assert len(set(ids)) == len(ids)


def cleared(notebook: nbformat.NotebookNode) -> list[str]:
    """Return each cell's text as `ClearSolutions` leaves it, with the stub of our configuration."""
    settings: dict[str, dict[str, str]] = {}

    class Section(dict):
        def __getattr__(self, name):
            return self

        def __setattr__(self, name, value):
            settings[name] = value

    exec(CONFIG, {"get_config": Section})
    texts = []
    for cell in notebook.cells:
        lines, inside, replaced = [], False, False
        for line in cell.source.split("\n"):
            if "BEGIN SOLUTION" in line:
                assert not inside
                inside = replaced = True
                depth = re.match(r"\s*", line)[0]
                lines += [depth + one for one in settings["code_stub"]["python"].split("\n")]
            elif "END SOLUTION" in line:
                inside = False
            elif not inside:
                lines.append(line)
        assert not inside
        assert replaced == cell.metadata.get("nbgrader", {}).get("solution", False)
        texts.append("\n".join(lines))
    return texts


@each_lesson
def test_the_metadata_keep_nbgraders_rules(exported, stem):
    assert_valid(read(exported, stem))


@each_lesson
def test_each_exercise_has_a_cell_to_solve_and_a_locked_one_worth_its_difficulty(exported, stem):
    cells = graded(read(exported, stem))
    names = [exercise.name for exercise in exercises_of(stem)]
    assert [cell.metadata.nbgrader.grade_id for cell in cells[::2]] == names
    assert [cell.metadata.nbgrader.grade_id for cell in cells[1::2]] == [
        f"{name}-check" for name in names
    ]
    for solve, check, exercise in zip(cells[::2], cells[1::2], exercises_of(stem), strict=True):
        one, other = solve.metadata.nbgrader, check.metadata.nbgrader
        assert (one.grade, one.solution, one.locked) == (False, True, False)
        assert (other.grade, other.solution, other.locked) == (True, False, True)
        assert other.points == exercise.difficulty


@each_lesson
def test_what_nbgrader_gives_to_students_is_our_stub(exported, stem):
    """But for the number of lines: nbgrader has one stub for all exercises."""
    notebook = read(exported, stem)
    texts = cleared(notebook)
    given = [
        text
        for text, cell in zip(texts, notebook.cells, strict=True)
        if cell.metadata.get("nbgrader", {}).get("solution")
    ]
    ours = [cell for cell in material(ROOT, stem).cells if "exercise" in cell.tags]
    for text, cell in zip(given, ours, strict=True):
        expected = re.sub(r"your turn: \d+ lines?", "your turn", stub(cell)).rstrip()
        assert f"{text}\n\n\ncheck({exercise_of(cell).name})" == expected
    assert "<summary>Solution" not in "\n".join(texts)
    assert all(not cell.get("outputs") for cell in notebook.cells)


@each_lesson
def test_graded_cells_pass_as_exported_and_fail_as_given_to_students(exported, stem, monkeypatch):
    """nbgrader counts an error, or anything on stderr, as no points."""
    notebook = read(exported, stem)
    imports = [
        line
        for cell in notebook.cells
        if cell.cell_type == "code" and "nbgrader" not in cell.metadata
        for line in cell.source.splitlines()
        if re.match(r"(from|import) (?!importlib)", line)
    ]
    shown: list[object] = []
    space: dict[str, object] = {"display": shown.append}
    exec("\n".join(imports), space)
    monkeypatch.setenv(checking.STRICT, "1")
    for cell in graded(notebook):
        exec(compile(cell.source, "cell", "exec"), space)
    assert [result.outcome for result in shown] == [Outcome.PASSED] * len(exercises_of(stem))
    monkeypatch.delenv(checking.STRICT)
    shown.clear()
    for text, cell in zip(cleared(notebook), notebook.cells, strict=True):
        if cell.metadata.get("nbgrader", {}).get("solution"):
            exec(compile(text, "cell", "exec"), space)
        elif "nbgrader" in cell.metadata:
            with pytest.raises(AssertionError, match="NOT ATTEMPTED"):
                exec(compile(text, "cell", "exec"), space)
    assert len(shown) == len(exercises_of(stem))


def test_the_head_of_an_exported_lesson_runs_in_a_kernel_under_strict(exported, tmp_path):
    """Imports and first exercise; the rest is the solution's, which `rcr course build` runs."""
    notebook = read(exported, STEMS[0])
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    first, check = graded(notebook)[:2]
    outputs, _ = execute([code[1].source, first.source, check.source], tmp_path)
    kinds = {output.output_type for output in outputs[2]}
    assert kinds == {"display_data"}  # an execute_result would be read as points
    assert "PASSED" in outputs[2][0].data["text/plain"]


def test_a_lesson_without_exercises_is_refused(tmp_path):
    with pytest.raises(DataError, match="00_tour: has no exercises"):
        export(ROOT, tmp_path / "out", ["00"])
    assert not (tmp_path / "out").exists()


def test_a_folder_that_is_taken_is_left_alone(exported):
    """It may hold a gradebook by now."""
    with pytest.raises(OptionError, match="exists and is not empty"):
        export(ROOT, exported)


def test_the_command_writes_what_it_names(tmp_path, capsys):
    out = tmp_path / "course"
    words = ["course", "export", STEMS[0], "--root", str(ROOT), "-o", str(out)]
    with pytest.raises(SystemExit):
        main([*words, "--format", "moodle"])
    assert "--format moodle: unknown; use nbgrader" in capsys.readouterr().err
    main([*words, "--format", "nbgrader"])
    assert Path(capsys.readouterr().out.strip()).is_file()
    assert (out / "nbgrader_config.py").read_text(encoding="utf-8") == CONFIG
