"""Colab rehearsed: beside the oldest and the newest packages the set-up cell changes none of them.

`pytest --full tests/notebooks/test_notebooks_on_colab.py -rP` makes both environments one after the
other, 7 GB each, in a temporary folder (TMPDIR chooses the disk), and prints what was there.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

import pytest

from helpers.colab_machine import GIGABYTES, NEWEST, OLDEST, Loaded, Machine, interpreter
from helpers.course_notebooks import ROOT, path_of
from rcrlib.course.building.build import SOURCES
from rcrlib.course.building.head import read_address, setup_cell

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # pytest's own

NOTEBOOKS = ("00_tour", "04_convgru", "05_flow")


def test_the_oldest_machine_has_what_the_package_asks_for_at_least():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["requires-python"] == f">={OLDEST.python}"
    least = dict(one.split(">=") for one in project["dependencies"])
    for package in OLDEST.packages:
        name, version = package.split("==")
        assert f"{version}.".startswith(f"{least[name]}.")
    assert NEWEST.names() == OLDEST.names()


@pytest.mark.parametrize("loaded", [OLDEST, NEWEST], ids=["oldest", "newest"])
def test_the_set_up_cell_changes_nothing_loaded_and_notebooks_run(loaded: Loaded, full: bool):
    if not full:
        pytest.skip("7 GB of packages; runs with --full")
    base = interpreter(loaded.python)
    if base is None:
        pytest.skip(f"needs Python {loaded.python}")
    with tempfile.TemporaryDirectory(prefix="rcr-colab-") as folder:
        free = shutil.disk_usage(folder).free / 2**30
        assert free > GIGABYTES, f"{folder}: {free:.0f} GB free, {GIGABYTES} needed; set TMPDIR"
        _rehearse(Machine(Path(folder)), loaded, base)


def _rehearse(machine: Machine, loaded: Loaded, base: str) -> None:
    machine.load(loaded, base)
    before = machine.frozen()
    assert "rcrlib" not in before
    print("python", machine.run_cell("import sys; print(sys.version)"))
    print("loaded:", *(before[name] for name in loaded.names()))

    print(machine.run_cell(setup_cell(read_address(ROOT / SOURCES))))
    after = machine.frozen()
    for name in [*loaded.names(), *(name for name in before if name.startswith("nvidia"))]:
        assert after[name] == before[name]
    assert [name for name in after if name.startswith("opencv")] == ["opencv-python"]
    print("added:", *sorted(after[name] for name in after.keys() - before.keys()))
    changed = [f"{before[name]} -> {after.get(name)}" for name in before]
    print("changed:", *(line for line in changed if len(set(line.split(" -> "))) > 1))
    where = machine.run_cell("import rcrlib; print(rcrlib.__file__)")
    assert where.startswith(str(machine.folder))

    # Students get the first ones; the solutions run with every check under other versions.
    chosen = [path_of(stem, version) for version in ("student", "solution") for stem in NOTEBOOKS]
    print(machine.run_all(chosen))
    assert machine.frozen() == after
