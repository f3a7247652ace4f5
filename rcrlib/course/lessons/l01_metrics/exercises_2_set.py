"""Exercises of 01, second part: max F of many frames, and the object term of S."""

from __future__ import annotations

from torch import Tensor

from rcrlib.course.exercise import Draw, Exercise, Mistake, Property
from rcrlib.course.lessons.l01_metrics import LESSON
from rcrlib.course.lessons.l01_metrics.exercises_1_curve import single
from rcrlib.metrics import f_measure, s_object

# ---- max F


def max_f(precision: Tensor, recall: Tensor) -> float:
    """Return max F of curves (frames, thresholds) as the protocol `paper` forms it."""
    return float(f_measure(precision.mean(dim=0), recall.mean(dim=0)).max())


def _max_of_mean_f(precision: Tensor, recall: Tensor) -> float:
    return float(f_measure(precision, recall).mean(dim=0).max())


def _best_of_each_frame(precision: Tensor, recall: Tensor) -> float:
    return float(f_measure(precision, recall).amax(dim=1).mean())


def _other_axis(precision: Tensor, recall: Tensor) -> float:
    return float(f_measure(precision.mean(dim=1), recall.mean(dim=1)).max())


def _best_of_both(precision: Tensor, recall: Tensor) -> float:
    return float(f_measure(precision.mean(dim=0).max(), recall.mean(dim=0).max()))


def _mean_f(precision: Tensor, recall: Tensor) -> float:
    return float(f_measure(precision.mean(dim=0), recall.mean(dim=0)).mean())


def _curves(frames: int, draw: Draw) -> tuple[Tensor, Tensor]:
    """Draw curves over twelve thresholds: recall falls with the threshold, as it must."""
    recall = draw.uniform(frames, 12, low=0.05).sort(dim=1, descending=True).values
    return draw.uniform(frames, 12, low=0.05), recall


MAX_F = Exercise(
    name="max_f",
    notebook=LESSON.stem,
    asks="Write max F of a set of frames, as under the protocol `paper`.",
    difficulty=2,
    minutes=7,
    reference=max_f,
    properties=(
        Property(
            "be the largest F of the curve where there is one frame",
            lambda draw: _curves(1, draw),
            of=single,
        ),
        Property(
            "be F of the mean precision and the mean recall, at their best threshold",
            lambda draw: _curves(5, draw),
            of=single,
        ),
    ),
    mistakes=(
        Mistake(
            "mean of the F in place of F of the means",
            "You take F of each frame and average the curves. That is the order of the protocol"
            " `davsod`; under `paper` precision and recall are averaged first.",
            _max_of_mean_f,
        ),
        Mistake(
            "a threshold for each frame",
            "You give each frame its own best threshold. There is one for the whole set: the"
            " maximum comes last.",
            _best_of_each_frame,
        ),
        Mistake(
            "the mean over thresholds",
            "You average over the thresholds and choose the best frame. Frames are dimension 0,"
            " thresholds dimension 1.",
            _other_axis,
        ),
        Mistake(
            "best precision with best recall",
            "Your precision and your recall come from two thresholds. Both have to be of the same"
            " one: take F first, then its maximum.",
            _best_of_both,
        ),
        Mistake(
            "mean F in place of max F",
            "This is mean F, the mean over all thresholds. Max F is the best of them.",
            _mean_f,
        ),
    ),
    hints=(
        "Three steps, and their order is everything: a mean over frames, F, a maximum over"
        " thresholds.",
        "`precision.mean(dim=0)` is the mean over frames, a curve. `f_measure` of two such curves"
        " is a curve as well; `.max()` ends it.",
    ),
    solution="One threshold serves all frames, as it would in use. In another order the same maps"
    " get another number, so a number needs the name of its protocol.",
)

# ---- the object term of S


def object_term(prediction: Tensor, mask: Tensor) -> float:
    """Return S_object of a map and a mask (H, W)."""
    return s_object(prediction, mask)


def _likeness(values: Tensor, correction: int = 1, power: int = 1) -> Tensor:
    mean, deviation = values.mean(), values.std(correction=correction) ** power
    return 2 * mean / (mean**2 + 1 + deviation)


def _object(
    prediction: Tensor,
    mask: Tensor,
    share: Tensor | float | None = None,
    correction: int = 1,
    power: int = 1,
) -> float:
    share = mask.to(prediction.dtype).mean() if share is None else share
    inside = _likeness(prediction[mask], correction, power)
    outside = _likeness(1 - prediction[~mask], correction, power)
    return float(share * inside + (1 - share) * outside)


def _not_turned_over(prediction: Tensor, mask: Tensor) -> float:
    share = mask.to(prediction.dtype).mean()
    outside = _likeness(prediction[~mask])
    return float(share * _likeness(prediction[mask]) + (1 - share) * outside)


def _with_mask(draw: Draw) -> Tensor:
    mask = draw.mask(5, 7, share=0.3).bool()
    mask[:2, 0], mask[:2, 1] = True, False  # two pixels of each kind at least
    return mask


def _like_mask(draw: Draw, inverse: bool = False) -> tuple[Tensor, Tensor]:
    mask = _with_mask(draw)
    return (mask ^ inverse).to(draw.dtype), mask


OBJECT_TERM = Exercise(
    name="object_term",
    notebook=LESSON.stem,
    asks="Write the object term of the S-measure.",
    difficulty=2,
    minutes=8,
    reference=object_term,
    properties=(
        Property("be 1 where the map is the mask itself", _like_mask, of=single),
        Property(
            "be 0 where the map is the mask turned over",
            lambda draw: _like_mask(draw, inverse=True),
            of=single,
        ),
        Property(
            "be S_object of a map with values in between",
            lambda draw: (draw.uniform(5, 7), _with_mask(draw)),
            of=single,
        ),
    ),
    mistakes=(
        Mistake(
            "the background is not turned over",
            "You want a bright background. There 1 - p is what has to be near 1.",
            _not_turned_over,
        ),
        Mistake(
            "both parts count alike",
            "You give object and background a half each; they count by their share of the pixels.",
            lambda prediction, mask: _object(prediction, mask, 0.5),
        ),
        Mistake(
            "shares swapped",
            "The two shares have changed places: μ, the mask's mean, belongs to the object.",
            lambda prediction, mask: _object(prediction, mask, 1 - mask.double().mean()),
        ),
        Mistake(
            "variance in place of the deviation",
            "You add the variance. In S stands the deviation, its root.",
            lambda prediction, mask: _object(prediction, mask, power=2),
        ),
        Mistake(
            "population deviation",
            "Your deviation divides by N (NumPy's default); the reference tools divide by N - 1"
            " (PyTorch's).",
            lambda prediction, mask: _object(prediction, mask, correction=0),
        ),
    ),
    hints=(
        "`prediction[mask]` is the list of all values on the object, `prediction[~mask]` that of"
        " the background. Write O as a function of such a list, and call it twice.",
        "O of `x` is `2 * x.mean() / (x.mean() ** 2 + 1 + x.std())`. Call it with"
        " `prediction[mask]` and `1 - prediction[~mask]`; weigh by `mask.float().mean()`.",
    ),
    solution="Both parts are asked the same question, are you bright and even, once the background"
    " is turned over. A deviation lowers the score even where the mean is right.",
)

EXERCISES = (MAX_F, OBJECT_TERM)
