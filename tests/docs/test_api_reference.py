"""The API reference: it can be built, and every public name is on its page."""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

import rcrlib

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "docs" / "build_api.py"
FACES = re.findall(
    r'^    "(rcrlib[\w.]*)",$', SCRIPT.read_text(encoding="utf-8"), flags=re.MULTILINE
)

BEHIND_A_COMMAND = {
    "rcrlib.bench",
    "rcrlib.cli",
    "rcrlib.course.building",
    "rcrlib.course.grading",
    "rcrlib.course.lessons",
    "rcrlib.demo",
}
"""What people use as `rcr bench` and the like, not from Python."""

EXPORTED_ABOVE = {"rcrlib.models.files"}
"""Packages whose names are all on the page of the package that they are in."""


class Page(HTMLParser):
    """The ids and the links of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id" and value:
                self.ids.add(value)
            if name == "href" and value:
                self.links.add(value)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reference, built by the command that CONTRIBUTING.md names."""
    out = tmp_path_factory.mktemp("site") / "api"
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "-o", str(out)], env=env, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return out


def path_of(site: Path, face: str) -> Path:
    return site / f"{face.replace('.', '/')}.html"


def public_names(face: str) -> list[str]:
    return list(getattr(importlib.import_module(face), "__all__", []))


@pytest.mark.parametrize("face", FACES)
def test_every_public_name_is_on_its_page(face, site):
    page = Page(path_of(site, face))
    names = public_names(face)
    assert names
    assert set(names) - page.ids == set()
    assert {f"#{name}" for name in names} - page.links == set(), "not in the navigation"


def test_every_page_links_to_all_others(site):
    for face in FACES:
        targets = {Path(link.split("#")[0]).stem for link in Page(path_of(site, face)).links}
        assert {other.split(".")[-1] for other in FACES if other != face} - targets == set()


def test_every_public_package_has_a_page():
    package = Path(rcrlib.__file__).parent
    public = {
        ".".join(path.relative_to(package.parent).with_suffix("").parts).removesuffix(".__init__")
        for path in package.rglob("*.py")
        if re.search(r"^__all__", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    }
    assert public - BEHIND_A_COMMAND - EXPORTED_ABOVE == set(FACES)
    for face in EXPORTED_ABOVE:
        assert set(public_names(face)) <= set(public_names(face.rpartition(".")[0]))


def test_a_constant_brings_the_text_below_it(site):
    """pdoc looks for it only in the module whose page it is."""
    page = path_of(site, "rcrlib.metrics").read_text(encoding="utf-8")
    assert "Weight of precision against recall" in page


def test_types_are_shown_as_the_source_spells_them(site):
    for face in FACES:
        html = path_of(site, face).read_text(encoding="utf-8")
        assert "numpy.dtype[" not in re.sub(r"<[^>]+>", "", html), face
