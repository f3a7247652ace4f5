"""FGPLG's inputs on and off: the pseudo-label without each of them, and what it loses."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from rcrlib.course.widgets import Control, Explorer, View
from rcrlib.data import denormalise
from rcrlib.errors import OptionError
from rcrlib.metrics import iou
from rcrlib.show import Picture, contact_sheet, overlay

ON, OFF = "on", "off"
LARGE = 144
"""Pixels across, to which smaller frames are enlarged under a label."""

CHANNELS = {
    "RGB": slice(0, 3),
    "label i": slice(3, 4),
    "label j": slice(4, 5),
    "length i": slice(5, 6),
    "length j": slice(6, 7),
}
"""What can be switched off, and where it lies among the seven channels."""

_NAMES = tuple(name.lower().replace(" ", "_") for name in CHANNELS)


@dataclass(frozen=True)
class Case:
    """A frame k that FGPLG is asked about."""

    stack: Tensor
    """(7, H, W): normalised RGB, two warped labels, two flow lengths."""

    truth: ArrayLike
    """(H, W) of {0, 1}."""


@dataclass(frozen=True)
class Answer:
    """The pseudo-label that was made from some of the channels."""

    label: np.ndarray
    """(H, W) in [0, 1]."""

    iou: float
    """With the truth, cut at one half."""


def fgplg_inputs(network: Callable[[Tensor], Tensor], cases: Mapping[str, Case]) -> Explorer:
    """Switch inputs of a trained FGPLG off and see what becomes of its pseudo-label.

    A channel that is off is zero, as in the library: RGB is then the mean colour, a label says
    that nothing is salient, a length that nothing moves. The network is not trained anew.

    Args:
        network: (B, 7, H, W) -> logits (B, 1, H, W).
        cases: by name; all of one size.

    Raises:
        OptionError: no cases, or a stack that has not seven channels.
    """
    if not cases:
        raise OptionError("no cases to look at; give at least one")
    for name, case in cases.items():
        if case.stack.ndim != 3 or len(case.stack) != 7:
            raise OptionError(f"case {name}: {tuple(case.stack.shape)}; expected (7, H, W)")
    known = {name: _answers(network, case) for name, case in cases.items()}
    everything = (True,) * len(CHANNELS)

    def view(case: str, **switches: str) -> View:
        on = tuple(switches[name] == ON for name in _NAMES)
        full, one = known[case][everything], known[case][on]
        off = [name for name, is_on in zip(CHANNELS, on, strict=True) if not is_on]
        without = f"without {', '.join(off)}" if off else "with all five inputs"
        change = one.iou - full.iou
        said = f"IoU {one.iou:.2f}" + (f" ({change:+.2f})" if off else "")
        labels = (full.label, one.label, cases[case].truth)
        titles = [
            name if is_on else f"{name}: off" for name, is_on in zip(CHANNELS, on, strict=True)
        ]
        drawn = contact_sheet(
            [[*_inputs(cases[case], on), *(_tinted(cases[case], label) for label in labels)]],
            [*titles, f"from all\nIoU {full.iou:.2f}", f"from these\n{said}", "truth"],
            cell_width=108,
        )
        return View(drawn, f"{case} {without}: {said}; with all five {full.iou:.2f}.")

    controls = (
        Control("case", "case", tuple(cases), words=True),
        *(
            Control(name, shown, (ON, OFF), words=True)
            for name, shown in zip(_NAMES, CHANNELS, strict=True)
        ),
    )
    return Explorer(controls, view, _sheet(cases, known))


def _switches() -> Iterator[tuple[bool, ...]]:
    yield from product((True, False), repeat=len(CHANNELS))


def _answers(network: Callable[[Tensor], Tensor], case: Case) -> dict[tuple[bool, ...], Answer]:
    """Ask the network with every choice of inputs."""
    stacks = torch.stack([_masked(case.stack, on) for on in _switches()])
    with torch.no_grad():
        labels = network(stacks).sigmoid()[:, 0].cpu().numpy()
    truth = np.asarray(case.truth)
    return {
        on: Answer(label, iou(label >= 0.5, truth))
        for on, label in zip(_switches(), labels, strict=True)
    }


def _masked(stack: Tensor, on: tuple[bool, ...]) -> Tensor:
    masked = stack.clone()
    for channels, is_on in zip(CHANNELS.values(), on, strict=True):
        if not is_on:
            masked[channels] = 0
    return masked


def _colours(case: Case) -> Picture:
    colours = denormalise(case.stack[:3]).movedim(0, 2)
    return (255 * colours).round().byte().numpy()


def _tinted(case: Case, label: ArrayLike) -> Picture:
    """Draw a label over frame k, enlarged, so that its line is thin."""
    values = np.asarray(label, np.float32)
    times = max(1, LARGE // values.shape[1])
    frame = _colours(case).repeat(times, axis=0).repeat(times, axis=1)
    return overlay(frame, values.repeat(times, axis=0).repeat(times, axis=1))


def _inputs(case: Case, on: tuple[bool, ...]) -> list[ArrayLike]:
    """Return what the network sees as five pictures; black where it is off."""
    maps = [case.stack[3], case.stack[4], *(case.stack[5:7] / 2**0.5)]
    pictures = [_colours(case), *(one.clamp(0, 1).numpy() for one in maps)]
    return [one if is_on else np.zeros_like(one) for one, is_on in zip(pictures, on, strict=True)]


def _sheet(
    cases: Mapping[str, Case], known: Mapping[str, Mapping[tuple[bool, ...], Answer]]
) -> View:
    """Draw a row for each case: with all inputs, and with each one of them off."""
    count = len(CHANNELS)
    choices = [(True,) * count, *(tuple(n != off for n in range(count)) for off in range(count))]
    titles = ["all inputs", *(f"no {name}" for name in CHANNELS)]
    rows, names = [], []
    for name, case in cases.items():
        answers = [known[name][on] for on in choices]
        rows.append([_tinted(case, label) for label in (*(a.label for a in answers), case.truth)])
        names.append(f"{name}\nIoU {answers[0].iou:.2f}")
    means = [np.mean([of[on].iou for of in known.values()]) for on in choices]
    said = ", ".join(f"{title} {mean:.2f}" for title, mean in zip(titles, means, strict=True))
    above = [f"{title}\nIoU {mean:.2f}" for title, mean in zip(titles, means, strict=True)]
    return View(
        contact_sheet(rows, [*above, "truth"], names, cell_width=110),
        f"Pseudo-labels of {len(cases)} frames with all inputs and with one of them off."
        f" Mean IoU: {said}.",
    )
