"""Pictures of what goes in and what comes out: overlays, contact sheets, curves.

    pictures.py  saliency over a frame, maps and flows as pictures
    sheet.py     many pictures in labelled rows and columns
    charts.py    line charts, precision-recall curves
    bars.py      bar charts of a few variants
    dots.py      numbers of several variants beside each other
    intervals.py differences with their intervals
    datasets.py  a data set as a contact sheet and as lines of numbers
    film.py      overlay videos
    style.py     palette, fonts and figure style; the only module that uses matplotlib's canvas

Everything returns uint8 `(H, W, 3)` arrays in RGB. Colour is never the only signal: what is tinted
has a contour, and lines differ in their dashes or markers too. matplotlib is imported when first
needed, and only through its objects: the pictures depend on no global setting and change none.
"""

from rcrlib.show.bars import bars
from rcrlib.show.charts import (
    curves,
    f_threshold_plot,
    precision_recall_in_words,
    precision_recall_plot,
)
from rcrlib.show.datasets import dataset_sheet, dataset_summary
from rcrlib.show.dots import Panel, dot_plot
from rcrlib.show.film import Show, film, no_film
from rcrlib.show.intervals import interval_plot
from rcrlib.show.pictures import (
    TINT,
    TINT_STRENGTH,
    as_picture,
    flow_picture,
    mark_void,
    overlay,
)
from rcrlib.show.sheet import contact_sheet
from rcrlib.show.style import (
    DASHES,
    DPI,
    FAINT_INK,
    HAIRLINE,
    INK,
    MARKERS,
    PALETTE,
    Picture,
    canvas,
    finish_figure,
    render_figure,
)

__all__ = [
    "DASHES",
    "DPI",
    "FAINT_INK",
    "HAIRLINE",
    "INK",
    "MARKERS",
    "PALETTE",
    "TINT",
    "TINT_STRENGTH",
    "Panel",
    "Picture",
    "Show",
    "as_picture",
    "bars",
    "canvas",
    "contact_sheet",
    "curves",
    "dataset_sheet",
    "dataset_summary",
    "dot_plot",
    "f_threshold_plot",
    "film",
    "finish_figure",
    "flow_picture",
    "interval_plot",
    "mark_void",
    "no_film",
    "overlay",
    "precision_recall_in_words",
    "precision_recall_plot",
    "render_figure",
]
