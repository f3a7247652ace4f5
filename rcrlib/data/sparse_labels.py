"""Choose kept labels, frames for pseudo-labels, triplets and clips (paper 4.2, Table 2).

"m / l" counts ANNOTATED frames (VOS annotates one frame in 15): one label in l is kept, and m
pseudo-labels are made in each interval between two kept labels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from rcrlib.data.dataset import Dataset
from rcrlib.errors import DataError, OptionError

Unit = Literal["annotated", "frames"]
"""Where pseudo-labels may go: on annotated frames (the paper) or on any frame (one's own video)."""


@dataclass(frozen=True)
class Interval:
    """Two neighbouring kept labels and the frames between them that get a pseudo-label.

    Attributes:
        i: index of the kept frame before.
        j: index of the kept frame after.
        targets: indices of the frames k, i < k < j, ascending.
    """

    i: int
    j: int
    targets: tuple[int, ...]


def keep_one_in(annotated: Sequence[int], l: int) -> tuple[int, ...]:
    """Keep one annotated frame in `l`: those at the positions 0, l, 2l, ... of `annotated`.

    Raises:
        OptionError: l < 1.
    """
    if l < 1:
        raise OptionError(f"l={l}: one label in l is kept, so l is at least 1")
    return tuple(annotated[::l])


def intervals(
    annotated: Sequence[int],
    l: int,
    m: int,
    unit: Unit = "annotated",
) -> tuple[Interval, ...]:
    """Place m pseudo-labels, evenly, in each interval between neighbouring kept labels.

    With `unit="annotated"` the t-th of them (t = 1..m) goes to the annotated frame that lies
    t l / (m + 1) positions, rounded half up, after the kept one: VOS "1 / 5" uses annotated frames
    only. The authors' code differs: it spaces them in raw frames, rounded down, and lands on frame
    37 of VOS, which has no annotation.

    With `unit="frames"` they are spread in the same way over the raw frames, for a video of one's
    own of which few frames are labelled; an interval with fewer than m frames takes them all.

    Args:
        annotated: indices of all annotated frames, ascending.
        l: one label in l is kept.
        m: pseudo-labels in each interval; with `unit="annotated"` at most l - 1.
        unit: what the m frames are chosen from.

    Returns:
        The intervals in order; none where fewer than two labels are kept. Frames after the last
        kept label are in no interval.

    Raises:
        OptionError: l < 1, m < 0, m > l - 1 with `unit="annotated"`, or another unit.
    """
    kept = keep_one_in(annotated, l)
    if m < 0:
        raise OptionError(f"m={m}: the number of pseudo-labels in an interval is at least 0")
    if unit == "annotated":
        if m > l - 1:
            raise OptionError(
                f"m={m}, l={l}: l={l} leaves {l - 1} annotated frame(s) between kept labels;"
                f" give m <= {l - 1}, or place them on any frames (--unit frames)"
            )
        steps = [t * l for t in range(len(kept) - 1)]
        return tuple(
            Interval(annotated[a], annotated[a + l], tuple(annotated[a + p] for p in _spread(l, m)))
            for a in steps
        )
    if unit == "frames":
        return tuple(
            Interval(i, j, tuple(i + p for p in _spread(j - i, m))) for i, j in pairwise(kept)
        )
    raise OptionError(f"unit={unit!r}: expected 'annotated' or 'frames'")


def triplets(kept: Sequence[int], apart: int = 1) -> tuple[tuple[int, int, int], ...]:
    """Return FGPLG's training triplets (i, k, j): each kept label between two kept neighbours.

    None where fewer than three labels are kept.

    Args:
        kept: indices of the kept labels, ascending.
        apart: intervals from k to i and to j, at most. The paper has 1; with 2, triplets of every
            second kept label come after those, with twice the motion to learn from.

    Raises:
        OptionError: apart < 1.
    """
    if apart < 1:
        raise OptionError(f"apart={apart}: a triplet's labels are at least 1 interval apart")
    steps = range(1, apart + 1)
    return tuple(t for n in steps for t in zip(kept, kept[n:], kept[2 * n :], strict=False))


def clips(
    labelled: Sequence[int], length: int, stride: int | None = None
) -> tuple[tuple[int, ...], ...]:
    """Cut the labelled frames of a video into clips of `length` (the paper's T = 4).

    The last clip is aligned to the last frame, so that every frame is in a clip and no clip comes
    twice (authors' code differs: it emits the last one twice). Fewer than `length` frames make one
    shorter clip, no frame makes none.

    Args:
        labelled: frame indices, ascending.
        length: frames in a clip.
        stride: positions from one clip's start to the next one's; None is `length`.

    Raises:
        OptionError: length < 1, or stride outside 1..length (frames would be left out).
    """
    stride = length if stride is None else stride
    if length < 1:
        raise OptionError(f"length={length}: a clip has at least 1 frame")
    if not 1 <= stride <= length:
        raise OptionError(f"stride={stride}: expected 1 to {length}, the length of a clip")
    last = max(len(labelled) - length, 0)
    starts = [*range(0, last, stride), last] if labelled else []
    return tuple(tuple(labelled[start : start + length]) for start in starts)


def keep_labels(dataset: Dataset, l: int) -> Dataset:
    """Return the data set with one label in `l` of each video and no other label.

    Raises:
        OptionError: l < 1.
        DataError: no video has a label.
    """
    _need(dataset, 1, "at least 1 label", "give labels, or a label folder")
    videos = tuple(
        video.with_labels({index: video.labels[index] for index in keep_one_in(video.annotated, l)})
        for video in dataset
    )
    return replace(dataset, videos=videos)


def dataset_intervals(
    dataset: Dataset,
    l: int,
    m: int,
    unit: Unit = "annotated",
) -> dict[str, tuple[Interval, ...]]:
    """Return every video's `intervals` by name; `dataset` has all labels, not only the kept ones.

    Raises:
        OptionError: see `intervals`.
        DataError: not one video keeps the two labels that an interval needs.
    """
    found = {video.name: intervals(video.annotated, l, m, unit) for video in dataset}
    _need(keep_labels(dataset, l), 2, "2 kept labels for pseudo-labels in between", "lower --l")
    return found


def dataset_triplets(kept: Dataset, apart: int = 1) -> dict[str, tuple[tuple[int, int, int], ...]]:
    """Return the `triplets` of every video by name; `kept` holds the kept labels only.

    Raises:
        OptionError: apart < 1.
        DataError: not one video has the three kept labels that a triplet needs.
    """
    _need(kept, 3, "3 kept labels to train FGPLG", "lower --l")
    return {video.name: triplets(video.annotated, apart) for video in kept}


def _spread(gap: int, m: int) -> tuple[int, ...]:
    """Return up to m integer positions, evenly spaced, with 0 < position < gap.

    round_half_up(t gap / (m + 1)) in integers: distinct, because the spacing is at least 1.
    """
    m = min(m, gap - 1)
    return tuple((2 * t * gap + m + 1) // (2 * (m + 1)) for t in range(1, m + 1))


def _need(dataset: Dataset, labels: int, what: str, remedy: str) -> None:
    """Raise unless a video has that many labels; videos with fewer are just not used."""
    richest = max(dataset, key=lambda video: len(video.annotated))
    if len(richest.annotated) < labels:
        raise DataError(
            f"{dataset.root}: a video needs {what}; {richest.name} has most, with"
            f" {len(richest.annotated)}; {remedy}"
        )
