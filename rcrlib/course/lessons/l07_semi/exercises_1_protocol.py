"""Exercises of 07, first part: which labels are kept, and where pseudo-labels go (paper 4.2)."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from rcrlib.course.exercise import Draw, Exercise, Mistake, Property
from rcrlib.course.lessons.l07_semi import LESSON
from rcrlib.data import intervals, keep_one_in

Places = tuple[int, ...]

# ---- the labels that are kept


def kept_labels(annotated: Places, l: int) -> Places:
    """Keep one annotated frame in l, from the first on (`rcrlib.data.keep_one_in`)."""
    return keep_one_in(annotated, l)


def _annotated(draw: Draw, count: int) -> Places:
    """Draw the annotated frames of a video: unevenly apart, from frame 1 on."""
    gaps = [draw.integer(2, 9) for _ in range(count - 1)]
    return tuple(1 + sum(gaps[:n]) for n in range(count))


def _one_in(draw: Draw) -> tuple[Places, int]:
    l = draw.integer(3, 5)
    return _annotated(draw, 3 * l + draw.integer(1, l - 1)), l


KEPT_LABELS = Exercise(
    name="kept_labels",
    notebook=LESSON.stem,
    asks="Keep one label in l.",
    difficulty=1,
    minutes=3,
    reference=kept_labels,
    properties=(
        Property("keep every label for l = 1", lambda draw: (_annotated(draw, 7), 1)),
        Property("keep the first annotated frame, and from it on one in l", _one_in),
    ),
    mistakes=(
        Mistake(
            "frames are counted",
            "You ask whether the number of the frame can be divided by l. It is the annotated"
            " frames that are counted: their places in `annotated`.",
            lambda annotated, l: tuple(n for n in annotated if n % l == 0),
        ),
        Mistake(
            "the first of each l is left out",
            "Your first label is the l-th one. Begin with the first: what comes before a kept label"
            " is in no interval.",
            lambda annotated, l: annotated[l - 1 :: l],
        ),
        Mistake(
            "l labels are left out between two",
            "You leave l labels out after each kept one: that is one label in l + 1.",
            lambda annotated, l: annotated[:: l + 1],
        ),
        Mistake(
            "l labels are kept",
            "You keep l labels of the whole video. It is one of every l, however long the video.",
            lambda annotated, l: annotated[:l],
        ),
        Mistake(
            "places in place of frames",
            "You give places in the list. Asked for is what stands there: numbers of frames.",
            lambda annotated, l: tuple(range(0, len(annotated), l)),
        ),
    ),
    hints=(
        "`annotated` holds the numbers of the frames that have a label. Which places of it do you"
        " want?",
        "A slice has a step: `something[::step]`.",
    ),
    solution="l counts labels, not frames: in VOS one frame in 15 has a label, so one label in 5 is"
    " one frame in 75.",
)

# ---- the frames that get a pseudo-label


def pseudo_frames(annotated: Places, l: int, m: int) -> Places:
    """Return the frames of all intervals that get a pseudo-label (`rcrlib.data.intervals`)."""
    return tuple(k for interval in intervals(annotated, l, m) for k in interval.targets)


def _placed(
    place: Callable[[int, int, int], float], beyond: bool = False
) -> Callable[[Places, int, int], Places]:
    """Make a placement: `place` gives the t-th of m places in an interval of l."""

    def frames(annotated: Places, l: int, m: int) -> Places:
        starts = range(0, len(annotated) if beyond else len(annotated) - l, l)
        places = [start + int(place(t, l, m)) for start in starts for t in range(1, m + 1)]
        return tuple(annotated[n] for n in places if n < len(annotated))

    return frames


def _by_frames(annotated: Places, l: int, m: int) -> Places:
    kept = keep_one_in(annotated, l)
    return tuple(i + t * (j - i) // (m + 1) for i, j in pairwise(kept) for t in range(1, m + 1))


def _set_of(l: int, m: int) -> Callable[[Draw], tuple[Places, int, int]]:
    """Draw a video of two or three intervals, and annotated frames after the last of them."""
    return lambda draw: (_annotated(draw, l * draw.integer(2, 3) + l), l, m)


PSEUDO_FRAMES = Exercise(
    name="pseudo_frames",
    notebook=LESSON.stem,
    asks="Place m pseudo-labels in every interval between two kept labels.",
    difficulty=3,
    minutes=9,
    reference=pseudo_frames,
    properties=(
        Property("give no frame for m = 0", _set_of(5, 0)),
        Property("give all frames between two kept ones for 4 / 5", _set_of(5, 4)),
        Property("give the place 2.5, rounded up to 3, for 1 / 5", _set_of(5, 1)),
        Property("place them evenly for 2 / 8", _set_of(8, 2)),
        Property("place them evenly for 7 / 20", _set_of(20, 7)),
    ),
    mistakes=(
        Mistake(
            "rounded down",
            "You round down. Add one half before you cut: 2.5 becomes 3.",
            _placed(lambda t, l, m: t * l / (m + 1)),
        ),
        Mistake(
            "halves to the even number",
            "Python's `round` takes halves to the even number, and 2.5 becomes 2. Add one half and"
            " cut.",
            _placed(lambda t, l, m: round(t * l / (m + 1))),
        ),
        Mistake(
            "the first m after the kept label",
            "You take the m frames right after each kept label. Spread them over the interval.",
            _placed(lambda t, l, m: t),
        ),
        Mistake(
            "m parts in place of m + 1",
            "m labels cut an interval into m + 1 parts. Yours has m, so the last pseudo-label falls"
            " on the next kept label.",
            _placed(lambda t, l, m: t * l / m + 0.5),
        ),
        Mistake(
            "beyond the last kept label",
            "You go on after the last kept label. No label is on the other side: no interval.",
            _placed(lambda t, l, m: t * l / (m + 1) + 0.5, beyond=True),
        ),
        Mistake(
            "frames are counted",
            "You spread over the frames between two kept labels, and some of yours were never"
            " annotated. Spread over places in `annotated`.",
            _by_frames,
        ),
    ),
    hints=(
        "An interval begins at the places 0, l, 2l, ..., as long as `place + l` is still in the"
        " list. Two loops: over these, and over t from 1 to m.",
        "The t-th pseudo-label stands at `start + int(t * l / (m + 1) + 0.5)`; the intervals start"
        " in `range(0, len(annotated) - l, l)`.",
    ),
    solution="With m = 1 the one pseudo-label stands in the middle, as far from both labels as can"
    " be; what lies behind the last kept label is never used.",
)

EXERCISES = (KEPT_LABELS, PSEUDO_FRAMES)
