"""Exercises of 02, second part: a dilated convolution, a residual skip, a refinement block."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from rcrlib.course.exercise import Draw, Exercise, Mistake, Property, shape_of
from rcrlib.course.lessons.l02_rcrnet import LESSON
from rcrlib.models import RCRNetConfig, RefinementBlock, ResidualSkip

# ---- a dilated convolution


def atrous(x: Tensor, weight: Tensor, rate: int) -> Tensor:
    """Return the 3 x 3 convolution of (B, C, H, W) dilated by `rate`, zero-padded, (B, O, H, W)."""
    return F.conv2d(x, weight, padding=rate, dilation=rate)


def _rate(rate: int, draw: Draw) -> tuple[Tensor, Tensor, int]:
    return draw.normal(2, 3, 9, 11), draw.normal(4, 3, 3, 3), rate


def _clamped(x: Tensor, weight: Tensor, rate: int) -> Tensor:
    return F.conv2d(F.pad(x, (rate,) * 4, mode="replicate"), weight, dilation=rate)


ATROUS = Exercise(
    name="atrous",
    notebook=LESSON.stem,
    asks="Write a dilated 3 × 3 convolution as a sum over its nine taps.",
    difficulty=3,
    minutes=10,
    reference=atrous,
    properties=(
        Property("keep height and width", lambda draw: _rate(4, draw), of=shape_of),
        Property("be an ordinary convolution at rate 1", lambda draw: _rate(1, draw)),
        Property("read the places 3 to each side at rate 3", lambda draw: _rate(3, draw)),
        Property("find zeros outside of the map", lambda draw: _rate(8, draw)),
    ),
    mistakes=(
        Mistake(
            "the rate is ignored",
            "Your nine taps lie side by side at any rate. They have to be `rate` places apart.",
            lambda x, weight, rate: atrous(x, weight, 1),
        ),
        Mistake(
            "the kernel is turned by half a circle",
            "Your taps are mirrored: weight[:, :, 0, 0] belongs to the neighbour up and to the"
            " left. (A mathematician's convolution mirrors, a network's does not.)",
            lambda x, weight, rate: atrous(x, weight.flip(2, 3), rate),
        ),
        Mistake(
            "rows and columns swapped",
            "Your rows and columns have changed places: the third side of the weight goes down,"
            " the fourth to the right.",
            lambda x, weight, rate: atrous(x, weight.mT, rate),
        ),
        Mistake(
            "the border is repeated",
            "You repeat the border outside of the map. There are zeros.",
            _clamped,
        ),
    ),
    hints=(
        "Pad x with `rate` zeros on all four sides. Tap (row, column) then reads a window of H × W"
        " places of it. Where does that begin?",
        "It begins at (row · rate, column · rate). Multiply the window by `weight[:, :, row,"
        " column]`, which takes C channels to O: `torch.einsum('oc, bchw -> bohw', ...)`.",
    ),
    solution="A kernel of nine weights is nine shifted copies of the map, weighted and added. The"
    " rate says how far they are shifted; it costs neither weights nor multiply-adds.",
)

# ---- a residual skip


def residual_skip(x: Tensor, skip: ResidualSkip) -> Tensor:
    """Return relu(bottleneck(x) + shortcut(x)), (B, 96, h, w)."""
    return F.relu(skip.bottleneck(x) + skip.shortcut(x))


def _skip(draw: Draw) -> tuple[Tensor, ResidualSkip]:
    skip = draw.module(ResidualSkip(5, 2, 4))
    assert isinstance(skip, ResidualSkip)
    return draw.normal(2, 5, 6, 7), skip


SKIP = Exercise(
    name="residual_skip",
    notebook=LESSON.stem,
    asks="Write the residual skip: a bottleneck beside a shortcut.",
    difficulty=1,
    minutes=6,
    reference=residual_skip,
    properties=(
        Property("keep the places, with the channels that the skip gives", _skip, of=shape_of),
        Property(
            "give nothing below zero",
            _skip,
            of=lambda answer: bool((answer >= 0).all()),
            expected=lambda x, skip: True,
        ),
        Property("be the ReLU of bottleneck and shortcut together", _skip),
    ),
    mistakes=(
        Mistake(
            "no shortcut",
            "The shortcut is missing: only what fits through the bottleneck reaches the decoder.",
            lambda x, skip: F.relu(skip.bottleneck(x)),
        ),
        Mistake(
            "no ReLU at the end",
            "Your sum may be negative. A ReLU follows it.",
            lambda x, skip: skip.bottleneck(x) + skip.shortcut(x),
        ),
        Mistake(
            "a ReLU for each",
            "You take two ReLUs and add. Add first: what one path finds, the other may take back.",
            lambda x, skip: F.relu(skip.bottleneck(x)) + F.relu(skip.shortcut(x)),
        ),
        Mistake(
            "the ReLU before the sum",
            "Your ReLU sees the bottleneck only. It belongs around the sum.",
            lambda x, skip: F.relu(skip.bottleneck(x)) + skip.shortcut(x),
        ),
    ),
    hints=(
        "Two paths from the same x, with results of the same shape. Residual means: their sum.",
        "Add `skip.bottleneck(x)` and `skip.shortcut(x)`; `F.relu` goes around the sum.",
    ),
    solution="The shortcut carries the features on as they are, in fewer channels; the bottleneck"
    " only has to learn what should differ.",
)

# ---- a refinement block


def refine(previous: Tensor, skip: Tensor, block: RefinementBlock) -> Tensor:
    """Return (B, 128, h, w) of what comes from below and what the skip gives."""
    return _refined(previous, skip, block, mode="bilinear", align_corners=False)


def _refined(previous: Tensor, skip: Tensor, block: RefinementBlock, **how: object) -> Tensor:
    larger = F.interpolate(previous, size=skip.shape[2:], **how)  # type: ignore[arg-type]
    return torch.as_tensor(block.refine(torch.cat([larger, skip], dim=1)))


def _skip_first(previous: Tensor, skip: Tensor, block: RefinementBlock) -> Tensor:
    larger = F.interpolate(previous, size=skip.shape[2:], mode="bilinear", align_corners=False)
    return torch.as_tensor(block.refine(torch.cat([skip, larger], dim=1)))


def _at_low_resolution(previous: Tensor, skip: Tensor, block: RefinementBlock) -> Tensor:
    smaller = F.interpolate(skip, size=previous.shape[2:], mode="bilinear", align_corners=False)
    return torch.as_tensor(block.refine(torch.cat([previous, smaller], dim=1)))


def _level(draw: Draw) -> tuple[Tensor, Tensor, RefinementBlock]:
    config = RCRNetConfig(skip_channels=(2, 4), refine_channels=6)
    block = draw.module(RefinementBlock(3, 5, config))
    assert isinstance(block, RefinementBlock)
    # An odd side, as 7 and 13 at strides 8 and 4 of a picture that is 52 high.
    return draw.normal(2, 3, 4, 7), draw.normal(2, 4, 7, 13), block


REFINE = Exercise(
    name="refine",
    notebook=LESSON.stem,
    asks="Write the refinement block: enlarge, join, convolve.",
    difficulty=2,
    minutes=8,
    reference=refine,
    properties=(
        Property("give a map with the skip's places", _level, of=shape_of),
        Property("be the convolution of [enlarged previous, skip]", _level),
    ),
    mistakes=(
        Mistake(
            "the skip comes first",
            "You join in the wrong order. The sizes agree and so nothing complains, but weights"
            " trained for the one order are wrong for the other.",
            _skip_first,
        ),
        Mistake(
            "corners aligned",
            "You align the corners, which shifts what you enlarge against the skip by up to half a"
            " place.",
            lambda previous, skip, block: _refined(
                previous, skip, block, mode="bilinear", align_corners=True
            ),
        ),
        Mistake(
            "nearest neighbour",
            "You enlarge in squares, which is interpolate's default. Bilinear is asked for.",
            lambda previous, skip, block: _refined(previous, skip, block, mode="nearest"),
        ),
        Mistake(
            "the skip is made smaller",
            "You shrink the skip to the coarse map, and lose what it is there for.",
            _at_low_resolution,
        ),
    ),
    hints=(
        "Three steps. The size to enlarge to is that of the skip, not twice the previous one's:"
        " sides may be odd.",
        '`F.interpolate(previous, size=skip.shape[2:], mode="bilinear", align_corners=False)`, then'
        " `torch.cat` along the channels, previous first, then `block.refine`.",
    ),
    solution="What comes from below knows *what* there is, the skip knows *where* its edges are; a"
    " convolution that sees both at once can put the one onto the other.",
)

EXERCISES = (ATROUS, SKIP, REFINE)
