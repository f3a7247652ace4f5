"""Exercises of 04, first part: the ConvGRU's gates and its candidate (paper Eq. 2)."""

from __future__ import annotations

import torch
from torch import Tensor

from rcrlib.course.exercise import Draw, Exercise, Mistake, Property, shape_of
from rcrlib.course.lessons.l04_convgru import LESSON
from rcrlib.models import ConvGRUCell

CHANNELS = 3


def _cell(draw: Draw) -> ConvGRUCell:
    cell = draw.module(ConvGRUCell(CHANNELS))
    assert isinstance(cell, ConvGRUCell)
    return cell


def _maps(draw: Draw, count: int) -> tuple[Tensor, ...]:
    """Draw (B, C, H, W) maps whose height and width differ, as do batch and channels."""
    return tuple(draw.normal(2, CHANNELS, 5, 7) for _ in range(count))


# ---- the gates


def gates(x: Tensor, h: Tensor, cell: ConvGRUCell) -> tuple[Tensor, Tensor]:
    """Return Z and R of paper Eq. 2, each (B, C, H, W)."""
    z = torch.sigmoid(cell.w_xz(x) + cell.w_hz(h))
    r = torch.sigmoid(cell.w_xr(x) + cell.w_hr(h))
    return z, r


def _gates_tanh(x: Tensor, h: Tensor, cell: ConvGRUCell) -> tuple[Tensor, Tensor]:
    return torch.tanh(cell.w_xz(x) + cell.w_hz(h)), torch.tanh(cell.w_xr(x) + cell.w_hr(h))


def _gates_of_x(x: Tensor, h: Tensor, cell: ConvGRUCell) -> tuple[Tensor, Tensor]:
    return torch.sigmoid(cell.w_xz(x)), torch.sigmoid(cell.w_xr(x))


def _gates_crossed(x: Tensor, h: Tensor, cell: ConvGRUCell) -> tuple[Tensor, Tensor]:
    return gates(h, x, cell)


def _gates_apart(x: Tensor, h: Tensor, cell: ConvGRUCell) -> tuple[Tensor, Tensor]:
    z = torch.sigmoid(cell.w_xz(x)) + torch.sigmoid(cell.w_hz(h))
    return z, torch.sigmoid(cell.w_xr(x)) + torch.sigmoid(cell.w_hr(h))


GATES = Exercise(
    name="gates",
    notebook=LESSON.stem,
    asks="Write the update gate Z and the reset gate R.",
    difficulty=1,
    minutes=6,
    reference=gates,
    properties=(
        Property(
            "give Z and R, each of the shape of X",
            lambda draw: (*_maps(draw, 2), _cell(draw)),
            of=shape_of,
        ),
        Property(
            "give gates between 0 (closed) and 1 (open)",
            lambda draw: (*(4 * m for m in _maps(draw, 2)), _cell(draw)),
            of=lambda answer: all(bool((g >= 0).all() and (g <= 1).all()) for g in answer),
            expected=lambda x, h, cell: True,
        ),
        Property(
            "give Z and R of Eq. 2, in this order", lambda draw: (*_maps(draw, 2), _cell(draw))
        ),
    ),
    mistakes=(
        Mistake(
            "Z and R in the wrong order",
            "Z and R have changed places: the update gate comes first, and uses w_xz and w_hz.",
            lambda x, h, cell: gates(x, h, cell)[::-1],
        ),
        Mistake(
            "tanh in place of the sigmoid",
            "A gate runs from 0 to 1, and tanh goes from -1 to 1. Which function is σ?",
            _gates_tanh,
        ),
        Mistake(
            "the state is ignored",
            "Your gates look at X only. What does Eq. 2 add before σ is taken?",
            _gates_of_x,
        ),
        Mistake(
            "X and H swapped",
            "X and H have changed places: the first letter in w_xz says what it is convolved with.",
            _gates_crossed,
        ),
        Mistake(
            "the state goes through X's convolutions",
            "You give H to the convolutions of X. There are two for each gate: w_xz and w_hz.",
            lambda x, h, cell: (
                torch.sigmoid(cell.w_xz(x) + cell.w_xz(h)),
                torch.sigmoid(cell.w_xr(x) + cell.w_xr(h)),
            ),
        ),
        Mistake(
            "a sigmoid for each convolution",
            "You take σ twice and add; Eq. 2 adds the two maps first and takes σ once.",
            _gates_apart,
        ),
    ),
    hints=(
        "A convolution is called like a function: `cell.w_xz(x)` is W_xz ∗ X, a map of X's shape.",
        "Each gate is `torch.sigmoid(a + b)`, where `a` is a convolution of x and `b` one of h.",
    ),
    solution="Two maps vote on every value, one from what comes in and one from what is remembered;"
    " the sigmoid turns their sum into a share between 0 and 1.",
)

# ---- the candidate


def candidate(x: Tensor, h: Tensor, r: Tensor, cell: ConvGRUCell) -> Tensor:
    """Return the candidate of paper Eq. 2, (B, C, H, W): R acts after the convolution of H."""
    return torch.tanh(cell.w_xh(x) + r * cell.w_hh(h))


CANDIDATE = Exercise(
    name="candidate",
    notebook=LESSON.stem,
    asks="Write the candidate: what the state could become.",
    difficulty=2,
    minutes=7,
    reference=candidate,
    properties=(
        Property(
            "forget the state altogether where R is 0",
            lambda draw: (
                *_maps(draw, 2),
                torch.zeros(2, CHANNELS, 5, 7, dtype=draw.dtype),
                _cell(draw),
            ),
        ),
        Property(
            "be the candidate of Eq. 2, as the paper writes it",
            lambda draw: (*_maps(draw, 2), draw.uniform(2, CHANNELS, 5, 7), _cell(draw)),
        ),
    ),
    mistakes=(
        Mistake(
            "reset before the convolution (the authors' code)",
            "You reset H before W_hh sees it. That is what the authors' code does; the paper's"
            " Eq. 2 convolves first and resets what comes out.",
            lambda x, h, r, cell: torch.tanh(cell.w_xh(x) + cell.w_hh(r * h)),
        ),
        Mistake(
            "no reset gate",
            "R does not matter in your candidate: with R = 0 the past should vanish from it.",
            lambda x, h, r, cell: torch.tanh(cell.w_xh(x) + cell.w_hh(h)),
        ),
        Mistake(
            "the reset gate acts on both",
            "R multiplies both maps; it may only forget the past, not what comes in.",
            lambda x, h, r, cell: torch.tanh(r * (cell.w_xh(x) + cell.w_hh(h))),
        ),
        Mistake(
            "1 - R in place of R",
            "Your gate works the other way round: R = 0 forgets, R = 1 keeps.",
            lambda x, h, r, cell: torch.tanh(cell.w_xh(x) + (1 - r) * cell.w_hh(h)),
        ),
        Mistake(
            "no tanh",
            "A function is missing around the sum: the candidate lies between -1 and 1.",
            lambda x, h, r, cell: cell.w_xh(x) + r * cell.w_hh(h),
        ),
        Mistake(
            "tanh of X's part only",
            "Your tanh closes too early: Eq. 2 takes it of the whole sum.",
            lambda x, h, r, cell: torch.tanh(cell.w_xh(x)) + r * cell.w_hh(h),
        ),
        Mistake(
            "sigmoid in place of tanh",
            "The candidate is no gate: it needs negative values too. Look for tanh in Eq. 2.",
            lambda x, h, r, cell: torch.sigmoid(cell.w_xh(x) + r * cell.w_hh(h)),
        ),
    ),
    hints=(
        "∘ multiplies value by value, which is `*` in PyTorch. What stands right of R ∘ in Eq. 2?",
        "The parentheses decide: R ∘ (W_hh ∗ H) is `r * cell.w_hh(h)`. Add `cell.w_xh(x)`; tanh"
        " goes around the sum.",
    ),
    solution="R decides, at each place, how much of the convolved past the candidate may use."
    " `cell.w_hh(r * h)` looks alike, but mixes a place with its neighbours' gates.",
)

EXERCISES = (GATES, CANDIDATE)
