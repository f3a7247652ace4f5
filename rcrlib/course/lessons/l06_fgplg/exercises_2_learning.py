"""Exercises of 06, second part: what FGPLG learns from, and where it begins (paper 3.3, 4.2)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, pairwise

import torch
from torch import Tensor

from rcrlib.course.exercise import Draw, Exercise, Mistake, Property, shape_of
from rcrlib.course.lessons.l06_fgplg import LESSON
from rcrlib.data import triplets

Triplet = tuple[int, int, int]

# ---- triplets


def training_triplets(kept: Sequence[int]) -> list[Triplet]:
    """Return FGPLG's training triplets (i, k, j) of neighbouring kept labels."""
    return list(triplets(kept))


def _between(kept: Sequence[int]) -> list[Triplet]:
    return [(i, k, j) for i, j in pairwise(kept) for k in range(i + 1, j)]


def _uneven(draw: Draw) -> tuple[list[int]]:
    """Draw seven kept labels, 2 to 6 frames apart."""
    kept = [draw.integer(0, 3)]
    for _ in range(6):
        kept.append(kept[-1] + draw.integer(2, 6))
    return (kept,)


TRAINING_TRIPLETS = Exercise(
    name="training_triplets",
    notebook=LESSON.stem,
    asks="Choose the triplets (i, k, j) that FGPLG learns from.",
    difficulty=1,
    minutes=5,
    reference=training_triplets,
    properties=(
        Property("give (0, 5, 10), and no other, for 0, 5, 10", lambda draw: ([0, 5, 10],)),
        Property("give none where two labels are kept", lambda draw: ([0, 5],)),
        Property("let each kept label be k once, but for the first and the last", _uneven),
    ),
    mistakes=(
        Mistake(
            "frames without a label",
            "Your k lie between two kept labels, where there is no label to learn from. Those are"
            " the frames that FGPLG is asked about later.",
            _between,
        ),
        Mistake(
            "k comes last",
            "Your triplets are (i, j, k). The answer, k, stands in the middle, as it does in time.",
            lambda kept: [(i, j, k) for i, k, j in triplets(kept)],
        ),
        Mistake(
            "every label is used once",
            "You begin the next triplet where the last one ended. A label can be the answer in one"
            " triplet and a neighbour in two others: labels are dear.",
            lambda kept: list(triplets(kept)[::2]),
        ),
        Mistake(
            "k halfway",
            "Your k lies halfway between two kept labels, where there is none to learn from.",
            lambda kept: [(i, (i + j) // 2, j) for i, j in pairwise(kept)],
        ),
        Mistake(
            "the last label before the first",
            "Your first k has the *last* label for its i: `kept[-1]` counts from the end.",
            lambda kept: [(kept[n - 1], kept[n], kept[n + 1]) for n in range(len(kept) - 1)],
        ),
        Mistake(
            "all triplets there are",
            "You take labels that are further away, too. Table 2's protocol takes k's next kept"
            " label on either side.",
            lambda kept: list(combinations(kept, 3)),
        ),
        Mistake(
            "the ends stand in for what is missing",
            "Your first and last k are their own neighbours: the answer is in the question, and"
            " FGPLG would learn to copy it.",
            lambda kept: list(zip([kept[0], *kept[:-1]], kept, [*kept[1:], kept[-1]], strict=True)),
        ),
        Mistake(
            "one is missing",
            "You stop one too early: the last label but one has a neighbour on either side, too.",
            lambda kept: list(triplets(kept[:-1])) or list(triplets(kept)),
        ),
    ),
    hints=(
        "Walk along the list with a window of three; which of the three is i, which k, which j?",
        "`zip(kept, kept[1:], kept[2:])` is that window, and stops by itself. Make a list of it.",
    ),
    solution="The label of k is the answer and must be known, so all three are kept labels. In"
    " training the labels are a whole interval away, later less: the school is harder than life.",
)

# ---- the stem


def widen_stem(stem: Tensor, fresh: Tensor) -> Tensor:
    """Return FGPLG's first weights: `stem` for the colours, `fresh` for the other four channels."""
    return torch.cat([stem, fresh[:, 3:]], dim=1)


def _stems(draw: Draw) -> tuple[Tensor, Tensor]:
    return draw.normal(4, 3, 5, 5), draw.normal(4, 7, 5, 5, scale=0.1)


def _with_others(stem: Tensor, others: Tensor) -> Tensor:
    return torch.cat([stem, others.expand(-1, 4, -1, -1)], dim=1)


WIDEN_STEM = Exercise(
    name="widen_stem",
    notebook=LESSON.stem,
    asks="Widen the first convolution of an image network from three channels to seven.",
    difficulty=1,
    minutes=5,
    reference=widen_stem,
    properties=(
        Property("give weights for seven channels, in the shape of fresh", _stems, of=shape_of),
        Property(
            "see the colours as the image network does", _stems, of=lambda answer: answer[:, :3]
        ),
        Property(
            "keep the fresh weights of the other four channels",
            _stems,
            of=lambda answer: answer[:, 3:],
        ),
    ),
    mistakes=(
        Mistake(
            "the colours at the end",
            "You put the image network's weights last. The colours are channels 0 to 2 of the"
            " seven.",
            lambda stem, fresh: torch.cat([fresh[:, :4], stem], dim=1),
        ),
        Mistake(
            "zeros for the new channels",
            "You zero the new channels. That begins as the image network exactly, and could be"
            " trained; asked are the fresh weights, as in the library.",
            lambda stem, fresh: _with_others(stem, torch.zeros_like(stem[:, :1])),
        ),
        Mistake(
            "the mean of the colours' weights",
            "You give each new channel the mean of the colours' weights. That is usual for a fourth"
            " colour; a label is not a colour.",
            lambda stem, fresh: _with_others(stem, stem.mean(dim=1, keepdim=True)),
        ),
        Mistake(
            "smaller weights for the colours",
            "You make the colours' weights smaller, to make up for the new channels. The layers"
            " behind expect the answers that they know.",
            lambda stem, fresh: torch.cat([stem * 3 / 7, fresh[:, 3:]], dim=1),
        ),
        Mistake(
            "nothing is taken over",
            "You give back the fresh weights: all that the image network has learned about colours"
            " is lost.",
            lambda stem, fresh: fresh,
        ),
    ),
    hints=(
        "A weight's second dimension is the channel it reads. Which three of fresh's seven does"
        " stem replace?",
        "`torch.cat([..., ...], dim=1)` of stem and of `fresh` from its fourth channel on.",
    ),
    solution="To colours the new network answers as the old one did, plus what the other four"
    " channels add; what a label is worth, it has yet to learn.",
)

EXERCISES = (TRAINING_TRIPLETS, WIDEN_STEM)
