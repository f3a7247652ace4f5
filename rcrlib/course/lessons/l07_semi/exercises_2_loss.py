"""Exercises of 07, second part: labels and pseudo-labels in one clip."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from rcrlib.course.exercise import Draw, Exercise, Mistake, Property, shape_of
from rcrlib.course.lessons.l07_semi import LESSON

BATCH, LENGTH, HEIGHT, WIDTH = 2, 4, 5, 7

# ---- what a clip is to be like


def training_labels(
    labels: Tensor, has_label: Tensor, pseudo: Tensor, has_pseudo: Tensor
) -> tuple[Tensor, Tensor]:
    """Return the targets (B, T, 1, H, W) of a clip and which frames have one, (B, T) bool."""
    targets = torch.where(_wide(has_pseudo), (pseudo >= 0.5).to(labels.dtype), 0)
    return torch.where(_wide(has_label), labels, targets), has_label | has_pseudo


def _wide(which: Tensor) -> Tensor:
    return which[..., None, None, None]


def _pseudo_wins(
    labels: Tensor, has_label: Tensor, pseudo: Tensor, has_pseudo: Tensor
) -> tuple[Tensor, Tensor]:
    hard = (pseudo >= 0.5).to(labels.dtype)
    return training_labels(hard, has_pseudo, labels, has_label)


def _mean_of_both(
    labels: Tensor, has_label: Tensor, pseudo: Tensor, has_pseudo: Tensor
) -> tuple[Tensor, Tensor]:
    targets, which = training_labels(labels, has_label, pseudo, has_pseudo)
    mean = (labels + (pseudo >= 0.5).to(labels.dtype)) / 2
    return torch.where(_wide(has_label & has_pseudo), mean, targets), which


def _soft(
    labels: Tensor, has_label: Tensor, pseudo: Tensor, has_pseudo: Tensor
) -> tuple[Tensor, Tensor]:
    targets = torch.where(_wide(has_pseudo), pseudo, 0)
    return torch.where(_wide(has_label), labels, targets), has_label | has_pseudo


def _all_count(
    labels: Tensor, has_label: Tensor, pseudo: Tensor, has_pseudo: Tensor
) -> tuple[Tensor, Tensor]:
    targets, _ = training_labels(labels, has_label, pseudo, has_pseudo)
    return targets, torch.ones_like(has_label)


def _one_kind_counts(
    labels: Tensor, has_label: Tensor, pseudo: Tensor, has_pseudo: Tensor
) -> tuple[Tensor, Tensor]:
    return training_labels(labels, has_label, pseudo, has_pseudo)[0], has_label ^ has_pseudo


def _clip(draw: Draw) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Draw a clip with frames of all four kinds: label, pseudo-label, both and neither."""
    shape = BATCH, LENGTH, 1, HEIGHT, WIDTH
    first = draw.integer(0, LENGTH - 1)
    places = torch.arange(BATCH * LENGTH).view(BATCH, LENGTH)
    kind = (places + first + places // LENGTH) % 4
    return draw.mask(*shape), kind % 2 == 0, draw.uniform(*shape), kind < 2


def _clip_of(has_label: bool, has_pseudo: bool) -> Callable[[Draw], tuple[Tensor, ...]]:
    def draw_it(draw: Draw) -> tuple[Tensor, ...]:
        labels, which, pseudo, _ = _clip(draw)
        return (
            labels,
            torch.full_like(which, has_label),
            pseudo,
            torch.full_like(which, has_pseudo),
        )

    return draw_it


TRAINING_LABELS = Exercise(
    name="training_labels",
    notebook=LESSON.stem,
    asks="Put labels and pseudo-labels into one clip.",
    difficulty=2,
    minutes=6,
    reference=training_labels,
    properties=(
        Property("give targets like the labels, and one truth value a frame", _clip, of=shape_of),
        Property("give the label where every frame has both", _clip_of(True, True)),
        Property("give the pseudo-label, cut at 0.5, where no label is", _clip_of(False, True)),
        Property("give zeros, and no target, where neither is", _clip_of(False, False)),
        Property("do all of this frame by frame", _clip),
    ),
    mistakes=(
        Mistake(
            "pseudo-labels win",
            "Where a frame has both, you take the pseudo-label. Somebody drew the label: it wins.",
            _pseudo_wins,
        ),
        Mistake(
            "the mean of both",
            "Where a frame has both you mix them. The label is right as it is.",
            _mean_of_both,
        ),
        Mistake(
            "soft pseudo-labels",
            "Your pseudo-labels are still probabilities. Cut them: 1 from 0.5 on, else 0.",
            _soft,
        ),
        Mistake(
            "every frame has a target",
            "You give a target to frames that have neither. They would be learned as empty.",
            _all_count,
        ),
        Mistake(
            "a frame with both has none",
            "A frame that has a label and a pseudo-label has a target, too: `|`, not `^` or `!=`.",
            _one_kind_counts,
        ),
    ),
    hints=(
        "Begin with the pseudo-labels, cut at 0.5 and of the labels' type. Then say where labels"
        " replace them, and where zeros do.",
        "`wide = has_label[..., None, None, None]` goes with (B, T, 1, H, W); then"
        " `torch.where(wide, labels, ...)`. A frame has a target if it has one or the other: `|`.",
    ),
    solution="Kept labels are never replaced by what was computed from them. In the library the"
    " same is said by a folder: kept labels are copied into it, pseudo-labels fill the gaps.",
)

# ---- loss where there is a target


def sparse_loss(logits: Tensor, targets: Tensor, has_target: Tensor) -> Tensor:
    """Return the mean cross-entropy over the frames that have a target; 0 where none has."""
    return _of_frames(logits, targets)[has_target].sum() / has_target.sum().clamp(min=1)


def _of_frames(logits: Tensor, targets: Tensor) -> Tensor:
    losses = F.binary_cross_entropy_with_logits(logits, targets, reduction="none")
    return losses.mean(dim=(2, 3, 4))


def _by_clip(logits: Tensor, targets: Tensor, has_target: Tensor) -> Tensor:
    sums = (_of_frames(logits, targets) * has_target).sum(dim=1)
    return (sums / has_target.sum(dim=1).clamp(min=1)).mean()


def _masked_logits(logits: Tensor, targets: Tensor, has_target: Tensor) -> Tensor:
    wide = _wide(has_target)
    return _of_frames(logits * wide, targets * wide).mean()


def _batch(which: str) -> Callable[[Draw], tuple[Tensor, Tensor, Tensor]]:
    def draw_it(draw: Draw) -> tuple[Tensor, Tensor, Tensor]:
        shape = BATCH, LENGTH, 1, HEIGHT, WIDTH
        has_target = torch.full((BATCH, LENGTH), which == "all")
        if which == "some":  # another number in each clip
            has_target[0, draw.integer(0, LENGTH - 1)] = True
            has_target[1] = True
            has_target[1, draw.integer(0, LENGTH - 1)] = False
        return draw.normal(*shape, scale=2), draw.mask(*shape), has_target

    return draw_it


SPARSE_LOSS = Exercise(
    name="sparse_loss",
    notebook=LESSON.stem,
    asks="Write the loss of clips in which only some frames have a target.",
    difficulty=2,
    minutes=7,
    reference=sparse_loss,
    properties=(
        Property("be the mean cross-entropy where all frames have a target", _batch("all")),
        Property("be the mean over those frames of the batch that have a target", _batch("some")),
        Property("be 0 where no frame has a target", _batch("none")),
    ),
    mistakes=(
        Mistake(
            "a mean over all frames",
            "You divide by all frames: a clip with one label in four would count a quarter. Divide"
            " by the number of frames that have a target.",
            lambda logits, targets, has: (_of_frames(logits, targets) * has).mean(),
        ),
        Mistake(
            "a frame without a target is background",
            "You learn from all frames. In those without a target, whatever stands there is taken"
            " for the truth.",
            lambda logits, targets, has: _of_frames(logits, targets).mean(),
        ),
        Mistake(
            "a sum over frames",
            "You add the frames up. Then a batch with more labels takes larger steps (the authors'"
            " code does so); asked for is the mean.",
            lambda logits, targets, has: (_of_frames(logits, targets) * has).sum(),
        ),
        Mistake(
            "a mean of the clips' means",
            "You average each clip, then the clips. A frame that is alone in its clip then counts"
            " as much as all frames of another clip together.",
            _by_clip,
        ),
        Mistake(
            "logits set to zero",
            "You silence the logits, not the loss. A logit of 0 still costs log 2: leave these"
            " frames out of the loss itself.",
            _masked_logits,
        ),
        Mistake(
            "not a number where there is no target",
            "Where no frame has a target you divide 0 by 0. Divide by 1 at least.",
            lambda logits, targets, has: _of_frames(logits, targets)[has].mean(),
        ),
    ),
    hints=(
        "First a loss for each frame, (B, T): `F.binary_cross_entropy_with_logits(...,"
        ' reduction="none")`, then the mean over the last three dimensions.',
        "Multiply it by `has_target`, add it up, and divide by `has_target.sum().clamp(min=1)`.",
    ),
    solution="What is unknown is left out of the sum and out of what it is divided by. So the loss"
    " of a frame does not depend on how many labels its neighbours have.",
)

EXERCISES = (TRAINING_LABELS, SPARSE_LOSS)
