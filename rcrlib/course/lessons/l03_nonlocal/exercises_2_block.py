"""Exercises of 03, second part: what both orders cost, and the whole block."""

from __future__ import annotations

import torch
from torch import Tensor

from rcrlib.course.exercise import Draw, Exercise, Mistake, Property, shape_of
from rcrlib.course.lessons.l03_nonlocal import LESSON
from rcrlib.models import NonLocalBlock
from rcrlib.models.fast import dot_product_sum

# ---- the cost


def two_costs(n: int, k: int) -> tuple[int, int]:
    """Count the multiply-adds of (θ φᵀ) g and of θ (φᵀ g)."""
    return 2 * n * n * k, 2 * n * k * k


COSTS = Exercise(
    name="two_costs",
    notebook=LESSON.stem,
    asks="Count the multiply-adds of both orders.",
    difficulty=1,
    minutes=5,
    reference=two_costs,
    properties=(
        Property("count a case for the fingers: N = 3, K = 2", lambda draw: (3, 2)),
        Property(
            "count any N and K",
            lambda draw: (draw.integer(200, 4000), draw.integer(5, 150)),
        ),
    ),
    mistakes=(
        Mistake(
            "one product only",
            "You count one matrix product of each order; each order has two.",
            lambda n, k: (n * n * k, n * k * k),
        ),
        Mistake(
            "the two orders swapped",
            "You give the two numbers in the wrong order: first the one with N × N in it.",
            lambda n, k: two_costs(n, k)[::-1],
        ),
        Mistake(
            "the values of the matrix in the middle",
            "You count the values of the matrix in the middle. Each of them is a sum, so it takes"
            " more than one multiply-add.",
            lambda n, k: (n * n, k * k),
        ),
        Mistake(
            "multiplications and additions apart",
            "You count a multiplication and its addition as two; together they are one"
            " multiply-add.",
            lambda n, k: (4 * n * n * k, 4 * n * k * k),
        ),
    ),
    hints=(
        "A product of an (a × b) and a (b × c) matrix has a · c values, and each is a sum of b"
        " products: a · b · c multiply-adds.",
        "First order: (N × K)(K × N), then (N × N)(N × K): two products of N · K · N each. Do the"
        " same for the second.",
    ),
    solution="2 N² K against 2 N K²: the second is cheaper by N / K, so the longer the clip, the"
    " greater the difference.",
)

# ---- the block


def non_local(x: Tensor, block: NonLocalBlock) -> Tensor:
    """Return x + W y for clip features (B, T, C, H, W)."""
    b, t, c, h, w = x.shape
    return x + _unfolded(_sum(_places(x), block), (b, t, h, w, c))


def _places(x: Tensor) -> Tensor:
    """Return the features of all positions, (B, N, C)."""
    return x.permute(0, 1, 3, 4, 2).reshape(len(x), -1, x.shape[2])


def _sum(places: Tensor, block: NonLocalBlock) -> Tensor:
    y = dot_product_sum(block.theta(places), block.phi(places), block.g(places))
    return torch.as_tensor(block.w(y))


def _unfolded(places: Tensor, shape: tuple[int, ...]) -> Tensor:
    return places.reshape(shape).permute(0, 1, 4, 2, 3)


def _each_frame(x: Tensor, block: NonLocalBlock) -> Tensor:
    return non_local(x.flatten(0, 1)[:, None], block).reshape(x.shape)


def _whole_batch(x: Tensor, block: NonLocalBlock) -> Tensor:
    return non_local(x.flatten(0, 1)[None], block).reshape(x.shape)


def _not_turned(x: Tensor, block: NonLocalBlock) -> Tensor:
    return x + _sum(x.reshape(len(x), -1, x.shape[2]), block).reshape(x.shape)


def _not_turned_back(x: Tensor, block: NonLocalBlock) -> Tensor:
    return x + _sum(_places(x), block).reshape(x.shape)


def _clip(draw: Draw) -> tuple[Tensor, NonLocalBlock]:
    block = draw.module(NonLocalBlock(4, inner=2))
    assert isinstance(block, NonLocalBlock)
    return draw.normal(2, 3, 4, 5, 6), block


def _new_block(draw: Draw) -> tuple[Tensor, NonLocalBlock]:
    x, block = _clip(draw)
    block.w.weight.zero_()
    block.w.bias.zero_()
    return x, block


BLOCK = Exercise(
    name="non_local",
    notebook=LESSON.stem,
    asks="Write the whole block: from a clip to the positions, and back.",
    difficulty=3,
    minutes=11,
    reference=non_local,
    properties=(
        Property("give a clip of the same shape", _clip, of=shape_of),
        Property(
            "change nothing where W is zero, as in a new block",
            _new_block,
            expected=lambda x, block: x,
        ),
        Property("add W y to x, where y sums over all positions of all frames", _clip),
    ),
    mistakes=(
        Mistake(
            "no residual",
            "You give W y alone. The block adds it to x.",
            lambda x, block: non_local(x, block) - x,
        ),
        Mistake(
            "each frame for itself",
            "Each of your frames sees itself only. N = T · H · W: the positions of all frames.",
            _each_frame,
        ),
        Mistake(
            "the clips of a batch see each other",
            "The clips of your batch see each other. B is no part of N: what is batched together"
            " is chance.",
            _whole_batch,
        ),
        Mistake(
            "reshaped without moving the channels",
            "You reshape while C stands before H and W, which mixes channels with places. Move C"
            " to the end first.",
            _not_turned,
        ),
        Mistake(
            "not moved back",
            "The sums come back as (B, N, C). Reshape them with C at the end, and then move C to"
            " where it was.",
            _not_turned_back,
        ),
    ),
    hints=(
        "Linear layers work on the last side. So bring x to (B, N, C): `permute` moves sides,"
        " `reshape` joins T, H and W, which have to stand side by side.",
        "There: `x.permute(0, 1, 3, 4, 2).reshape(b, t * h * w, c)`. Back:"
        " `reshape(b, t, h, w, c)`, then `permute(0, 1, 4, 2, 3)`. Add x.",
    ),
    solution="Only the two reshapes know of frames and places; the sum sees a set of N features, in"
    " no order. What comes back is added, so that the block can begin as one that does nothing.",
)

EXERCISES = (COSTS, BLOCK)
