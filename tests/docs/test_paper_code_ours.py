"""docs/paper-code-ours.md: its snippets run and print what stands under them."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path
from typing import get_args

import pytest
import torch

from rcrlib.variants import Variant

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/paper-code-ours.md"
TEXT = PAGE.read_text(encoding="utf-8")
SECTIONS = re.findall(r"^### (.+?)\n(.*?)(?=^##|\Z)", TEXT, re.MULTILINE | re.DOTALL)
SNIPPET = re.compile(r"```python\n(.*?)```\n\n```text\n(.*?)```", re.DOTALL)
SNIPPETS = {title: SNIPPET.findall(body) for title, body in SECTIONS}


@pytest.mark.parametrize("title", [title for title, snippets in SNIPPETS.items() if snippets])
def test_a_snippet_prints_what_the_page_shows(title, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ((code, shown),) = SNIPPETS[title]
    printed = io.StringIO()
    with torch.random.fork_rng(), contextlib.redirect_stdout(printed):
        exec(compile(code, f"{PAGE.name}: {title}", "exec"), {"__name__": "snippet"})
    assert printed.getvalue() == shown


def test_no_code_on_the_page_stays_without_its_output():
    assert TEXT.count("```python") == sum(map(len, SNIPPETS.values())) >= 15
    code = "".join(code for snippets in SNIPPETS.values() for code, _ in snippets)
    assert max(map(len, code.splitlines())) <= 100


def test_every_difference_says_what_paper_code_and_ours_do():
    for title, body in SECTIONS:
        assert "| the paper | the code | ours |\n|---|---|---|\n| " in body or not SNIPPETS[title]


def test_both_variants_are_demonstrated():
    for variant in get_args(Variant):
        assert sum(f'"{variant}"' in code for ((code, _),) in filter(None, SNIPPETS.values())) >= 1


def test_links_lead_somewhere_and_the_readme_leads_here():
    anchors = {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title, _ in SECTIONS}
    for link in re.findall(r"\]\(((?!https:)[^)]+)\)", TEXT):
        assert link[1:] in anchors if link.startswith("#") else (PAGE.parent / link).is_file()
    assert "(docs/paper-code-ours.md)" in (ROOT / "README.md").read_text(encoding="utf-8")
