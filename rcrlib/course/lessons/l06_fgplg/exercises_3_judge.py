"""Exercise of 06, third part: how a pseudo-label is judged beside the labels it was made from."""

from __future__ import annotations

import torch
from torch import Tensor

from rcrlib.course.exercise import Draw, Exercise, Mistake, Property
from rcrlib.course.lessons.l06_fgplg import LESSON


def wrong_shares(
    guess: Tensor, warped_i: Tensor, warped_j: Tensor, truth: Tensor
) -> tuple[float, float]:
    """Return the share of wrong pixels where the warped labels disagree, and where they agree."""
    wrong, disputed = (guess >= 0.5) != (truth >= 0.5), (warped_i >= 0.5) != (warped_j >= 0.5)
    return _share(wrong, disputed), _share(wrong, ~disputed)


def _share(wrong: Tensor, where: Tensor) -> float:
    return int((wrong & where).sum()) / max(int(where.sum()), 1)


def _of_frame(
    guess: Tensor, warped_i: Tensor, warped_j: Tensor, truth: Tensor
) -> tuple[float, float]:
    wrong, disputed = (guess >= 0.5) != (truth >= 0.5), (warped_i >= 0.5) != (warped_j >= 0.5)
    return int((wrong & disputed).sum()) / wrong.numel(), int(
        (wrong & ~disputed).sum()
    ) / wrong.numel()


def _misses(
    guess: Tensor, warped_i: Tensor, warped_j: Tensor, truth: Tensor
) -> tuple[float, float]:
    return wrong_shares(torch.where(truth >= 0.5, guess, 0), warped_i, warped_j, truth)


def _uncut(guess: Tensor, warped_i: Tensor, warped_j: Tensor, truth: Tensor) -> tuple[float, float]:
    wrong, disputed = (guess >= 0.5) != (truth >= 0.5), warped_i != warped_j
    return _share(wrong, disputed), _share(wrong, ~disputed)


def _maps(draw: Draw, agree: bool = False) -> tuple[Tensor, ...]:
    guess, warped_i, warped_j = (draw.uniform(6, 8) for _ in range(3))
    return guess, warped_i, warped_i if agree else warped_j, draw.mask(6, 8)


def _halves(draw: Draw) -> tuple[Tensor, ...]:
    """Draw maps in which one half itself occurs, as it does in the mean of two labels."""
    guess, warped_i, warped_j = ((2 * draw.uniform(6, 8)).round() / 2 for _ in range(3))
    return guess, warped_i, warped_j, draw.mask(6, 8)


def _above(guess: Tensor, warped_i: Tensor, warped_j: Tensor, truth: Tensor) -> tuple[float, float]:
    wrong, disputed = (guess > 0.5) != (truth > 0.5), (warped_i > 0.5) != (warped_j > 0.5)
    return _share(wrong, disputed), _share(wrong, ~disputed)


def _perfect(
    guess: Tensor, warped_i: Tensor, warped_j: Tensor, truth: Tensor
) -> tuple[Tensor, ...]:
    # A guess of 0.6 and 0.4 is right as well.
    return 0.4 + 0.2 * truth, warped_i, warped_j, truth


WRONG_SHARES = Exercise(
    name="wrong_shares",
    notebook=LESSON.stem,
    asks="Judge a pseudo-label where the warped labels disagree, and where they agree.",
    difficulty=2,
    minutes=8,
    reference=wrong_shares,
    properties=(
        Property("give two shares of 0 for the truth itself", lambda draw: _perfect(*_maps(draw))),
        Property(
            "give 0 for the first, not a division by 0, where they agree everywhere",
            lambda draw: _maps(draw, agree=True),
        ),
        Property("give the share of wrong pixels in each of the two regions", _maps),
        Property("count a value of one half itself as animal", _halves),
    ),
    mistakes=(
        Mistake(
            "agreed before disputed",
            "Your two shares have changed places: the disputed region comes first.",
            lambda *maps: wrong_shares(*maps)[::-1],
        ),
        Mistake(
            "shares of the whole frame",
            "You divide by all pixels of the frame. Each share is one of its own region.",
            _of_frame,
        ),
        Mistake(
            "only what is missing counts",
            "You count the animal's pixels that are missing. Ground that was taken for the animal"
            " is wrong, too.",
            _misses,
        ),
        Mistake(
            "the warped labels are not cut",
            "You compare the warped labels as they are: 0.9 and 1.0 say the same. Cut both at one"
            " half first.",
            _uncut,
        ),
        Mistake(
            "above one half only",
            "You cut by `>`. From one half on it is animal: `>=`. (The mean of two labels that"
            " disagree is one half.)",
            _above,
        ),
        Mistake(
            "the warped labels are judged",
            "It is the mean of the warped labels that you hold against the truth. Who is to be"
            " judged is the guess.",
            lambda guess, warped_i, warped_j, truth: wrong_shares(
                (warped_i + warped_j) / 2, warped_i, warped_j, truth
            ),
        ),
        Mistake(
            "disputed by the guess",
            "You take the region where the guess disagrees with a warped label. The two warped"
            " labels disagree with each other.",
            lambda guess, warped_i, warped_j, truth: wrong_shares(guess, guess, warped_j, truth),
        ),
    ),
    hints=(
        "Two maps of yes and no: where is the guess wrong, and where do the warped labels disagree?"
        " Both come from `!=` of two maps that were cut by `>= 0.5`.",
        "A share is `(wrong & disputed).sum() / disputed.sum().clamp(min=1)`; for the other region"
        " use `~disputed`.",
    ),
    solution="One number for the frame would mix two questions: whom to believe where the labels"
    " disagree, and how well what both say is kept.",
)


EXERCISES = (WRONG_SHARES,)
