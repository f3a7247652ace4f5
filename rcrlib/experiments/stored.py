"""Results that come with the package: what RESULTS.md and lesson 08 are made from."""

from __future__ import annotations

from pathlib import Path

from rcrlib.experiments.figures import draw_figure
from rcrlib.experiments.result import Result, load_result
from rcrlib.files import write_text

STORED = Path(__file__).parent / "results"
"""NAME.json holds a result; NAME.png may show it, and NAME.txt is that figure in words."""


def stored_results(folder: Path = STORED) -> dict[str, Result]:
    """Return the stored results by name, such as "table2" or "table2-davis".

    Raises:
        DataError: a file is not the result of an experiment.
    """
    names = sorted(file.stem for file in folder.glob("*.json"))  # "table2" before "table2-davis"
    return {name: load_result(folder / f"{name}.json") for name in names}


def store(path: Path, name: str, folder: Path = STORED) -> Path:
    """Put a result into the store, with its figure and the figure's words; give its file.

    Args:
        path: the folder of an experiment, or its result file.
        name: what to call it there.
        folder: the store.

    Raises:
        DataError: `path` holds no result.
    """
    result, file = load_result(path), folder / f"{name}.json"
    result.save(file)
    if result.runs:
        alt = draw_figure(result, file.with_suffix(".png"))
        write_text(file.with_suffix(".txt"), f"{alt}\n")
    return file
