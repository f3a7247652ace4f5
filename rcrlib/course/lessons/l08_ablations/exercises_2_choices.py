"""Exercises of 08, second part: whole videos drawn again, and the best of many seeds."""

from __future__ import annotations

from itertools import combinations
from statistics import fmean

import torch
from torch import Tensor

from rcrlib.course.exercise import Draw, Exercise, Mistake, Property, shape_of
from rcrlib.course.lessons.l08_ablations import LESSON
from rcrlib.course.lessons.l08_ablations.exercises_1_seeds import numbers

# ---- the bootstrap over videos


def resampled_means(values: Tensor, video: Tensor, draws: Tensor) -> Tensor:
    """Return the mean of each resample (R,): whole videos are drawn, and count alike."""
    return _means(values, video)[draws].mean(dim=1)


def _means(values: Tensor, video: Tensor) -> Tensor:
    count = int(video.max()) + 1
    return torch.stack([values[video == one].mean() for one in range(count)])


def _pooled(values: Tensor, video: Tensor, draws: Tensor) -> Tensor:
    chosen = [torch.cat([values[video == one] for one in draw]) for draw in draws]
    return torch.stack([part.mean() for part in chosen])


def _once(values: Tensor, video: Tensor, draws: Tensor) -> Tensor:
    means = _means(values, video)
    return torch.stack([means[draw.unique()].mean() for draw in draws])


def _sum(values: Tensor, video: Tensor, draws: Tensor) -> Tensor:
    return _means(values, video)[draws].sum(dim=1)


def _videos(draw: Draw) -> tuple[Tensor, Tensor]:
    """Draw values of five videos of one to five frames, their frames not in order."""
    video = torch.repeat_interleave(torch.arange(5), torch.arange(1, 6))
    order = torch.randperm(len(video), generator=draw.generator)
    return draw.normal(len(video)), video[order]


def _drawn(draw: Draw) -> tuple[Tensor, Tensor, Tensor]:
    values, video = _videos(draw)
    return values, video, torch.randint(5, (7, 5), generator=draw.generator)


def _each_once(draw: Draw) -> tuple[Tensor, Tensor, Tensor]:
    return *_videos(draw), torch.arange(5)[None]


RESAMPLED_MEANS = Exercise(
    name="resampled_means",
    notebook=LESSON.stem,
    asks="Draw whole videos again, and give the mean of each resample.",
    difficulty=2,
    minutes=8,
    reference=resampled_means,
    properties=(
        Property("give one mean for each resample, (R,)", _drawn, of=shape_of),
        Property("give the mean of the videos' own means where each is drawn once", _each_once),
        Property("count a video twice that is drawn twice, and one not drawn not at all", _drawn),
    ),
    mistakes=(
        Mistake(
            "frames pooled",
            "You put all frames of the drawn videos into one pot, so a long video counts more than"
            " a short one. Each video first gets a mean of its own.",
            _pooled,
        ),
        Mistake(
            "frames drawn in place of videos",
            "Your draws pick single frames. The frames of a video are alike; what is drawn is the"
            " video, with all its frames.",
            lambda values, video, draws: values[draws].mean(dim=1),
        ),
        Mistake(
            "a video counts once however often it is drawn",
            "A video that is drawn twice counts twice: that is what makes one resample differ from"
            " another.",
            _once,
        ),
        Mistake(
            "nothing is drawn",
            "All your resamples are the same: use `draws`.",
            lambda values, video, draws: _means(values, video).mean().expand(len(draws)).clone(),
        ),
        Mistake(
            "the sum in place of the mean",
            "You add the videos up; a mean divides by how many were drawn.",
            _sum,
        ),
    ),
    hints=(
        "Two steps: a mean for each video, `values[video == v].mean()`, as a tensor (V,); then pick"
        " from it.",
        "With `means` of shape (V,), `means[draws]` has the shape of `draws`, (R, V), and a mean"
        " over `dim=1` is left.",
    ),
    solution="Other videos are what might have been filmed instead, so videos are what is drawn."
    " Drawing with repeats imitates another test set as well as this one can.",
)

# ---- the best of many seeds


def best_of(scores: Tensor, n: int) -> float:
    """Return the mean, over all choices of n seeds (seeds,), of the best one's score."""
    return fmean(max(choice) for choice in combinations(scores.tolist(), n))


def _with_repeats(scores: Tensor, n: int) -> float:
    rows = torch.cartesian_prod(*[scores] * n).reshape(-1, n)
    return float(rows.amax(dim=1).mean())


BEST_OF = Exercise(
    name="best_of",
    notebook=LESSON.stem,
    asks="Write what the best of n seeds scores on average.",
    difficulty=2,
    minutes=6,
    reference=best_of,
    properties=(
        Property("be the mean where n is 1", lambda draw: (draw.uniform(5), 1), of=numbers),
        Property(
            "be the largest score where n is all of them",
            lambda draw: (draw.uniform(5), 5),
            of=numbers,
        ),
        Property(
            "be the mean of the best over all choices of n seeds",
            lambda draw: (draw.uniform(5), 3),
            of=numbers,
        ),
    ),
    mistakes=(
        Mistake(
            "always the largest",
            "You give the largest of all seeds whatever n is. With fewer tries one is not always"
            " that lucky.",
            lambda scores, n: float(scores.max()),
        ),
        Mistake(
            "the mean of the n best",
            "You average the n best seeds. Whoever picks reports one number, the best of n that"
            " fate has dealt.",
            lambda scores, n: float(scores.topk(n).values.mean()),
        ),
        Mistake(
            "the mean of every choice",
            "You average inside each choice; nobody has picked anything then. Take the best.",
            lambda scores, n: float(torch.combinations(scores, n).mean()),
        ),
        Mistake(
            "the same seed twice",
            "Your choices hold the same seed more than once; n runs are n different seeds.",
            _with_repeats,
        ),
        Mistake(
            "neighbours only",
            "You look at seeds in a row only. Any n of them are a choice.",
            lambda scores, n: float(scores.unfold(0, n, 1).amax(dim=1).mean()),
        ),
    ),
    hints=(
        "`combinations(scores.tolist(), n)` goes through all choices of n seeds, each a tuple.",
        "Keep `max(choice)` of each in a list; the mean of that list is the answer.",
    ),
    solution="Each choice is one lab that runs n seeds and reports the best. The mean over all such"
    " labs grows with n, while the method stays what it was.",
)

EXERCISES = (RESAMPLED_MEANS, BEST_OF)
