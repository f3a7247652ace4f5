"""Notebooks in a real JupyterLab, in a real browser: all cells run, sliders move pictures."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from helpers import lab_in_browser as lab
from helpers.course_notebooks import STEMS, code_cells, path_of, read

NAMED = ("00", "05", "07")
HANDLES = ".widget-slider .noUi-handle, .widget-slider .ui-slider-handle"  # ipywidgets 8 and 7
NOTEBOOK = "window.jupyterapp?.shell?.currentWidget"
KERNEL = f"return {NOTEBOOK}?.sessionContext?.session?.kernel?.status"
BOX = "return arguments[0].closest('.jp-Cell')"


def chosen_cells(stem: str) -> list[Any]:
    return code_cells(read(stem, "student"))


CHOSEN = [stem for stem in STEMS if stem[:2] in NAMED]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    pytest.importorskip("selenium", reason="needs selenium: pip install 'rcrlib[test]'")
    lab.programs()
    folder = tmp_path_factory.mktemp("lab")
    notebooks = folder / "notebooks"
    notebooks.mkdir()
    for stem in CHOSEN:
        shutil.copy(path_of(stem, "student"), notebooks)
    with lab.server(notebooks, folder) as (url, token), lab.browser(folder / "profile") as chrome:
        yield Page(chrome, url, token)


class Page:
    """What the browser shows."""

    def __init__(self, chrome: Any, url: str, token: str) -> None:
        self.chrome, self.url, self.token = chrome, url, token

    def ask(self, script: str, *arguments: Any) -> Any:
        return self.chrome.execute_script(script, *arguments)

    def all(self, selector: str) -> list[Any]:
        return self.chrome.find_elements("css selector", selector)

    @contextmanager
    def opened(self, stem: str) -> Iterator[None]:
        """Open a notebook and wait for its kernel; save it and end the kernel afterwards."""
        self.chrome.get(f"{self.url}lab/tree/{stem}.ipynb?token={self.token}&reset")
        lab.wait("the kernel's start", lambda: self.ask(KERNEL) == "idle")
        try:
            yield
        finally:
            self.do(
                f"{NOTEBOOK}.context.save().then("
                "() => jupyterapp.serviceManager.sessions.shutdownAll())"
            )

    def do(self, promise: str) -> str:
        """Start something that takes time, wait for its end, and give what it says."""
        end = "x => { window.ended = String(x) }"
        self.ask(f"window.ended = null; {promise}.then({end}, {end})")
        return str(lab.wait(promise, lambda: self.ask("return window.ended")))

    def run_all(self) -> bool:
        """Run all cells; tell whether JupyterLab says that all went well."""
        said = self.do("jupyterapp.commands.execute('notebook:run-all-cells')")
        lab.wait("an idle kernel", lambda: self.ask(KERNEL) == "idle")
        return said == "true"

    def cells(self) -> list[dict[str, Any]]:
        """Return the notebook's code cells as JupyterLab holds them."""
        return self.ask(
            f"return {NOTEBOOK}.content.widgets.map(c => c.model.toJSON())"
            ".filter(c => c.cell_type == 'code')"
        )

    def pictures(self, of: Any) -> list[str]:
        """Return the addresses of the loaded pictures of widgets in a cell."""
        return self.ask(
            "return [...arguments[0].closest('.jp-Cell').querySelectorAll('img.widget-image')]"
            ".filter(i => i.complete && i.naturalWidth > 0).map(i => i.src)",
            of,
        )

    def save(self, what: Any, name: str) -> None:
        """Keep a screenshot where RCR_SCREENSHOTS says so."""
        folder = os.environ.get("RCR_SCREENSHOTS")
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            file = str(Path(folder) / f"{name}.png")
            if what is self.chrome:
                assert self.chrome.save_screenshot(file)
            else:
                self.ask("arguments[0].scrollIntoView({block: 'start'})", what)
                assert what.screenshot(file)

    def errors(self) -> list[str]:
        """Return what the page complained of; what the network does not bring is no error."""
        said = self.chrome.get_log("browser")
        return [
            one["message"]
            for one in said
            if one["level"] == "SEVERE" and "Failed to load resource" not in one["message"]
        ]


@pytest.mark.parametrize("stem", CHOSEN)
def test_all_cells_run_and_every_slider_moves_its_picture(page: Page, stem: str):
    with page.opened(stem):
        assert page.run_all()
        cells = page.cells()
        assert [cell["source"] for cell in cells] == [cell.source for cell in chosen_cells(stem)]
        assert all(cell["execution_count"] for cell in cells)
        errors = [o for cell in cells for o in cell["outputs"] if o["output_type"] == "error"]
        assert errors == []
        for number, cell in enumerate(page.all(".jp-CodeCell")):
            page.save(cell, f"{stem}-{number:02d}")
        handles = page.all(HANDLES)
        assert handles, "nothing to turn"
        for number, handle in enumerate(handles):
            move(page, handle, f"{stem}-slider-{number}")
        page.save(page.chrome, f"{stem}-page")
        assert page.all(".jp-Dialog") == []
        assert page.errors() == []


def move(page: Page, handle: Any, name: str) -> None:
    """Move a slider by a key, as a reader would, and see that the picture is another one."""
    from selenium.webdriver.common.keys import Keys

    before = lab.wait("a picture", lambda: page.pictures(handle))
    page.save(page.ask(BOX, handle), f"{name}-before")
    last = handle.get_attribute("aria-valuenow") == handle.get_attribute("aria-valuemax")
    handle.send_keys(Keys.ARROW_LEFT if last else Keys.ARROW_RIGHT)

    def moved() -> bool:
        now = page.pictures(handle)
        return len(now) == len(before) and now != before

    lab.wait("another picture", moved)
    page.save(page.ask(BOX, handle), f"{name}-after")
