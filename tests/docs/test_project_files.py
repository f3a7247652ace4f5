"""What is written about the project agrees with the project."""

from __future__ import annotations

import functools
import importlib
import re
import sys
from pathlib import Path

import pytest
import yaml

import rcrlib

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # comes with pytest

ROOT = Path(__file__).parents[2]
PAGES = ("ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def resolve(name: str) -> object:
    """Import what a dotted name below rcrlib stands for."""
    for cut in range(name.count(".") + 1, 0, -1):
        parts = name.split(".")
        try:
            module = importlib.import_module(f"rcrlib.{'.'.join(parts[:cut])}")
        except ImportError:
            continue
        return functools.reduce(getattr, parts[cut:], module)
    raise ImportError(name)


def names_in(text: str) -> list[str]:
    """Return what stands in backticks as `room.name` or `room.name(...)`."""
    rooms = {path.stem for path in Path(rcrlib.__file__).parent.iterdir()}
    found = re.findall(r"`([a-z_]+(?:\.\w+)+)(?:\([^`]*\))?`", text)
    return [name for name in found if name.split(".")[0] in rooms]


def test_names_of_the_architecture_exist():
    names = names_in(text_of("ARCHITECTURE.md"))
    assert len(names) > 30
    for name in names:
        assert resolve(name) is not None, name


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_to_files(page):
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", text_of(page))
    local = [link for link in links if not link.startswith("http")]
    assert [link for link in local if not (ROOT / link).exists()] == []


def test_files_that_contributing_names_exist():
    words = re.findall(
        r"`([\w./-]+\.(?:py|md))`|(?<=pytest )(tests/[\w./]+)", text_of("CONTRIBUTING.md")
    )
    paths = [path for pair in words for path in pair if "/" in path and "NAME" not in path]
    assert len(paths) >= 5
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_contributing_names_the_hooks():
    config = yaml.safe_load(text_of(".pre-commit-config.yaml"))
    hooks = [hook["id"] for repo in config["repos"] for hook in repo["hooks"]]
    assert hooks == ["ruff", "ruff-format", "mypy", "notebooks"]
    text = text_of("CONTRIBUTING.md")
    assert all(f"`{hook}`" in text for hook in hooks)
    for hook in config["repos"][0]["hooks"]:
        assert re.compile(hook.get("files", ""))
        for path in re.findall(r"tests/\S+", hook["entry"]):
            assert (ROOT / path).exists()


def test_the_version_is_the_same_everywhere():
    citation = yaml.safe_load(text_of("CITATION.cff"))
    versions = re.findall(r"^## \[(\d\S*)\]", text_of("CHANGELOG.md"), flags=re.MULTILINE)
    assert PROJECT["version"] == rcrlib.__version__ == citation["version"] == versions[0]


def test_the_citation_is_that_of_the_readme():
    paper = yaml.safe_load(text_of("CITATION.cff"))["preferred-citation"]
    readme = " ".join(text_of("README.md").split())
    assert f"{{{paper['title']}}}" in readme
    for author in paper["authors"]:
        assert f"{author['family-names']}, {author['given-names']}" in readme


def test_the_licences_of_code_and_weights_are_named_and_come_along():
    assert PROJECT["license"] == "MIT AND CC-BY-NC-4.0"
    code, weights = (text_of(path) for path in PROJECT["license-files"])
    assert "MIT License" in code
    assert "CC BY-NC 4.0" in weights
    assert "https://creativecommons.org/licenses/by-nc/4.0/" in weights


@pytest.mark.parametrize(
    "path", sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml")), ids=lambda p: p.name
)
def test_issue_templates_are_forms(path):
    form = yaml.safe_load(path.read_text(encoding="utf-8"))
    if path.name == "config.yml":
        assert all(set(link) == {"name", "url", "about"} for link in form["contact_links"])
        return
    assert {"name", "description", "body"} <= set(form)
    kinds = {"input", "textarea", "dropdown", "checkboxes", "markdown"}
    assert {part["type"] for part in form["body"]} <= kinds
    ids = [part["id"] for part in form["body"]]
    assert len(set(ids)) == len(ids)
