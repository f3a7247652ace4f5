"""Slides from an instructor's notebook: its cells tagged `slide`, code hidden, pictures shown."""

from __future__ import annotations

from pathlib import Path

import nbformat

from rcrlib.errors import DataError
from rcrlib.files import atomic_file


def make_slides(notebook: Path, out: Path) -> Path:
    """Write a page of slides for a browser.

    Args:
        notebook: an instructor's, as `rcr course build` wrote it.
        out: the page to write, `.html`.

    Raises:
        DataError: the notebook is not there, or nothing in it is tagged as a slide.
    """
    from nbconvert import SlidesExporter

    if not notebook.is_file():
        raise DataError(f"{notebook}: not there; run `rcr course build` first")
    content = nbformat.read(notebook, as_version=4)
    kinds = [cell.metadata.get("slideshow", {}).get("slide_type") for cell in content.cells]
    if "slide" not in kinds:
        raise DataError(f"{notebook}: no cell of its source is tagged `slide`; tag some")
    # Colab's badge has no place on a slide.
    content.cells[0].source = content.cells[0].source.split("\n\n", 1)[1]
    page, _ = SlidesExporter(exclude_input=True).from_notebook_node(content)
    with atomic_file(out) as temporary:
        temporary.write_text(page, encoding="utf-8")
    return out
