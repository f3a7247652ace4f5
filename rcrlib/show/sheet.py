"""Many pictures in labelled rows and columns."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import ArrayLike

from rcrlib.errors import DataError, OptionError
from rcrlib.files import atomic_file
from rcrlib.show.pictures import as_picture
from rcrlib.show.style import (
    Picture,
    canvas,
    check_suffix,
    legible,
    pixels_to_points,
    render_figure,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TITLE = 1.25  # the title's type against the others'
BOLD = 1.15  # width of bold letters against plain ones
HAIRLINE_RGB = (205, 205, 205)  # around a cell, so that white regions end where the cell ends


def contact_sheet(
    rows: Sequence[Sequence[ArrayLike | None]],
    column_titles: Sequence[str] | None,
    row_titles: Sequence[str] | None = None,
    path: str | Path | None = None,
    title: str | None = None,
    cell_width: int = 240,
) -> Picture:
    """Lay pictures out in rows and columns with their titles, and write them as one PNG.

    Every picture keeps its shape: it is scaled to the width of its column, and to no more than a
    square. Titles break into lines where they are too long.

    Args:
        rows: the cells; each is what `rcrlib.show.as_picture` takes (RGB, mask, map), of any size,
            or None for an empty place.
        column_titles: one for each column, above it; None for no titles.
        row_titles: one for each row, to its left.
        path: a `.png` to write, whole or not at all.
        title: of the whole sheet.
        cell_width: pixels.

    Returns:
        The sheet.

    Raises:
        OptionError: rows of different lengths, or not as many titles as columns or rows.
        DataError: a cell that is no picture; says which.
    """
    if path is not None:
        check_suffix(path, (".png",))
    _check_counts(rows, column_titles, row_titles, cell_width)
    cells = [
        [None if cell is None else _fitted(cell, cell_width, r, c) for c, cell in enumerate(row)]
        for r, row in enumerate(rows)
    ]
    layout = _Layout(cells, column_titles or (), row_titles or (), title or "", cell_width)
    sheet = layout.paper()
    for row, top, height in zip(cells, layout.tops, layout.heights, strict=True):
        for cell, left in zip(row, layout.lefts, strict=True):
            if cell is not None:
                _paste(sheet, cell, top, left, height, cell_width)
    if path is not None:
        with atomic_file(path) as temporary:
            _, png = cv2.imencode(".png", cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))
            temporary.write_bytes(png.tobytes())  # unlike cv2.imwrite, raises when the disk is full
    return sheet


class _Layout:
    """Where everything goes, in pixels from the upper left corner; and the paper with its type.

    `lefts` are the columns' left edges; `tops` and `heights` are the rows'.
    """

    def __init__(
        self,
        cells: list[list[Picture | None]],
        column_titles: Sequence[str],
        row_titles: Sequence[str],
        title: str,
        cell_width: int,
    ) -> None:
        self.type = type_size = float(np.clip(0.062 * cell_width, 11, 22))
        self.gap, self.margin = max(3, round(cell_width / 48)), round(type_size)
        self.columns = [_wrapped(text, cell_width / type_size) for text in column_titles]
        self.rows = [_wrapped(text, 10) for text in row_titles]

        names = _extent(self.rows, type_size)[0] + 2 * self.gap if self.rows else 0
        left = self.margin + names
        self.lefts = [left + c * (cell_width + self.gap) for c in range(len(cells[0]))]
        self.right = self.lefts[-1] + cell_width

        self.title = _wrapped(title, (self.right - left) / (TITLE * BOLD * type_size))
        title_height = _extent([self.title], TITLE * type_size)[1] + self.margin if title else 0
        header = _extent(self.columns, type_size)[1] + 2 * self.gap if self.columns else 0
        self.heights = [
            max([cell.shape[0] for cell in row if cell is not None], default=cell_width // 2)
            for row in cells
        ]
        top = self.margin + title_height + header
        self.tops = [top + sum(self.heights[:r]) + r * self.gap for r in range(len(cells))]

    def paper(self) -> Picture:
        """Draw the type on white paper."""
        left, top = self.lefts[0], self.tops[0]
        bottom = self.tops[-1] + self.heights[-1]
        with canvas(self.right + self.margin, bottom + self.margin) as figure:
            size = TITLE * self.type
            _write(figure, self.title, left, self.margin, size, "left", "top", "bold")
            for text, x in zip(self.columns, self.lefts, strict=False):
                middle = x + (self.right - self.lefts[-1]) / 2
                _write(figure, text, middle, top - 2 * self.gap, self.type, "center", "baseline")
            for text, y, height in zip(self.rows, self.tops, self.heights, strict=False):
                right, middle = left - 2 * self.gap, y + height / 2
                _write(figure, text, right, middle, self.type, "right", "center")
            return render_figure(figure)


def _write(
    figure: Figure,
    text: str,
    x: float,
    y: float,
    size: float,
    horizontal: str,
    vertical: str,
    weight: str = "normal",
) -> None:
    """Write text with the named edges at `(x, y)`; all in pixels from the upper left corner."""
    width, height = figure.bbox.size
    figure.text(
        x / width,
        1 - y / height,
        text,
        size=pixels_to_points(size),
        ha=horizontal,
        va=vertical,
        ma=horizontal,
        weight=weight,
        linespacing=1.15,
    )


def _extent(texts: Sequence[str], size: float) -> tuple[int, int]:
    """Measure the width and height, in pixels, of the largest of some texts."""
    with canvas(1, 1) as figure:
        boxes = [
            figure.text(
                0, 0, text, size=pixels_to_points(size), linespacing=1.15
            ).get_window_extent()
            for text in texts
        ]
    return ceil(max(box.width for box in boxes)), ceil(max(box.height for box in boxes))


def _wrapped(text: str, width: float) -> str:
    """Break a title into lines no wider than about `width` times its height."""
    letters = max(8, int(width / 0.58))  # a letter of DejaVu Sans is that wide on average
    shown = legible(text).splitlines()
    lines = (textwrap.wrap(line, letters, break_long_words=False) for line in shown)
    return "\n".join(part for line in lines for part in line)


def _fitted(cell: ArrayLike, cell_width: int, row: int, column: int) -> Picture:
    """Convert a cell to RGB, scaled to the width of the column and at most as high."""
    try:
        picture = as_picture(cell)
    except DataError as error:
        raise DataError(f"row {row}, column {column} (from 0): {error}") from error
    height, width = picture.shape[:2]
    scale = cell_width / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    # Averaging when smaller; when larger, pixels keep their edges so that nothing looks smoother
    # than it is.
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST
    return cv2.resize(picture, size, interpolation=method).astype(np.uint8, copy=False)


def _paste(
    sheet: Picture, cell: Picture, top: int, left: int, box_height: int, box_width: int
) -> None:
    """Put a cell in the middle of its box, with a hairline around it."""
    height, width = cell.shape[:2]
    y, x = top + (box_height - height) // 2, left + (box_width - width) // 2
    sheet[y : y + height, x : x + width] = cell
    cv2.rectangle(sheet, (x - 1, y - 1), (x + width, y + height), HAIRLINE_RGB, 1)


def _check_counts(
    rows: Sequence[Sequence[ArrayLike | None]],
    column_titles: Sequence[str] | None,
    row_titles: Sequence[str] | None,
    cell_width: int,
) -> None:
    """Raise `OptionError` unless rows, columns and titles agree in number."""
    lengths = {len(row) for row in rows}
    if len(lengths) != 1 or lengths == {0}:
        raise OptionError(
            f"a contact sheet with rows of {sorted(lengths)} cells; expected rows of one length,"
            " with None in empty places"
        )
    for titles, count, what in [
        (column_titles, lengths.pop(), "columns"),
        (row_titles, len(rows), "rows"),
    ]:
        if titles is not None and len(titles) != count:
            raise OptionError(f"{len(titles)} titles for {count} {what}; give one for each")
    if cell_width < 16:
        raise OptionError(f"cell_width {cell_width}: expected at least 16 pixels")
