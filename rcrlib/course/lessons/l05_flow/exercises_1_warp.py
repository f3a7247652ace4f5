"""Exercises of 05, first part: sampling between pixels, and backward warping (paper 3.3)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from rcrlib.course.exercise import Draw, Exercise, Mistake, Property, shape_of
from rcrlib.course.lessons.l05_flow import LESSON
from rcrlib.flow import warp

HEIGHT, WIDTH = 5, 7

# ---- sampling


def sample_at(image: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Return the image (H, W) at points (N,), bilinear, with the border repeated outside."""
    return _bilinear(image, *_inside(image, x, y))


def _inside(image: Tensor, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    height, width = image.shape
    return x.clamp(0, width - 1), y.clamp(0, height - 1)


def _bilinear(image: Tensor, x: Tensor, y: Tensor, swapped: bool = False) -> Tensor:
    height, width = image.shape
    left, top = x.floor().long(), y.floor().long()
    right, bottom = (left + 1).clamp(max=width - 1), (top + 1).clamp(max=height - 1)
    fx, fy = (1 - (x - left), 1 - (y - top)) if swapped else (x - left, y - top)
    above = (1 - fx) * image[top, left] + fx * image[top, right]
    below = (1 - fx) * image[bottom, left] + fx * image[bottom, right]
    return (1 - fy) * above + fy * below


def _nearest(image: Tensor, x: Tensor, y: Tensor) -> Tensor:
    x, y = _inside(image, x, y)
    return image[y.round().long(), x.round().long()]


def _upper_left(image: Tensor, x: Tensor, y: Tensor) -> Tensor:
    x, y = _inside(image, x, y)
    return image[y.floor().long(), x.floor().long()]


def _zeros_outside(image: Tensor, x: Tensor, y: Tensor) -> Tensor:
    inside_x, inside_y = _inside(image, x, y)
    inside = (inside_x == x) & (inside_y == y)
    return torch.where(inside, _bilinear(image, inside_x, inside_y), 0)


def _round_trip(image: Tensor, x: Tensor, y: Tensor) -> Tensor:
    height, width = image.shape
    return sample_at(image, x % (width - 1), y % (height - 1))


def _points(kind: str, draw: Draw) -> tuple[Tensor, Tensor, Tensor]:
    image = draw.normal(HEIGHT, WIDTH)
    x, y = draw.uniform(12, high=WIDTH - 1), draw.uniform(12, high=HEIGHT - 1)
    if kind == "whole":
        return image, x.round(), y.round()
    if kind == "around":
        return image, 2 * x - 3, 2 * y - 2
    return image, x, y


SAMPLE_AT = Exercise(
    name="sample_at",
    notebook=LESSON.stem,
    asks="Write bilinear sampling: the value of an image between its pixels.",
    difficulty=3,
    minutes=10,
    reference=sample_at,
    properties=(
        Property(
            "give a pixel's own value where x and y are whole",
            lambda draw: _points("whole", draw),
        ),
        Property("blend the four neighbours in between", lambda draw: _points("between", draw)),
        Property("repeat the border outside of the image", lambda draw: _points("around", draw)),
    ),
    mistakes=(
        Mistake(
            "x and y swapped",
            "You look up [x, y]. An image's first index is the row, and that is y.",
            lambda image, x, y: sample_at(image, y, x),
        ),
        Mistake(
            "the weights are swapped",
            "Your weights have changed places: a point close to its left neighbour should take"
            " nearly all from it.",
            lambda image, x, y: _bilinear(image, *_inside(image, x, y), swapped=True),
        ),
        Mistake(
            "the nearest pixel",
            "You take the nearest pixel: labels would jump by whole pixels, and nothing has a"
            " gradient. Blend four.",
            _nearest,
        ),
        Mistake(
            "the pixel to the upper left",
            "You round down and stop there. That pixel is one of four neighbours.",
            _upper_left,
        ),
        Mistake(
            "zeros outside",
            "Outside of the image you give 0; the border has to be repeated. Keep x and y within"
            " the image first.",
            _zeros_outside,
        ),
        Mistake(
            "the image is repeated like tiles",
            "Who leaves on the right comes back on the left in yours. Outside there is the nearest"
            " border pixel: clamp, no remainder.",
            _round_trip,
        ),
    ),
    hints=(
        "Clamp x to 0 … W - 1 and y to 0 … H - 1. `x.floor().long()` is the column to the left;"
        " what is left over, `x - x0`, is the weight of the column to the right.",
        "Blend twice along x, `(1 - fx) * image[y0, x0] + fx * image[y0, x1]` and the same at"
        " `y1`, then both along y. Clamp `x0 + 1` and `y0 + 1` to the last column and row.",
    ),
    solution="Blending along x and then along y is all of it. The result is continuous in x and y,"
    " so that a flow may be any number, and has a gradient.",
)

# ---- warping


def warp_back(image: Tensor, flow: Tensor) -> Tensor:
    """Sample an image (B, C, H, W) at (x, y) + flow (B, 2, H, W)."""
    return warp(image, flow)


def _warp(
    image: Tensor,
    flow: Tensor,
    padding: str = "border",
    aligned: bool = True,
    short: int = 1,
) -> Tensor:
    height, width = image.shape[2:]
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    across, down = x + flow[:, 0], y + flow[:, 1]
    grid = torch.stack([2 * across / (width - short), 2 * down / (height - short)], dim=-1) - 1
    return F.grid_sample(image, grid, padding_mode=padding, align_corners=aligned)


def _moving(kind: str, draw: Draw) -> tuple[Tensor, Tensor]:
    image = draw.normal(2, 3, HEIGHT, WIDTH)
    if kind == "still":
        return image, torch.zeros(2, 2, HEIGHT, WIDTH, dtype=draw.dtype)
    if kind == "even":
        steps = torch.tensor([2.0, 1.0], dtype=draw.dtype).view(1, 2, 1, 1)
        return image, steps.expand(2, 2, HEIGHT, WIDTH).clone()
    return image, draw.normal(2, 2, HEIGHT, WIDTH, scale=1.5)


WARP_BACK = Exercise(
    name="warp_back",
    notebook=LESSON.stem,
    asks="Write backward warping with `F.grid_sample`.",
    difficulty=2,
    minutes=8,
    reference=warp_back,
    properties=(
        Property("give an image of the same shape", lambda draw: _moving("any", draw), of=shape_of),
        Property(
            "leave the image as it is where the flow is 0", lambda draw: _moving("still", draw)
        ),
        Property(
            "fetch from 2 to the right and 1 down where the flow is (2, 1)",
            lambda draw: _moving("even", draw),
        ),
        Property("sample at (x, y) + flow", lambda draw: _moving("any", draw)),
    ),
    mistakes=(
        Mistake(
            "dx and dy swapped",
            "Channel 0 of a flow is dx, to the right, and channel 1 is dy, down; yours have"
            " changed places.",
            lambda image, flow: _warp(image, flow.flip(1)),
        ),
        Mistake(
            "warped in the wrong direction",
            "You go against the flow. The pixel at (x, y) has gone to (x, y) + flow, and its label"
            " is to be fetched there.",
            lambda image, flow: _warp(image, -flow),
        ),
        Mistake(
            "y counted upwards",
            "You take dy as upwards. Rows are counted from the top, so dy > 0 goes down.",
            lambda image, flow: _warp(image, flow * flow.new_tensor([1, -1]).view(1, 2, 1, 1)),
        ),
        Mistake(
            "align_corners=False",
            "Your -1 is the outer edge of the first pixel. With (x = 0) → -1 its centre is meant:"
            " see `align_corners`.",
            lambda image, flow: _warp(image, flow, aligned=False),
        ),
        Mistake(
            "divided by the width",
            "You divide by the width and the height, so the last pixel, W - 1, does not land on 1.",
            lambda image, flow: _warp(image, flow, short=0),
        ),
        Mistake(
            "zeros outside",
            "What comes from outside is 0 in yours; the border is to be repeated (`padding_mode`).",
            lambda image, flow: _warp(image, flow, padding="zeros"),
        ),
        Mistake(
            "the flow is not in pixels",
            "You add the flow to coordinates that run from -1 to 1 already. It is in pixels: add it"
            " first, scale afterwards.",
            lambda image, flow: _warp(
                image, flow * flow.new_tensor([WIDTH - 1, HEIGHT - 1]).view(1, 2, 1, 1) / 2
            ),
        ),
    ),
    hints=(
        "Three steps: each pixel's own x and y (`torch.meshgrid`), plus the flow, then scaled so"
        " that 0 becomes -1 and W - 1 (H - 1) becomes 1.",
        "The grid is `torch.stack([2 * x / (width - 1) - 1, 2 * y / (height - 1) - 1], dim=-1)`,"
        ' x first. Then `F.grid_sample` with `padding_mode="border"`, `align_corners=True`.',
    ),
    solution="Every pixel of the result asks one question, where was I, and gets one answer: no"
    " holes, no collisions. That is why the flow starts at the frame that has no label.",
)

EXERCISES = (SAMPLE_AT, WARP_BACK)
