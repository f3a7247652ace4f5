"""The set-up cell: elsewhere it only looks; on Colab it installs, and touches nothing loaded."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import types
from importlib.metadata import version
from pathlib import Path

import pytest

from helpers.course_notebooks import ROOT, code_cells, each_notebook, read
from rcrlib.course.building.head import Address, setup_cell

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # pytest's own

CELL = setup_cell(Address("someone/course", "v1"))


@pytest.fixture
def missing(monkeypatch):
    """Hide rcrlib, and record what would be installed."""
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "rcrlib" else found(name)
    )
    calls: list[list[str]] = []
    held: list[str] = []

    def run(command, check):
        calls.append(command)
        if "-c" in command:
            held.append(Path(command[command.index("-c") + 1]).read_text())

    monkeypatch.setattr(subprocess, "run", run)
    return calls, held


@each_notebook
def test_the_set_up_cell_is_the_same_in_every_notebook_and_there_once(stem, version):
    cells = [
        cell.source for cell in code_cells(read(stem, version)) if "# Set-up, the" in cell.source
    ]
    assert len(cells) == 1
    assert re.sub(r"github.com/\S+\"", "", cells[0]) == re.sub(r"github.com/\S+\"", "", CELL)


def test_where_the_library_is_there_it_only_looks(monkeypatch, capsys):
    monkeypatch.setattr(subprocess, "run", lambda *a, **k: pytest.fail("it installs"))
    exec(CELL, {})
    assert "ready: torch" in capsys.readouterr().out


def test_without_the_library_it_says_what_to_do_and_installs_nothing(missing, monkeypatch):
    monkeypatch.delenv("COLAB_RELEASE_TAG", raising=False)
    with pytest.raises(ImportError, match=r"pip install -e '\.\[course\]'"):
        exec(CELL, {})
    assert missing[0] == []


def test_on_colab_it_installs_the_library_and_holds_what_is_loaded(missing, monkeypatch):
    monkeypatch.setenv("COLAB_RELEASE_TAG", "x")
    exec(CELL, {})
    calls, held = missing
    added, library = (call[call.index("install") + 2 :] for call in calls)
    assert library == ["--no-deps", "git+https://github.com/someone/course@v1"]
    assert not {"torch", "torchvision", "numpy", "opencv-python"} & {
        re.split(r"[>=]", name)[0] for name in added
    }
    # The version that pip knows: a torch from PyPI calls itself 2.4.0+cu121 and is pip's 2.4.0.
    kept = ("torch", "torchvision", "numpy")
    assert held[0] == "".join(f"{name}=={version(name)}\n" for name in kept)


@pytest.mark.parametrize("name", ["torch", "torchvision", "numpy", "cv2"])
def test_versions_are_checked_before_anything_is_installed(missing, monkeypatch, name):
    monkeypatch.setenv("COLAB_RELEASE_TAG", "x")
    old = types.ModuleType(name)
    old.__version__ = "0.3.1"
    monkeypatch.setitem(sys.modules, name, old)
    with pytest.raises(ImportError, match=f"too old: {name} 0.3.1"):
        exec(CELL, {})
    assert missing[0] == []


def test_the_set_up_cell_asks_for_what_the_package_asks_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = set(project["dependencies"])
    wanted |= {one for one in project["optional-dependencies"]["course"] if "ipywidgets" in one}
    space: dict[str, object] = {}
    exec("\n".join(re.findall(r"^(?:KEPT|ADDED) \+?= .*$", CELL, re.MULTILINE)), space)
    names = {"cv2": "opencv-python"}
    kept = {f"{names.get(name, name)}>={least}" for name, least in space["KEPT"].items()}
    assert kept | set(space["ADDED"]) == wanted
