"""What every widget of the course is, and the widgets that several lessons show.

    explorer.py   controls with all their values, a view for each, a sheet
    curtain.py    two predictions of a video, under a curtain

A widget is a function that computes whatever is slow and returns an `Explorer`: core ipywidgets and
pictures only. In a cell of its own it shows a contact sheet, for readers without a kernel, and the
controls below it. A widget of one lesson is in that lesson's folder.
"""

from rcrlib.course.widgets.curtain import curtain
from rcrlib.course.widgets.explorer import Control, Explorer, Live, View

__all__ = ["Control", "Explorer", "Live", "View", "curtain"]
