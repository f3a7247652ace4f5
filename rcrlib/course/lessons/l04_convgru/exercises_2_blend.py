"""Exercises of 04, second part: the ConvGRU's next state (paper Eq. 2)."""

from __future__ import annotations

import torch
from torch import Tensor

from rcrlib.course.exercise import Draw, Exercise, Mistake, Property
from rcrlib.course.lessons.l04_convgru import LESSON

SHAPE = 2, 3, 5, 7


def _maps(draw: Draw) -> tuple[Tensor, Tensor]:
    return draw.normal(*SHAPE), draw.normal(*SHAPE)


def blend(z: Tensor, new: Tensor, h: Tensor) -> Tensor:
    """Return the next state of paper Eq. 2 from the gate, the candidate and the state."""
    return (1 - z) * new + z * h


def _with_z(value: float, draw: Draw) -> tuple[Tensor, ...]:
    new, h = _maps(draw)
    return torch.full_like(h, value), new, h


BLEND = Exercise(
    name="blend",
    notebook=LESSON.stem,
    asks="Write the next state: a blend of candidate and state.",
    difficulty=1,
    minutes=5,
    reference=blend,
    properties=(
        Property(
            "keep the state as it is where Z is 1",
            lambda draw: _with_z(1, draw),
            expected=lambda z, new, h: h,
        ),
        Property(
            "take the candidate where Z is 0",
            lambda draw: _with_z(0, draw),
            expected=lambda z, new, h: new,
        ),
        Property(
            "blend value by value in between",
            lambda draw: (draw.uniform(*SHAPE), *_maps(draw)),
        ),
    ),
    mistakes=(
        Mistake(
            "z and 1 - z swapped",
            "Z and 1 - Z have changed places: in the paper Z = 1 keeps the old state. (Other papers"
            " and torchvision's RAFT write it your way.)",
            lambda z, new, h: z * new + (1 - z) * h,
        ),
        Mistake(
            "the shares do not sum to one",
            "The state's share is Z, the candidate's what is left, 1 - Z; yours do not sum to 1.",
            lambda z, new, h: new + z * h,
        ),
        Mistake(
            "multiplied where it should be added",
            "You multiply the two parts. A blend adds them: a share of one and a share of the"
            " other.",
            lambda z, new, h: ((1 - z) * new) * (z * h),
        ),
        Mistake(
            "the gate is taken twice",
            "You take σ of Z again, but `gates` has done it: Z is a share already.",
            lambda z, new, h: blend(torch.sigmoid(z), new, h),
        ),
        Mistake(
            "a hard choice",
            "You choose one of the two at each place; Eq. 2 mixes them, which has a gradient.",
            lambda z, new, h: torch.where(z > 0.5, h, new),
        ),
    ),
    hints=(
        "Two shares that sum to 1. Which of the two maps gets Z in the last line of Eq. 2?",
        "The candidate gets `(1 - z)`, the old state gets `z`.",
    ),
    solution="With Z near 1 a value is carried on untouched, over many frames if need be: this is"
    " the memory, and the way by which gradients travel back in time.",
)

EXERCISES = (BLEND,)
