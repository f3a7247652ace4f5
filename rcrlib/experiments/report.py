"""Pages: an experiment's own, and RESULTS.md, made from stored results and from nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rcrlib.errors import DataError, OptionError
from rcrlib.experiments.figures import draw_figure
from rcrlib.experiments.result import Result, load_result
from rcrlib.experiments.tables import (
    difference_table,
    main_table,
    markdown_table,
    remarks,
    table_heading,
    text_table,
)
from rcrlib.files import write_text

INTRODUCTION = """# Results

Made by `rcr experiment report` from the files named below, which hold every number, by seed and by
video; nothing here is written by hand. A cell's number is the mean over its seeds, ± the sample's
deviation. The paper's numbers stand beside ours for orientation: what differs is
listed each time.
"""

_MARK = b"# Results\n\nMade by `rcr experiment report`"
"""How such a page begins."""


def write_result(result: Result, folder: Path) -> Path:
    """Write table.txt, result.json, figure.png, figure.txt (the figure in words) and README.md."""
    result.save(folder / "result.json")
    alt = draw_figure(result, folder / "figure.png") if result.runs else ""
    for name, text in {
        "table.txt": text_table(result),
        "figure.txt": alt,
        "README.md": f"# {result.title}\n\n{_section(result, alt, 'figure.png')}",
    }.items():
        if text:
            write_text(folder / name, f"{text.rstrip()}\n")
    return folder


def results_page(files: Sequence[Path], root: Path) -> str:
    """Write RESULTS.md from stored results.

    Args:
        files: result files, or folders of experiments; a figure NAME.png beside NAME.json is shown.
        root: where the page will lie: files are named relative to it.

    Raises:
        DataError: there is no result, or one cannot be read.
    """
    if not files:
        raise DataError("no result to report; name the folders or files of experiments")
    parts = [INTRODUCTION.rstrip()]
    listed: dict[tuple, str] = {}
    for path in files:
        result = load_result(path)
        file = path / "result.json" if path.is_dir() else path
        figure = file.with_name("figure.png") if path.is_dir() else file.with_suffix(".png")
        words = figure.with_suffix(".txt")
        alt = words.read_text(encoding="utf-8").strip() if words.is_file() else result.title
        shown = _relative(figure, root) if figure.is_file() else ""
        parts.append(
            f"## {result.title} ({_data(result)})\n\n"
            f"{_section(result, alt, shown, listed).rstrip()}\n\n"
            f"From `{_relative(file, root)}`."
        )
    return "\n\n".join(parts) + "\n"


def write_results_page(files: Sequence[Path], out: Path) -> Path:
    """Write the page of `results_page` to `out`, over an older one.

    Raises:
        OptionError: something else has that name.
        DataError: as `results_page`.
    """
    if out.exists() and not (out.is_file() and out.read_bytes().startswith(_MARK)):
        raise OptionError(f"{out}: is not a page of rcr experiment report; choose another name")
    page = results_page(files, out.parent)
    write_text(out, page)
    return out


def _section(result: Result, alt: str, figure: str, listed: dict[tuple, str] | None = None) -> str:
    elsewhere = {} if listed is None else _listed_before(result, listed)
    parts = [f"{table_heading(result)}.", markdown_table(main_table(result, elsewhere))]
    parts.append(_listed(remarks(result)))
    if differences := difference_table(result):
        parts.append(markdown_table(differences))
    if figure:
        parts.append(f"![{alt}]({figure})")
    parts.append("What differs from the paper:\n\n" + _listed(result.differs))
    setup = [f"{name}: {value}" for name, value in result.setup.items()]
    parts.append("Set-up:\n\n" + _listed(setup))
    parts.append("Made by:\n\n" + _listed(_origins(result)))
    return "\n\n".join(parts) + "\n"


def _data(result: Result) -> str:
    """Return the name of the data that a result is of: two of one table have the same title."""
    return result.setup["judged on"].partition(" (")[0]


def _listed_before(result: Result, listed: dict[tuple, str]) -> dict[tuple[str, str], str]:
    """Find the rows whose runs another table of the page has listed; add the others to `listed`.

    Tables share cells: Table 4's Ga is Table 2's 0/20, the same networks and not a second finding.
    """
    found = {}
    for row in result.rows:
        for test in result.tests:
            runs = result.of(row.name, test)
            key = tuple((run.seed, run.protocol, *run.scores.values()) for run in runs)
            if runs and key in listed:
                found[row.name, test] = listed[key]
            elif runs:
                listed[key] = f"{row.name} of {result.title.partition(':')[0]}"
    return found


def _origins(result: Result) -> list[str]:
    """Say of every origin which cells and seeds it had a part in."""
    lines = []
    for number, origin in enumerate(result.origins):
        cells: dict[str, list[str]] = {}
        for run in result.runs:
            if number in run.origins and str(run.seed) not in cells.setdefault(run.cell, []):
                cells[run.cell].append(str(run.seed))
        seeds = "; ".join(f"{cell} (seed {', '.join(of)})" for cell, of in cells.items())
        lines.append(
            f"`{origin.command}` at commit {origin.commit} ({origin.version}) on {origin.machine},"
            f" {origin.threads} threads, {origin.software}: {seeds}"
        )
    return lines


def _listed(lines: Sequence[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _relative(path: Path, root: Path) -> str:
    """Name a file from the page, or by its own name where it lies elsewhere."""
    try:
        return path.resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        return f"{path.resolve().parent.name}/{path.name}"
