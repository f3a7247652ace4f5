"""What every widget of the course is: controls, a view for each of their values, a static sheet."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import Any

from rcrlib.course.figures import check_caption, jpeg, picture
from rcrlib.errors import OptionError, RcrError
from rcrlib.show import Picture


@dataclass(frozen=True)
class View:
    """A picture and what it shows, in words and numbers."""

    picture: Picture
    caption: str


@dataclass(frozen=True)
class Control:
    """One thing to turn, with all its values: a test goes through them."""

    name: str
    """Of the argument of `Explorer.view`."""

    label: str
    values: tuple[Any, ...]
    start: Any = None
    """Value to begin with; None: the first."""

    words: bool = False
    """Show the values in a list to choose from; a slider otherwise."""

    def __post_init__(self) -> None:
        if not self.values or (self.start is not None and self.start not in self.values):
            raise OptionError(f"control {self.name}: start {self.start!r} is none of its values")

    @property
    def first(self) -> Any:
        """Return the value to begin with."""
        return self.values[0] if self.start is None else self.start


@dataclass(frozen=True)
class Explorer:
    """A widget. In a notebook it shows its sheet, and its controls where there is a kernel.

    Views are drawn on demand and have to be quick (300 ms on two cores): whoever makes an explorer
    computes beforehand what is slow.
    """

    controls: tuple[Control, ...]
    view: Callable[..., View]
    """Takes the controls' values by name. An `RcrError` it raises is shown as a sentence."""

    sheet: View
    """What there is to see, at one glance."""

    def live(self) -> Live:
        """Return the controls and the picture as ipywidgets, joined to each other."""
        return Live(self)

    def _ipython_display_(self) -> None:
        from IPython.display import display

        picture(self.sheet.caption, self.sheet.picture)
        if importlib.util.find_spec("ipywidgets") is None:
            print("no ipywidgets here, so nothing to turn: pip install 'rcrlib[course]'")
        else:
            display(self.live().box)


class Live:
    """An explorer's controls and its picture, for as long as a kernel runs.

    `box` holds all of it; `inputs` are the controls by name, `image` the picture as a JPEG file,
    `words` its caption or an error, as HTML.
    """

    def __init__(self, explorer: Explorer) -> None:
        import ipywidgets

        self._view = explorer.view
        # One width for all labels, so that what is turned stands in a column.
        width = f"{max(len(control.label) for control in explorer.controls) / 2 + 0.5}em"
        self.inputs = {control.name: _input(control, width) for control in explorer.controls}
        self.image = ipywidgets.Image(format="jpeg")
        self.words = ipywidgets.HTML()
        self.box = ipywidgets.VBox([*self.inputs.values(), self.image, self.words])
        for one in self.inputs.values():
            one.observe(self._draw, names="value")
        self._draw()

    def _draw(self, change: object = None) -> None:
        try:
            view = self._view(**{name: one.value for name, one in self.inputs.items()})
            check_caption(view.caption)
        except RcrError as error:
            self.words.value = f"<b>△</b> {escape(str(error))}"
            return
        self.image.value = jpeg(view.picture)
        self.words.value = f"<i>{escape(view.caption)}</i>"


def _input(control: Control, width: str) -> Any:
    import ipywidgets

    kind = ipywidgets.Dropdown if control.words else ipywidgets.SelectionSlider
    return kind(
        options=list(control.values),
        value=control.first,
        description=control.label,
        style={"description_width": width},
        layout={"width": "36em"},
    )
