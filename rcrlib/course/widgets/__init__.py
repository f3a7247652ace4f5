"""What a reader can turn and see: core ipywidgets and pictures only.

    explorer.py  what every widget is: controls with all their values, a view for each, a sheet
    gates.py     the gates of a ConvGRU over time
    looks.py     where a non-local block looks from one place of a clip

Each widget is a function that computes whatever is slow and gives an `Explorer`. In a cell of its
own it shows a contact sheet, for readers without a kernel, and the controls below it.
"""

from rcrlib.course.widgets.explorer import Control, Explorer, Live, View
from rcrlib.course.widgets.gates import gates_over_time
from rcrlib.course.widgets.looks import looks, where_it_looks

__all__ = ["Control", "Explorer", "Live", "View", "gates_over_time", "looks", "where_it_looks"]
