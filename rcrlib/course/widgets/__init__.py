"""What a reader can turn and see: core ipywidgets and pictures only.

    bias.py           a noisy teacher, and the student that learns from it
    curtain.py        two predictions of a video, under a curtain
    explorer.py       what every widget is: controls with all their values, a view for each, a sheet
    fgplg_inputs.py   FGPLG's inputs on and off
    gates.py          the gates of a ConvGRU over time
    label_budget.py   how many labels, where, and what pseudo-labels between are worth
    layout.py         pictures beside a chart
    labelling.py      a label by a box, a stroke and GrabCut
    looks.py          where a non-local block looks from one place of a clip
    receptive.py      what a stack of dilated convolutions reads of a map
    thresholds.py     precision, recall and F of a map at a threshold
    warped_labels.py  a label carried along a flow: interval and occlusion

Each widget is a function that computes whatever is slow and gives an `Explorer`. In a cell of its
own it shows a contact sheet, for readers without a kernel, and the controls below it.
"""

from rcrlib.course.widgets.bias import Taught, confirmation_bias
from rcrlib.course.widgets.curtain import curtain
from rcrlib.course.widgets.explorer import Control, Explorer, Live, View
from rcrlib.course.widgets.fgplg_inputs import fgplg_inputs
from rcrlib.course.widgets.gates import gates_over_time
from rcrlib.course.widgets.label_budget import label_budget
from rcrlib.course.widgets.labelling import label_by_box
from rcrlib.course.widgets.looks import looks, where_it_looks
from rcrlib.course.widgets.receptive import receptive_fields
from rcrlib.course.widgets.thresholds import threshold_explorer
from rcrlib.course.widgets.warped_labels import warped_labels

__all__ = [
    "Control",
    "Explorer",
    "Live",
    "Taught",
    "View",
    "confirmation_bias",
    "curtain",
    "fgplg_inputs",
    "gates_over_time",
    "label_budget",
    "label_by_box",
    "looks",
    "receptive_fields",
    "threshold_explorer",
    "warped_labels",
    "where_it_looks",
]
