"""Exercises of 10, second part: a convolution of an enlargement, without enlarging first."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor
from torch.nn import functional as F

from rcrlib.course.exercise import Draw, Exercise, Mistake, Property, shape_of
from rcrlib.course.lessons.l10_fast import LESSON
from rcrlib.models import upsample

Size = tuple[int, int]


def _as_written(x: Tensor, weight: Tensor, size: Size) -> Tensor:
    return F.conv2d(upsample(x, size), weight, padding=1)


def _one_by_one(x: Tensor, weight: Tensor, row: int, column: int) -> Tensor:
    return F.conv2d(x, weight[:, :, row, column, None, None])


def _zeros_around(y: Tensor) -> Tensor:
    return F.pad(y, (1, 1, 1, 1))


def _nine(
    x: Tensor,
    weight: Tensor,
    size: Size,
    enlarge: Callable[[Tensor, Size], Tensor] = upsample,
    pad: Callable[[Tensor], Tensor] = _zeros_around,
) -> Tensor:
    """Sum nine 1 x 1 convolutions of x, each enlarged and shifted by its tap."""
    height, width = size
    total = x.new_zeros(len(x), len(weight), height, width)
    for row in range(3):
        for column in range(3):
            large = pad(enlarge(_one_by_one(x, weight, row, column), size))
            total += large[:, :, row : row + height, column : column + width]
    return total


def convolve_enlarged(x: Tensor, weight: Tensor, size: Size) -> Tensor:
    """Return a 3 x 3 convolution of x enlarged to `size`, channels mixed before enlarging."""
    return _nine(x, weight, size)


def _rolled(x: Tensor, weight: Tensor, size: Size) -> Tensor:
    total = x.new_zeros(len(x), len(weight), *size)
    for row in range(3):
        for column in range(3):
            large = upsample(_one_by_one(x, weight, row, column), size)
            total += large.roll((1 - row, 1 - column), dims=(2, 3))
    return total


def _corners_aligned(y: Tensor, size: Size) -> Tensor:
    return F.interpolate(y, size, mode="bilinear", align_corners=True)


def _given(draw: Draw) -> tuple[Tensor, Tensor, Size]:
    """Draw a map, a kernel and a size of which all sides differ."""
    return draw.normal(2, 3, 5, 6), draw.normal(4, 3, 3, 3), (17, 26)


def _inside(y: Tensor) -> Tensor:
    return y[:, :, 4:-4, 4:-4]


CONVOLVE_ENLARGED = Exercise(
    name="convolve_enlarged",
    notebook=LESSON.stem,
    asks="Convolve an enlarged map, with all products of channels taken on the small one.",
    difficulty=3,
    minutes=12,
    reference=convolve_enlarged,
    properties=(
        Property("give a map of the size that is asked for", _given, of=shape_of),
        Property(
            "be the convolution of the enlarged map, away from its border",
            _given,
            of=_inside,
            expected=lambda *given: _inside(_as_written(*given)),
        ),
        Property("be it at the border too, where the convolution reads zeros", _given, _as_written),
    ),
    mistakes=(
        Mistake(
            "shifts to the wrong side",
            "Your kernel is turned round. What the tap of row 0 reads lies *above* the output.",
            lambda x, weight, size: _nine(x, weight.flip(2, 3), size),
        ),
        Mistake(
            "rows and columns swapped",
            "Rows and columns have changed places between the kernel and the shifts.",
            lambda x, weight, size: _nine(x, weight.mT, size),
        ),
        Mistake(
            "shifted before it is enlarged",
            "You shift the small map, where a place is several pixels wide. The convolution's taps"
            " lie one pixel of the *large* map apart.",
            lambda x, weight, size: upsample(F.conv2d(x, weight, padding=1), size),
        ),
        Mistake(
            "the border repeated",
            "Inside all is right. Around the enlarged map the convolution reads zeros, and you"
            " repeat the last row and column there.",
            lambda x, weight, size: _nine(
                x, weight, size, pad=lambda y: F.pad(y, (1, 1, 1, 1), mode="replicate")
            ),
        ),
        Mistake(
            "shifted round the edge",
            "Inside all is right. At the border your shift brings in what left at the other side;"
            " zeros belong there.",
            _rolled,
        ),
        Mistake(
            "corners aligned",
            "Your enlargement aligns the corners, which the network's does not.",
            lambda x, weight, size: _nine(x, weight, size, enlarge=_corners_aligned),
        ),
        Mistake(
            "not interpolated",
            "You repeat places in place of interpolating between them.",
            lambda x, weight, size: _nine(x, weight, size, enlarge=F.interpolate),
        ),
    ),
    hints=(
        "A 3 x 3 convolution is a sum of nine shifted maps, each through a 1 x 1 convolution of its"
        " own. Such a 1 x 1 convolution can be done before enlarging, the shift only after it.",
        "For each `row` and `column`: `F.conv2d(x, weight[:, :, row, column, None, None])`, then"
        " `F.interpolate`, then `F.pad` by a ring of zeros, of which you add the window that begins"
        " at `row`, `column`.",
    ),
    solution="Mixing channels and enlarging act on different axes, so they may change places; a"
    " shift by one pixel may not. The ring of zeros goes around the *enlarged* map, whose own"
    " border `F.interpolate` has clamped by then.",
)

EXERCISES = (CONVOLVE_ENLARGED,)
