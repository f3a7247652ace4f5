"""Exercises of 03, first part: a weighted sum over all positions, in both orders of the product."""

from __future__ import annotations

import torch
from torch import Tensor

from rcrlib.course.exercise import Draw, Exercise, Mistake, Property, shape_of
from rcrlib.course.lessons.l03_nonlocal import LESSON
from rcrlib.models import pairwise_sum, softmax_sum

N, K = 7, 3
"""Positions and channels: no two sides of a drawn tensor are equal."""


def _three(draw: Draw) -> tuple[Tensor, ...]:
    """Draw θ, φ and g of two clips."""
    return tuple(draw.normal(2, N, K) for _ in range(3))


def _two(draw: Draw) -> tuple[Tensor, ...]:
    return _three(draw)[:2]


# ---- as the equation reads


def _alike(draw: Draw) -> tuple[Tensor, ...]:
    """Draw a clip whose positions all look alike, each of similarity 1 to every other."""
    one = torch.ones(2, N, 1, dtype=draw.dtype)
    return one, one, draw.normal(2, N, 1)


PAIRWISE = Exercise(
    name="pairwise",
    notebook=LESSON.stem,
    asks="Write y: compare every position with every other, then take the weighted sum.",
    difficulty=1,
    minutes=6,
    reference=pairwise_sum,
    properties=(
        Property("give a sum for each position, in the shape of g", _three, of=shape_of),
        Property(
            "give the mean of g where all positions are alike, each of similarity 1",
            _alike,
            expected=lambda theta, phi, g: g.mean(dim=1, keepdim=True).expand_as(g),
        ),
        Property("be 1/N Σ_j f(x_i, x_j) g(x_j)", _three),
    ),
    mistakes=(
        Mistake(
            "no division by N",
            "You add up and do not divide: a clip twice as long gives sums twice as large.",
            lambda theta, phi, g: theta @ phi.mT @ g,
        ),
        Mistake(
            "divided by the square root of K",
            "You divide by √K, as transformers do before their softmax; here it is N, the number"
            " of positions.",
            lambda theta, phi, g: theta @ phi.mT / theta.shape[-1] ** 0.5 @ g,
        ),
        Mistake(
            "theta and phi swapped",
            "θ and φ have changed places: θ belongs to position i, which asks, φ to j, which"
            " answers.",
            lambda theta, phi, g: pairwise_sum(phi, theta, g),
        ),
        Mistake(
            "softmax in place of the division",
            "You take a softmax. The similarities here are divided by N and may stay negative.",
            lambda theta, phi, g: (theta @ phi.mT).softmax(dim=-1) @ g,
        ),
        Mistake(
            "each position compared with itself only",
            "You multiply θ and φ place by place: position i meets itself only, and no other.",
            lambda theta, phi, g: (theta * phi).sum(dim=-1, keepdim=True) / g.shape[1] * g,
        ),
    ),
    hints=(
        "All N × N dot products at once are one matrix product: θ, with φ turned on its side."
        " `phi.mT` swaps the last two sides.",
        "`theta @ phi.mT` is f, of shape (B, N, N). Divide it by N, which is `g.shape[1]`, and"
        " multiply by g from the right.",
    ),
    solution="Row i of f says how much position i wants of each other one; multiplied by g it is"
    " the weighted sum, for all i at once.",
)

# ---- the softmax form


def _constant(draw: Draw) -> tuple[Tensor, ...]:
    theta, phi, g = _three(draw)
    return theta, phi, g[:, :1].expand(-1, N, -1).contiguous()


SOFTMAX = Exercise(
    name="relate_by_softmax",
    notebook=LESSON.stem,
    asks="Write the contrast: shares in place of similarities.",
    difficulty=1,
    minutes=4,
    reference=softmax_sum,
    properties=(
        Property(
            "give back g where g is the same everywhere: the shares of a position sum to 1",
            _constant,
            expected=lambda theta, phi, g: g,
        ),
        Property("weigh position j by softmax_j of the similarities", _three),
    ),
    mistakes=(
        Mistake(
            "softmax over the wrong axis",
            "Your shares sum to 1 over i, the positions that ask. They have to over j, the"
            " positions that are asked.",
            lambda theta, phi, g: (theta @ phi.mT).softmax(dim=1) @ g,
        ),
        Mistake(
            "divided by N as well",
            "The shares sum to 1 already; do not divide by N on top of it.",
            lambda theta, phi, g: softmax_sum(theta, phi, g) / g.shape[1],
        ),
        Mistake(
            "the similarities divided by N first",
            "You divide by N before the softmax, which makes all shares nearly alike. Its"
            " arguments are the similarities as they are.",
            lambda theta, phi, g: (theta @ phi.mT / g.shape[1]).softmax(dim=-1) @ g,
        ),
        Mistake(
            "shares without the exponential",
            "You divide by the sum of the similarities, which can be near zero or negative; the"
            " softmax takes the exponential of each first.",
            lambda theta, phi, g: (
                pairwise_sum(theta, phi, g) / (theta @ phi.mT).mean(-1)[..., None]
            ),
        ),
    ),
    hints=(
        "Only one thing changes in `pairwise`: what is done with the similarities before they"
        " meet g.",
        "`similarity.softmax(dim=...)`: row i holds the similarities of position i, and runs along"
        " the last side.",
    ),
    solution="A softmax makes of each row positive shares that sum to 1: a position can choose, but"
    " it cannot say *unlike*.",
)

# ---- the other order


def summary(phi: Tensor, g: Tensor) -> Tensor:
    """Return 1/N φᵀ g, (B, K, K)."""
    return phi.mT @ g / g.shape[1]


SUMMARY = Exercise(
    name="summary",
    notebook=LESSON.stem,
    asks="Write what is left of a clip when φ and g are multiplied first.",
    difficulty=2,
    minutes=7,
    reference=summary,
    properties=(
        Property("give K × K values for each clip, however many positions", _two, of=shape_of),
        Property(
            "stay the same when the positions change their order",
            _two,
            expected=lambda phi, g: summary(phi.flip(1), g.flip(1)),
        ),
        Property("be 1/N φᵀ g, so that θ times it is y", _two),
    ),
    mistakes=(
        Mistake(
            "phi and g swapped",
            "Your matrix is the right one on its side: φ is turned and stands left of g.",
            lambda phi, g: summary(g, phi),
        ),
        Mistake(
            "no division by N",
            "The division by N is missing; nothing later will do it.",
            lambda phi, g: phi.mT @ g,
        ),
        Mistake(
            "summed over the channels",
            "You have summed over the channels and kept the positions: N × N again. Sum over"
            " the positions.",
            lambda phi, g: phi @ g.mT / g.shape[1],
        ),
        Mistake(
            "one summary for the whole batch",
            "All clips of your batch share one summary; each has its own.",
            lambda phi, g: summary(phi, g).mean(dim=0, keepdim=True).expand(len(g), -1, -1),
        ),
        Mistake(
            "mean of phi times mean of g",
            "You average φ and g before you multiply. First the product at each position, then"
            " the mean: what belongs together has to meet.",
            lambda phi, g: phi.mean(dim=1)[..., None] * g.mean(dim=1)[:, None],
        ),
    ),
    hints=(
        "Parentheses may move: θ (φᵀ g). Which shape has what is inside them? The sum over the"
        " positions happens there.",
        "`phi.mT` is (B, K, N) and g is (B, N, K); their product is (B, K, K). Divide by the N of"
        " `g.shape[1]`.",
    ),
    solution="All that a position can learn of the clip goes through these K × K numbers: for every"
    " channel of φ, the mean of g weighted by it. Their size does not know how long the clip is.",
)

EXERCISES = (PAIRWISE, SOFTMAX, SUMMARY)
