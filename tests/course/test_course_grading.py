"""Grading: right marks for right and wrong notebooks, and nobody is harmed by a hostile one."""

from __future__ import annotations

import csv
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch

from rcrlib.cli.main import main
from rcrlib.course.grading import Limits, grade
from rcrlib.course.grading.values import Foreign, decode, encode
from rcrlib.errors import DataError

HEAD = 'import torch\nfrom rcrlib.course import check, use\n# setup("04_convgru")'
GATES = """def gates(x, h, cell):
    z = torch.sigmoid(cell.w_xz(x) + cell.w_hz(h))
    return z, torch.sigmoid(cell.w_xr(x) + cell.w_hr(h))
check(gates)"""
BLEND = "def blend(z, new, h):\n    return (1 - z) * new + z * h\ncheck(blend)"
SWAPPED = "def blend(z, new, h):\n    return z * new + (1 - z) * h\ncheck(blend)"
STUB = 'def candidate(x, h, r, cell):\n    raise NotImplementedError("your turn: 1 line")'
CRASHING = "def candidate(x, h, r, cell):\n    return cell.w_xx(x)"
ENDLESS = "def candidate(x, h, r, cell):\n    while True:\n        pass"
FORGED = """import rcrlib.course.checking, rcrlib.course.result
rcrlib.course.checking.judge = lambda *a, **k: "PASSED"
def blend(z, new, h):
    return h
blend.__eq__ = lambda *a: True"""
HOSTILE = """import os, shutil, subprocess, cv2
from pathlib import Path
target = Path({target!r})
for attempt in (
    lambda: shutil.rmtree(target), lambda: os.remove(target / "kept.txt"),
    lambda: (target / "kept.txt").write_text("spoiled"), lambda: (target / "new.txt").touch(),
    lambda: os.rename(target, target.parent / "gone"), lambda: os.system(f"rm -rf {{target}}"),
    lambda: subprocess.run(["rm", "-rf", str(target)]), lambda: os.kill(os.getppid(), 9),
    lambda: cv2.imwrite(str(target / "kept.png"), __import__("numpy").zeros((4, 4, 3))),
    lambda: torch.save(torch.zeros(2), str(target / "kept.txt")),
    lambda: Path("mine.txt").write_text("inside is allowed"),
):
    try:
        attempt()
    except Exception:
        pass"""


def write(path: Path, *cells: str) -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in cells])
    nbformat.write(notebook, path)


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """Grade seven students at once; give the table's rows by name, the folder, and a bystander."""
    root = tmp_path_factory.mktemp("grading")
    folder, target = root / "submitted", root / "precious"
    folder.mkdir()
    target.mkdir()
    (target / "kept.txt").write_text("kept")
    write(folder / "perfect.ipynb", HEAD, GATES, BLEND)
    write(folder / "empty.ipynb", HEAD)
    write(folder / "half.ipynb", HEAD, GATES, STUB, SWAPPED)
    write(folder / "crashing.ipynb", HEAD, "1 / 0", CRASHING, "def broken(:", BLEND)
    write(folder / "endless.ipynb", HEAD, GATES, ENDLESS, "while True: pass", BLEND)
    write(folder / "forging.ipynb", HEAD, FORGED)
    write(
        folder / "hostile.ipynb",
        HEAD,
        HOSTILE.format(target=str(target)),
        BLEND,
        "import os; os._exit(0)",
    )
    before = {path: path.read_bytes() for path in folder.iterdir()}
    limits = Limits(cell=10, call=5)
    grade(folder, root / "grades", limits=limits)
    assert before == {path: path.read_bytes() for path in folder.iterdir()}
    with (root / "grades" / "grades.csv").open(newline="") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    return rows, root / "grades", target


def marks(row: dict[str, str]) -> list[str]:
    return [row[name] for name in ("gates", "candidate", "blend", "both_ways")]


@pytest.mark.parametrize(
    ("student", "passed", "expected"),
    [
        ("perfect", "2", ["PASSED", "NOT ATTEMPTED", "PASSED", "NOT ATTEMPTED"]),
        ("empty", "0", ["NOT ATTEMPTED"] * 4),
        ("half", "1", ["PASSED", "NOT ATTEMPTED", "NOT YET", "NOT ATTEMPTED"]),
        ("crashing", "1", ["NOT ATTEMPTED", "CRASHED IN YOUR CODE", "PASSED", "NOT ATTEMPTED"]),
        ("endless", "2", ["PASSED", "CRASHED IN YOUR CODE", "PASSED", "NOT ATTEMPTED"]),
        ("forging", "0", ["NOT ATTEMPTED", "NOT ATTEMPTED", "NOT YET", "NOT ATTEMPTED"]),
        ("hostile", "1", ["NOT ATTEMPTED", "NOT ATTEMPTED", "PASSED", "NOT ATTEMPTED"]),
    ],
)
def test_each_student_gets_what_their_notebook_earns(graded, student, passed, expected):
    row = graded[0][student]
    assert (marks(row), row["passed"], row["of"]) == (expected, passed, "4")


def test_the_table_and_the_page_name_the_mistake(graded):
    rows, out, _ = graded
    assert rows["half"]["blend: mistake"] == "z and 1 - z swapped"
    page = (out / "half.md").read_text()
    assert "1 of 4 passed" in page
    assert "Z and 1 - Z have changed places" in page


def test_a_crash_and_an_endless_function_are_told(graded):
    rows, out, _ = graded
    page = (out / "crashing.md").read_text()
    assert "AttributeError: 'ConvGRUCell' object has no attribute 'w_xx'" in page
    assert "return cell.w_xx(x)" in page
    assert "ZeroDivisionError" in rows["crashing"]["remarks"]
    assert "longer than 5 s, in candidate" in (out / "endless.md").read_text()
    assert "code cell 4: the notebook took longer than 10 s" in rows["endless"]["remarks"]


def test_nothing_outside_a_submissions_own_folder_is_touched(graded):
    _, _, target = graded
    assert [path.name for path in target.iterdir()] == ["kept.txt"]
    assert (target / "kept.txt").read_text() == "kept"


def test_too_much_memory_ends_a_notebook_and_nothing_else(tmp_path):
    hungry = "rows = []\nwhile True:\n    rows.append(b'x' * 50_000_000)"
    write(tmp_path / "hungry.ipynb", HEAD, BLEND, hungry)
    found = grade(tmp_path, tmp_path / "out", limits=Limits(cell=60, call=10, megabytes=2500))
    assert found[0].passed == 1
    assert "more than 2500 MB" in found[0].remarks[0]


@pytest.mark.parametrize(
    "value",
    [
        torch.randn(2, 3),
        torch.arange(3),
        np.eye(2),
        (1, 2.5, "a", None, True),
        [torch.zeros(0)],
        ...,
    ],
)
def test_answers_come_back_as_they_were(value):
    back = decode(encode(value))
    assert type(back) is type(value)
    assert repr(back) == repr(value)


def test_what_is_no_value_comes_back_as_words():
    back = decode(encode(torch.nn.Linear(2, 2)))
    assert isinstance(back, Foreign)
    assert repr(back) == "a Linear"


@pytest.mark.parametrize(
    "encoded", [3, {"pickle": "x"}, {"tensor": {"dtype": "object", "shape": [1], "data": ""}}]
)
def test_what_was_not_encoded_is_refused(encoded):
    with pytest.raises(ValueError, match=r"not an encoded|unknown"):
        decode(encoded)


def test_a_folder_without_notebooks_and_a_file_that_is_none_are_refused(tmp_path, capsys):
    with pytest.raises(DataError, match=r"no notebooks there; expected STUDENT\.ipynb"):
        grade(tmp_path, tmp_path / "out")
    (tmp_path / "one.ipynb").write_text("no notebook")
    with pytest.raises(SystemExit) as end:
        main(["course", "grade", str(tmp_path), "-o", str(tmp_path / "out")])
    assert end.value.code == 2
    assert "one.ipynb: is no notebook" in capsys.readouterr().err


def test_a_broken_upload_keeps_nobody_else_from_a_grade(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    write(folder / "good.ipynb", 'setup("01_metrics")')
    (folder / "broken.ipynb").write_text("")
    (folder / "._good.ipynb").write_text("not ours")
    said: list[str] = []
    grades = {one.student: one for one in grade(folder, tmp_path / "out", say=said.append)}
    assert set(grades) == {"good", "broken"}
    assert grades["broken"].passed == 0
    assert "broken.ipynb: is no notebook" in grades["broken"].remarks[0]
    assert said[-1].startswith("1 could not be read, see their remarks in grades.csv: broken")
    assert "is no notebook" in (tmp_path / "out" / "grades.csv").read_text(encoding="utf-8")


def test_a_folder_for_each_student_is_graded(tmp_path):
    student = tmp_path / "in" / "Given Name_1234_assignsubmission_file"
    student.mkdir(parents=True)
    write(student / "01_metrics.ipynb", 'setup("01_metrics")')
    (one,) = grade(tmp_path / "in", tmp_path / "out")
    assert one.student == student.name
    assert (tmp_path / "out" / f"{student.name}.md").is_file()


def test_a_notebook_that_does_not_say_its_lesson_is_refused(tmp_path):
    write(tmp_path / "one.ipynb", "x = 1")
    with pytest.raises(DataError, match="give it with --lesson"):
        grade(tmp_path, tmp_path / "out")
