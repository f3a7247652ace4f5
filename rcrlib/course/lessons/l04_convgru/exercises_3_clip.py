"""Exercises of 04, third part: a clip in both directions (paper Eq. 3)."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor

from rcrlib.course.exercise import Draw, Exercise, Mistake, Property, shape_of
from rcrlib.course.lessons.l04_convgru import LESSON
from rcrlib.models import ConvGRUCell, DBConvGRU

CHANNELS = 3


def _run(cell: ConvGRUCell, inputs: list[Tensor], start: Tensor) -> list[Tensor]:
    states, h = [], start
    for x in inputs:
        h = cell(x, h)
        states.append(h)
    return states


def _join(gru: DBConvGRU, ahead: list[Tensor], back: list[Tensor]) -> Tensor:
    pairs = zip(ahead, back, strict=True)
    return torch.stack([torch.tanh(gru.w_hf(hf) + gru.w_hb(hb)) for hf, hb in pairs], dim=1)


def both_ways(clip: Tensor, gru: DBConvGRU) -> Tensor:
    """Return H_t of paper Eq. 3 for all frames of a clip (B, T, C, H, W)."""
    # Not `gru(clip)`: the lesson also hands in cells of one's own.
    frames = list(clip.unbind(dim=1))
    ahead = _run(gru.forward_cell, frames, frames[0])
    back = _run(gru.backward_cell, ahead[::-1], ahead[-1])[::-1]
    return _join(gru, ahead, back)


def _from_zeros(ways: str, clip: Tensor, gru: DBConvGRU) -> Tensor:
    frames = list(clip.unbind(dim=1))
    zeros = torch.zeros_like(frames[0])
    ahead = _run(gru.forward_cell, frames, zeros if "forward" in ways else frames[0])
    start = zeros if "backward" in ways else ahead[-1]
    return _join(gru, ahead, _run(gru.backward_cell, ahead[::-1], start)[::-1])


def _first_step_skipped(clip: Tensor, gru: DBConvGRU) -> Tensor:
    first, *rest = clip.unbind(dim=1)
    ahead = [first, *_run(gru.forward_cell, rest, first)]
    return _join(gru, ahead, _run(gru.backward_cell, ahead[::-1], ahead[-1])[::-1])


def _arguments_swapped(clip: Tensor, gru: DBConvGRU) -> Tensor:
    def swapped(cell: ConvGRUCell, inputs: list[Tensor], h: Tensor) -> list[Tensor]:
        return [h := cell(h, x) for x in inputs]

    frames = list(clip.unbind(dim=1))
    ahead = swapped(gru.forward_cell, frames, frames[0])
    return _join(gru, ahead, swapped(gru.backward_cell, ahead[::-1], ahead[-1])[::-1])


def _back_reads_frames(clip: Tensor, gru: DBConvGRU) -> Tensor:
    frames = list(clip.unbind(dim=1))
    ahead = _run(gru.forward_cell, frames, frames[0])
    return _join(gru, ahead, _run(gru.backward_cell, frames[::-1], ahead[-1])[::-1])


def _not_turned_back(clip: Tensor, gru: DBConvGRU) -> Tensor:
    frames = list(clip.unbind(dim=1))
    ahead = _run(gru.forward_cell, frames, frames[0])
    return _join(gru, ahead, _run(gru.backward_cell, ahead[::-1], ahead[-1]))


def _never_turned(clip: Tensor, gru: DBConvGRU) -> Tensor:
    frames = list(clip.unbind(dim=1))
    ahead = _run(gru.forward_cell, frames, frames[0])
    return _join(gru, ahead, _run(gru.backward_cell, ahead, ahead[-1]))


def _without_tanh(clip: Tensor, gru: DBConvGRU) -> Tensor:
    frames = list(clip.unbind(dim=1))
    ahead = _run(gru.forward_cell, frames, frames[0])
    back = _run(gru.backward_cell, ahead[::-1], ahead[-1])[::-1]
    pairs = zip(ahead, back, strict=True)
    return torch.stack([gru.w_hf(hf) + gru.w_hb(hb) for hf, hb in pairs], dim=1)


def _clip(length: int, draw: Draw) -> tuple[Tensor, DBConvGRU]:
    gru = draw.module(DBConvGRU(CHANNELS), scale=0.2)
    assert isinstance(gru, DBConvGRU)
    return draw.normal(2, length, CHANNELS, 4, 5), gru


BOTH_WAYS = Exercise(
    name="both_ways",
    notebook=LESSON.stem,
    asks="Run a clip through Eq. 3: there, back, and both together.",
    difficulty=3,
    minutes=12,
    reference=both_ways,
    properties=(
        Property(
            "give a map for every frame, in the shape of the clip",
            lambda draw: _clip(3, draw),
            of=shape_of,
        ),
        Property("be Eq. 3 on a clip of one frame", lambda draw: _clip(1, draw)),
        Property("be Eq. 3 on a clip of four frames", lambda draw: _clip(4, draw)),
    ),
    mistakes=(
        Mistake(
            "start from zeros",
            "You start from zeros. The forward run starts from the first frame's feature, the"
            " backward run from the last forward state.",
            partial(_from_zeros, "forward backward"),
        ),
        Mistake(
            "the forward run starts from zeros",
            "Your forward run starts from zeros; its first state to read is the feature X_1.",
            partial(_from_zeros, "forward"),
        ),
        Mistake(
            "the backward run starts from zeros",
            "Your backward run starts from zeros; its first state to read is the last forward one.",
            partial(_from_zeros, "backward"),
        ),
        Mistake(
            "the first step is skipped",
            "You take X_1 for the first state. It is what the first step starts from: the cell sees"
            " X_1 twice, as input and as state.",
            _first_step_skipped,
        ),
        Mistake(
            "X and H swapped",
            "You call the cells with the state first. Their order is (x, h), other than in Eq. 3.",
            _arguments_swapped,
        ),
        Mistake(
            "stacked along another dimension",
            "You stack the frames along the wrong dimension: time is number 1, after the batch.",
            lambda clip, gru: both_ways(clip, gru).transpose(0, 1),
        ),
        Mistake(
            "the backward cell reads the frames",
            "Your backward cell reads X again. In Eq. 3 it reads the forward states: that is what"
            " makes the GRU deep.",
            _back_reads_frames,
        ),
        Mistake(
            "the backward states are not turned round",
            "The backward states come out last frame first; turn them round before you pair them"
            " with the forward ones.",
            _not_turned_back,
        ),
        Mistake(
            "the second run goes forwards too",
            "Your second run starts at the first frame. It has to read the forward states from the"
            " last to the first.",
            _never_turned,
        ),
        Mistake(
            "no tanh at the end",
            "One function is missing around the sum of the two convolutions in the last line.",
            _without_tanh,
        ),
    ),
    hints=(
        "Write the forward loop first, beginning with `h = clip[:, 0]`, and keep its states in a"
        " list; `states[::-1]` is that list from its end.",
        "Backward: `h = ahead[-1]`, then `for x in ahead[::-1]: h = gru.backward_cell(x, h)`. Turn"
        " that list round, pair it with `ahead` by `zip`, and stack along dimension 1.",
    ),
    solution="The backward run reads states, not frames, so what it tells the first frame has"
    " already gone through all others: each H_t knows the whole clip.",
)

EXERCISES = (BOTH_WAYS,)
