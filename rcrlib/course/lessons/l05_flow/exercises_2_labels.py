"""Exercises of 05, second part: what is hidden, and the label of a frame between two others."""

from __future__ import annotations

import torch
from torch import Tensor

from rcrlib.course.exercise import Draw, Exercise, Mistake, Property, shape_of
from rcrlib.course.lessons.l05_flow import LESSON
from rcrlib.flow import warp

# ---- the forward-backward check


def hidden(forward: Tensor, backward: Tensor) -> Tensor:
    """Tell which points do not come back, (B, 1, H, W) bool (Sundaram et al. 2010, Eq. 5)."""
    return _misses(forward, warp(backward, forward))


def _misses(forward: Tensor, back: Tensor, slack: float = 0.5, power: float = 1) -> Tensor:
    miss = (forward + back).square().sum(dim=1, keepdim=True) ** power
    length = (forward.square() + back.square()).sum(dim=1, keepdim=True)
    return miss > 0.01 * length + slack


def _even(draw: Draw) -> tuple[Tensor, Tensor]:
    flow = torch.tensor([2.0, 1.0], dtype=draw.dtype).view(1, 2, 1, 1).repeat(2, 1, 5, 7)
    return flow, -flow


def _uneven(draw: Draw) -> tuple[Tensor, Tensor]:
    """Draw flows of which about every second vector comes back well enough."""
    return draw.normal(2, 2, 5, 7, scale=0.5), draw.normal(2, 2, 5, 7, scale=0.5)


HIDDEN = Exercise(
    name="hidden",
    notebook=LESSON.stem,
    asks="Write the forward-backward check: which points do not come back?",
    difficulty=2,
    minutes=9,
    reference=hidden,
    properties=(
        Property("give one channel, (B, 1, H, W)", _uneven, of=shape_of),
        Property(
            "find nothing hidden where everything moves by (2, 1) and back",
            _even,
            expected=lambda forward, backward: torch.zeros(2, 1, 5, 7, dtype=torch.bool),
        ),
        Property("find what misses its start by more than the right side allows", _uneven),
    ),
    mistakes=(
        Mistake(
            "the backward flow is not warped",
            "You add both flows at the same pixel. The way back begins where the way there ended:"
            " fetch b from there first.",
            lambda forward, backward: _misses(forward, backward),
        ),
        Mistake(
            "the check lies on the other frame",
            "You warp the forward flow with the backward one. That tells what of b is hidden in a;"
            " asked is what of a is hidden in b.",
            lambda forward, backward: hidden(backward, forward),
        ),
        Mistake(
            "a difference in place of a sum",
            "There and back cancel: f + b is near 0 where all is well, f - b is twice the way.",
            lambda forward, backward: _misses(forward, -warp(backward, forward)),
        ),
        Mistake(
            "visible in place of hidden",
            "You mark what comes back. True means hidden: what misses by more than is allowed.",
            lambda forward, backward: ~hidden(forward, backward),
        ),
        Mistake(
            "the distance is not squared",
            "You compare the distance with a bound for its square.",
            lambda forward, backward: _misses(forward, warp(backward, forward), power=0.5),
        ),
        Mistake(
            "no slack",
            "The 0.5 is missing: a tenth of a pixel of error would count as hidden where little"
            " moves.",
            lambda forward, backward: _misses(forward, warp(backward, forward), slack=0),
        ),
    ),
    hints=(
        "`warp(backward, forward)` is the way back, read where the way there ended. Add it to"
        " `forward`: what is the sum where all is well?",
        "The left side is `(forward + back).square().sum(dim=1, keepdim=True)`; the right side is"
        " 0.01 times the two squared lengths, plus 0.5.",
    ),
    solution="A visible point walks there and back and is home again. A hidden one ends on whatever"
    " hides it, and is carried off by the way back of that.",
)

# ---- the label between


def label_between(label_i: Tensor, label_j: Tensor, hidden_i: Tensor, hidden_j: Tensor) -> Tensor:
    """Join two warped labels (B, 1, H, W): the visible one where one is hidden, else the mean."""
    mean = (label_i + label_j) / 2
    mean = torch.where(hidden_i & ~hidden_j, label_j, mean)
    return torch.where(hidden_j & ~hidden_i, label_i, mean)


def _weighted(label_i: Tensor, label_j: Tensor, hidden_i: Tensor, hidden_j: Tensor) -> Tensor:
    sees_i, sees_j = (~hidden_i).to(label_i.dtype), (~hidden_j).to(label_j.dtype)
    return (sees_i * label_i + sees_j * label_j) / (sees_i + sees_j).clamp(min=1)


def _warped(draw: Draw, share: float = 0.4) -> tuple[Tensor, ...]:
    labels = draw.uniform(2, 1, 5, 7), draw.uniform(2, 1, 5, 7)
    return *labels, *(draw.mask(2, 1, 5, 7, share=share).bool() for _ in range(2))


def _one_hidden(draw: Draw) -> tuple[Tensor, ...]:
    label_i, label_j, hidden_i, _ = _warped(draw)
    hidden_i[0, 0, 0, 0] = True
    return label_i, label_j, hidden_i, ~hidden_i


LABEL_BETWEEN = Exercise(
    name="label_between",
    notebook=LESSON.stem,
    asks="Join two warped labels: each where it can be seen.",
    difficulty=1,
    minutes=6,
    reference=label_between,
    properties=(
        Property(
            "be the mean of both labels where nothing is hidden",
            lambda draw: _warped(draw, share=0),
            expected=lambda label_i, label_j, *_: (label_i + label_j) / 2,
        ),
        Property("be the label that can be seen where the other is hidden", _one_hidden),
        Property("be the mean of both where both are hidden, too", _warped),
    ),
    mistakes=(
        Mistake(
            "the hidden one is taken",
            "You take each label just where it is hidden. `hidden_i` marks what frame i does not"
            " show: ask j there.",
            lambda label_i, label_j, hidden_i, hidden_j: label_between(
                label_i, label_j, hidden_j, hidden_i
            ),
        ),
        Mistake(
            "the mean everywhere",
            "You average everywhere: a hidden label still has half a say.",
            lambda label_i, label_j, hidden_i, hidden_j: (label_i + label_j) / 2,
        ),
        Mistake(
            "0 where both are hidden",
            "Where both are hidden you give 0, so every such place becomes background. Take the"
            " mean there.",
            _weighted,
        ),
        Mistake(
            "the first one where both can be seen",
            "You listen to j only where i is hidden. Where both can be seen, take their mean.",
            lambda label_i, label_j, hidden_i, hidden_j: torch.where(hidden_i, label_j, label_i),
        ),
        Mistake(
            "the larger of both",
            "You take the larger of both labels: what one of them got wrong stays in the result.",
            lambda label_i, label_j, hidden_i, hidden_j: torch.maximum(label_i, label_j),
        ),
    ),
    hints=(
        "Begin with the mean of both everywhere. In which places must it be replaced, and by what?",
        "`torch.where(hidden_i & ~hidden_j, label_j, mean)` mends the places that only i does not"
        " show. Mend the others in the same way.",
    ),
    solution="What is hidden in the frame before is often seen in the frame after. FGPLG learns"
    " such a choice from examples, with colours to go by; here it is a rule.",
)

EXERCISES = (HIDDEN, LABEL_BETWEEN)
