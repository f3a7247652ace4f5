"""A noisy teacher: how wrong its pseudo-labels are, and how wrong a student of theirs becomes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from rcrlib.course.lessons.l07_semi.chart_with_pictures import with_pictures
from rcrlib.course.widgets.explorer import Control, Explorer, View
from rcrlib.errors import OptionError
from rcrlib.show import (
    DASHES,
    DPI,
    FAINT_INK,
    HAIRLINE,
    MARKERS,
    PALETTE,
    Picture,
    canvas,
    finish_figure,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Key = tuple[str, float, int]
"""The kind of the error, its amount as a share of the frame's side, and l."""


@dataclass(frozen=True)
class Taught:
    """What came of learning from labels and pseudo-labels. Errors are 1 - IoU."""

    pseudo: float
    """Error of the pseudo-labels."""

    student: float
    """Error of the student, on videos that it has not learned from."""

    repeated: float
    """Share of the pseudo-labels' wrong pixels that the student gets wrong as well."""

    label: Picture
    """A pseudo-label over its frame."""

    found: Picture
    """What the student finds on that frame."""


def confirmation_bias(
    taught: Mapping[Key, Taught],
    alone: Mapping[int, float],
    everything: float,
    truth: Picture,
) -> Explorer:
    """Turn a teacher's error and the share of labels; see the student that came of it.

    Args:
        taught: what was computed, for all kinds, amounts and l together.
        alone: l -> error of a student that learned from the kept labels alone.
        everything: error of a student that learned from all labels.
        truth: the frame of `Taught.label` with its true label.

    Raises:
        OptionError: a combination is missing; says which.
    """
    kinds = sorted({kind for kind, _, _ in taught})
    amounts = sorted({amount for _, amount, _ in taught})
    ls = sorted({l for _, _, l in taught})
    missing = [key for key in product(kinds, amounts, ls) if key not in taught]
    if missing or set(alone) != set(ls):
        lacks = (
            f"nothing for {missing[0]}" if missing else f"l = {ls} taught, {sorted(alone)} alone"
        )
        raise OptionError(f"{lacks}; give every kind of error with every amount and every l")
    percent = {f"{100 * amount:g} %": amount for amount in amounts}

    def view(kind: str, amount: str, l: int) -> View:
        one = taught[kind, percent[amount], l]
        lines = {
            "pseudo-labels": [taught[kind, a, l].pseudo for a in amounts],
            "student": [taught[kind, a, l].student for a in amounts],
        }
        levels = {f"labels alone (0/{l})": alone[l], "all labels (0/1)": everything}
        drawn = _drawn(one, truth, amounts, lines, levels, percent[amount])
        return View(
            drawn,
            f"{kind} by {amount}, one label in {l}: error of the pseudo-labels {one.pseudo:.2f}, of"
            f" the student {one.student:.2f} (from labels alone {alone[l]:.2f}, from all labels"
            f" {everything:.2f}). It repeats {100 * one.repeated:.0f} % of what they get wrong.",
        )

    controls = (
        Control("kind", "error", tuple(kinds), words=True),
        Control("amount", "amount", tuple(percent), start=list(percent)[-1]),
        Control("l", "one label in l =", tuple(ls), start=ls[len(ls) // 2]),
    )
    return Explorer(controls, view, _sheet(taught, alone, everything))


def _drawn(
    one: Taught,
    truth: Picture,
    amounts: Sequence[float],
    lines: Mapping[str, Sequence[float]],
    levels: Mapping[str, float],
    amount: float,
) -> Picture:
    """Draw both errors over the amount, then a frame: true, as taught, and as found."""
    named = {"truth": truth, "pseudo-label": one.label, "student": one.found}
    with canvas(940, 330) as figure:
        chart = figure.add_axes((0.075, 0.18, 0.345, 0.8))
        shares = [100 * a for a in amounts]
        looks = zip(PALETTE, DASHES, MARKERS, strict=False)
        for (name, values), (colour, dashes, marker) in zip(lines.items(), looks, strict=False):
            chart.plot(shares, values, color=colour, linestyle=dashes, marker=marker, label=name)
        _levels(chart, levels)
        chart.axvline(100 * amount, color=PALETTE[6], linewidth=1)
        chart.set(xlabel="amount (% of the side)", ylabel="error (1 - IoU)", ylim=(0, 1))
        chart.legend(loc="upper left", fontsize=7, ncols=2, columnspacing=0.8, handlelength=2.4)
        return with_pictures(figure, named, left=411, top=84, side=170)


def _levels(axes: Axes, levels: Mapping[str, float]) -> None:
    for (name, value), dashes in zip(levels.items(), DASHES[2:], strict=True):
        axes.axhline(value, color=FAINT_INK, linestyle=dashes, linewidth=1.2, label=name)


def _sheet(taught: Mapping[Key, Taught], alone: Mapping[int, float], everything: float) -> View:
    """Draw the student's error over its teacher's, one panel for each kind of error."""
    kinds = sorted({kind for kind, _, _ in taught})
    ls = sorted(alone)
    with canvas(round(3.7 * len(kinds) * DPI), round(3.3 * DPI)) as figure:
        every = figure.subplots(1, len(kinds), sharex=True, sharey=True, squeeze=False)[0]
        for axes, kind in zip(every, kinds, strict=True):
            axes.plot([0, 1], [0, 1], color=HAIRLINE, linewidth=1.2)
            for l, colour, marker in zip(ls, PALETTE, MARKERS, strict=False):
                group = sorted((k[1], t) for k, t in taught.items() if k[0] == kind and k[2] == l)
                errors = [(one.pseudo, one.student) for _, one in group]
                axes.plot(*zip(*errors, strict=True), color=colour, marker=marker, label=f"l = {l}")
            axes.axhline(everything, color=FAINT_INK, linestyle=DASHES[3], linewidth=1.2)
            most = max(max(one.pseudo, one.student) for one in taught.values())
            axes.set(xlabel="error of the pseudo-labels", xlim=(0, most + 0.05))
            axes.set(ylim=(0, most + 0.05), title=kind)
        every[0].set_ylabel("error of the student")
        every[0].legend(loc="upper left", fontsize=8)
        drawn = finish_figure(figure)
    worst = max(amount for _, amount, _ in taught)
    said = "; ".join(
        f"{kind}, l = {l}: {taught[kind, worst, l].pseudo:.2f} and"
        f" {taught[kind, worst, l].student:.2f}"
        for kind in kinds
        for l in ls
    )
    return View(
        drawn,
        "Error (1 - IoU) of students over that of their pseudo-labels; on the grey diagonal a"
        " student would be as wrong as its teacher, the dashed line is a student of all labels,"
        f" {everything:.2f}. With the largest error, pseudo-labels and student: {said}.",
    )
