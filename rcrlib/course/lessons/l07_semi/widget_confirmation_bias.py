"""Two kinds of teachers that are equally wrong, and how wrong their students become."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

from rcrlib.course.lessons.l07_semi.chart_with_pictures import with_pictures
from rcrlib.course.widgets import Control, Explorer, View
from rcrlib.errors import OptionError
from rcrlib.show import (
    DASHES,
    FAINT_INK,
    HAIRLINE,
    MARKERS,
    PALETTE,
    Picture,
    canvas,
    render_figure,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Key = tuple[str, int]
"""The kind of the teachers' error, and its step: at each step all kinds are equally wrong."""

WIDTH, HEIGHT = 880, 340


@dataclass(frozen=True)
class Taught:
    """What came of learning from labels and pseudo-labels, on average. Errors are 1 - IoU."""

    pseudo: float
    """Error of the pseudo-labels."""

    student: float
    """Error of the student, on videos that it has not learned from."""

    repeated: float
    """Share of the pseudo-labels' wrong pixels that the student gets wrong as well."""

    area: float
    """Area that the student finds there, as a share of the true one."""

    label: Picture
    """A pseudo-label over its frame."""

    found: Picture
    """What the student finds on that frame."""


def confirmation_bias(
    taught: Mapping[Key, Taught], alone: float, everything: float, truth: Picture
) -> Explorer:
    """Turn a teacher's error and its kind; see the student that came of it.

    Args:
        taught: what was computed, for all kinds and steps.
        alone: error of a student that learned from the kept labels alone.
        everything: error of a student that learned from all labels.
        truth: the frame of `Taught.label` with its true label.

    Raises:
        OptionError: a kind lacks a step; says which.
    """
    kinds = sorted({kind for kind, _ in taught})
    steps = sorted({step for _, step in taught})
    missing = [key for key in product(kinds, steps) if key not in taught]
    if missing:
        raise OptionError(f"nothing for {missing[0]}; give every kind of error with every step")

    def view(kind: str, step: int) -> View:
        one = taught[kind, step]
        named = {"truth": truth, "pseudo-label": one.label, "student": one.found}
        with canvas(WIDTH, HEIGHT) as figure:
            _charts(figure, taught, kinds, steps, (alone, everything), one, wide=False)
            drawn = with_pictures(figure, named, left=452, top=96, side=134)
        return View(
            drawn,
            f"{kind}, step {step}: error of the pseudo-labels {one.pseudo:.2f}, of the student"
            f" {one.student:.2f} (from labels alone {alone:.2f}, from all labels"
            f" {everything:.2f}). It repeats {100 * one.repeated:.0f} % of what they get"
            f" wrong, and finds {one.area:.2f} of the true area.",
        )

    controls = (
        Control("kind", "error", tuple(kinds), words=True),
        Control("step", "step", tuple(steps), start=steps[-1]),
    )
    with canvas(WIDTH, HEIGHT) as figure:
        _charts(figure, taught, kinds, steps, (alone, everything), None, wide=True)
        drawn = render_figure(figure)
    said = "; ".join(
        f"{kind} {one.pseudo:.2f}, {one.student:.2f} and {100 * one.repeated:.0f} %"
        for step in steps
        for kind in kinds
        for one in [taught[kind, step]]
    )
    caption = (
        "Left: error (1 - IoU) of students over that of their pseudo-labels. Right: the share of"
        f" the pseudo-labels' wrong pixels that students repeat. Step by step: {said}. From labels"
        f" alone {alone:.2f}, from all labels {everything:.2f}."
    )
    return Explorer(controls, view, View(drawn, caption))


def _charts(
    figure: Figure,
    taught: Mapping[Key, Taught],
    kinds: Sequence[str],
    steps: Sequence[int],
    levels: tuple[float, float],
    marked: Taught | None,
    *,
    wide: bool,
) -> None:
    """Draw students' errors over their teachers', and (wide) how much they repeat."""
    errors = figure.add_axes((0.085, 0.16, 0.4, 0.8))
    repeats = figure.add_axes((0.575, 0.16, 0.4, 0.8)) if wide else None
    for kind, colour, dashes, marker in zip(kinds, PALETTE, DASHES, MARKERS, strict=False):
        group = [taught[kind, step] for step in steps]
        look: dict[str, Any] = {
            "color": colour,
            "linestyle": dashes,
            "marker": marker,
            "label": kind,
        }
        errors.plot([one.pseudo for one in group], [one.student for one in group], **look)
        if repeats:
            repeats.plot([one.pseudo for one in group], [one.repeated for one in group], **look)
    for name, level, dashed in zip(
        ("labels alone", "all labels"), levels, DASHES[2:], strict=False
    ):
        errors.axhline(level, color=FAINT_INK, linestyle=dashed, linewidth=1.2, label=name)
    most = max([*levels, *(max(one.pseudo, one.student) for one in taught.values())]) + 0.05
    errors.plot([0, most], [0, most], color=HAIRLINE, linewidth=1.2)
    errors.set(xlim=(0, most), ylim=(0, most), ylabel="error of the student (1 - IoU)")
    errors.set_xlabel("error of the pseudo-labels (1 - IoU)")
    errors.legend(loc="lower right", fontsize=7)
    if marked:
        errors.plot(marked.pseudo, marked.student, "o", markersize=13, mfc="none", color=PALETTE[6])
    if repeats:
        repeats.set(xlim=(0, most), ylim=(0, 1), ylabel="share of errors repeated")
        repeats.set_xlabel("error of the pseudo-labels (1 - IoU)")
        repeats.legend(loc="upper left", fontsize=7)
