"""Palette, fonts and figure style; the only module that uses matplotlib's canvas."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import quoteattr

import numpy as np
from numpy.typing import NDArray

from rcrlib.errors import OptionError
from rcrlib.files import atomic_file

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Picture = NDArray[np.uint8]
"""uint8 `(H, W, 3)`, RGB."""

PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Okabe and Ito's colours (2008) without the yellow, which is too faint on white paper."""

DASHES: tuple[str | tuple[int, tuple[float, ...]], ...] = (
    "-",
    (0, (5, 1.6)),
    (0, (1.2, 1.4)),
    (0, (6, 1.5, 1.2, 1.5)),
)
MARKERS = ("o", "s", "^", "D", "v", "P", "X")

INK, FAINT_INK, HAIRLINE, PAPER = "#1a1a1a", "#6b6b6b", "#d9d9d9", "#ffffff"

DPI = 128  # a power of two: a width in pixels divided by it and multiplied again is unchanged

STYLE = {
    "font.family": "DejaVu Sans",  # comes with matplotlib, so that it is the same on every machine
    "font.size": 10,
    "text.color": INK,
    "text.parse_math": False,  # the name of a video may hold a dollar sign
    "figure.facecolor": PAPER,
    "axes.edgecolor": FAINT_INK,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlepad": 10,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": HAIRLINE,
    "grid.linewidth": 0.6,
    "xtick.color": FAINT_INK,
    "ytick.color": FAINT_INK,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
    "legend.handlelength": 3.2,
    "lines.linewidth": 1.9,
    "lines.markersize": 5.5,
    "svg.hashsalt": "rcrlib",  # the same chart gives the same bytes
    "svg.fonttype": "path",
}


@contextmanager
def canvas(width: int, height: int) -> Iterator[Figure]:
    """Yield an empty figure of so many pixels, in this library's style whatever the user's is."""
    from matplotlib import style
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with style.context(["default", STYLE]):
        figure = Figure(figsize=(width / DPI, height / DPI), dpi=DPI)
        FigureCanvasAgg(figure)
        yield figure


def legible(text: str) -> str:
    """Return a text as the charts' font can draw it: letters that it lacks are escaped (\\u5f71).

    Names on disk that are no text at all can be told in this way, too.
    """
    known = _letters()
    whole = unicodedata.normalize("NFC", text)
    return "".join(
        letter if letter == "\n" or ord(letter) in known else ascii(letter)[1:-1]
        for letter in whole
    )


def add_legend(
    where: Axes | Figure, drawn: Sequence[Any], names: Sequence[str], **look: Any
) -> None:
    """Draw a legend of what was drawn, by any names: matplotlib leaves out those that begin with _.

    Args:
        where: the axes, or the figure.
        drawn: lines or bars.
        names: one for each.
        look: of matplotlib's legend.
    """
    legend = where.legend(list(drawn), [f"{index}" for index in range(len(names))], **look)
    for text, name in zip(legend.get_texts(), names, strict=True):
        text.set_text(legible(name))


@cache
def _letters() -> frozenset[int]:
    """Return the letters of the charts' font."""
    from matplotlib.font_manager import findfont, get_font

    return frozenset(get_font(findfont("DejaVu Sans")).get_charmap())


def pixels_to_points(pixels: float) -> float:
    """Convert a type size from pixels to points."""
    return pixels * 72 / DPI


def render_figure(figure: Figure) -> Picture:
    """Draw the figure; call it inside `canvas`."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    agg = figure.canvas
    assert isinstance(agg, FigureCanvasAgg)
    agg.draw()
    return np.asarray(agg.buffer_rgba())[..., :3].copy()


def finish_figure(figure: Figure, path: str | Path | None = None, alt: str = "") -> Picture:
    """Lay a figure out, write it where a path is given (see `save_figure`), and draw it."""
    figure.set_layout_engine("constrained")
    if path is not None:
        save_figure(figure, path, alt)
    return render_figure(figure)


def save_figure(figure: Figure, path: str | Path, alt: str = "") -> None:
    """Write the figure as PNG or SVG, by the suffix, whole or not at all; inside `canvas`.

    Args:
        figure: what to write.
        path: a `.png` or `.svg`.
        alt: the picture in words, for those who cannot see it: the SVG's label, which screen
            readers read, or the PNG's `Description`.

    Raises:
        OptionError: another suffix.
    """
    suffix = check_suffix(path, (".png", ".svg"))
    alt = alt.encode("utf-8", "backslashreplace").decode()
    with atomic_file(path) as temporary:
        if suffix == ".png":
            _save_png(render_figure(figure), temporary, alt)
            return
        description = {"Description": alt} if alt else {}
        figure.savefig(temporary, format="svg", metadata={**description, "Date": None})
        if alt:
            drawing = temporary.read_text(encoding="utf-8")
            label = f'<svg role="img" aria-label={quoteattr(alt)} '
            temporary.write_text(drawing.replace("<svg ", label, 1), encoding="utf-8")


def _save_png(picture: Picture, path: Path, alt: str) -> None:
    """Write three channels: Matplotlib writes a fourth that is full everywhere."""
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    if alt:
        info.add_itxt("Description", alt)
    image = Image.fromarray(picture)
    image.save(path, format="png", dpi=(DPI, DPI), pnginfo=info, optimize=True)


def check_suffix(path: str | Path, allowed: tuple[str, ...]) -> str:
    """Return the suffix of `path` in lower case; raise `OptionError` unless it is allowed."""
    suffix = Path(path).suffix.lower()
    if suffix not in allowed:
        raise OptionError(f"{path}: pictures are written as {' or '.join(allowed)}; rename it")
    return suffix
