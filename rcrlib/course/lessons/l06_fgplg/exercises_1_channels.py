"""Exercises of 06, first part: the lengths of the flows, and the seven channels (paper 3.3)."""

from __future__ import annotations

import torch
from torch import Tensor

from rcrlib.course.exercise import Draw, Exercise, Mistake, Property, shape_of
from rcrlib.course.lessons.l06_fgplg import LESSON
from rcrlib.data import normalise
from rcrlib.flow import guidance, magnitude, warp

HEIGHT, WIDTH = 5, 7

# ---- how far


def flow_length(flow: Tensor) -> Tensor:
    """Return the length of the normalised flow, (B, 1, H, W), as the library reads the paper."""
    return magnitude(flow)


def _scaled(flow: Tensor, scale: Tensor | float) -> Tensor:
    return (flow / scale).square().sum(dim=1, keepdim=True).sqrt()


def _largest(flow: Tensor, *sides: int) -> Tensor:
    return flow.abs().amax(dim=sides, keepdim=True).clamp(min=1)


def _flows(draw: Draw, scale: float = 4.0) -> tuple[Tensor]:
    """Draw two flows of different size; the second one goes up and left only."""
    flow = draw.normal(2, 2, HEIGHT, WIDTH, scale=scale)
    flow[:, 0] *= 2  # so that dx and dy differ in size
    flow[1] = -2 * flow[1].abs()
    return (flow,)


FLOW_LENGTH = Exercise(
    name="flow_length",
    notebook=LESSON.stem,
    asks="Write the length of a flow whose parts were scaled to [-1, 1].",
    difficulty=2,
    minutes=7,
    reference=flow_length,
    properties=(
        Property("give one channel, (B, 1, H, W)", _flows, of=shape_of),
        Property("divide each flow by its largest |dx| or |dy|, then take the length", _flows),
        Property(
            "divide by 1 where nothing moves by as much as a pixel",
            lambda draw: (draw.uniform(2, 2, HEIGHT, WIDTH, low=-0.3, high=0.3),),
            expected=lambda flow: _scaled(flow, 1),
        ),
    ),
    mistakes=(
        Mistake(
            "width and height (the authors' code)",
            "You divide by the width and the height, as the authors' code does: next to nothing is"
            " left. The largest |dx| or |dy| is asked for.",
            lambda flow: magnitude(flow, "official"),
        ),
        Mistake(
            "the longest vector becomes 1",
            "You divide by the greatest length. It is dx and dy that are to fill [-1, 1]: the"
            " length comes after.",
            lambda flow: _scaled(
                flow, flow.norm(dim=1, keepdim=True).amax(dim=(1, 2, 3), keepdim=True).clamp(min=1)
            ),
        ),
        Mistake(
            "the signs count",
            "You look for the largest number, and -8 is a larger motion than 3. Take |dx| and |dy|"
            " first.",
            lambda flow: _scaled(flow, flow.amax(dim=(1, 2, 3), keepdim=True).clamp(min=1)),
        ),
        Mistake(
            "one scale for the batch",
            "You look for the largest part in the whole batch: what a flow becomes must not depend"
            " on its neighbours in the batch.",
            lambda flow: _scaled(flow, _largest(flow, 0, 1, 2, 3)),
        ),
        Mistake(
            "dx and dy each by its own",
            "You scale dx and dy apart, which turns every vector that is not along an axis. One"
            " number for both.",
            lambda flow: _scaled(flow, _largest(flow, 2, 3)),
        ),
        Mistake(
            "a scene at rest is blown up",
            "Where nothing moves you divide by almost nothing, and the noise of the estimate"
            " becomes a storm. Divide by 1 at least.",
            lambda flow: _scaled(flow, flow.abs().amax(dim=(1, 2, 3), keepdim=True)),
        ),
        Mistake(
            "|dx| + |dy|",
            "You add |dx| and |dy|. The Euclidean norm is the root of the sum of their squares.",
            lambda flow: (flow / _largest(flow, 1, 2, 3)).abs().sum(dim=1, keepdim=True),
        ),
    ),
    hints=(
        "Two steps: find one number for each flow of the batch, then divide and take the length."
        " `flow.abs().amax(dim=(1, 2, 3), keepdim=True)` has the shape (B, 1, 1, 1).",
        "`.clamp(min=1)` keeps the divisor from being too small. The length of the rest is"
        " `.norm(dim=1, keepdim=True)`.",
    ),
    solution="After scaling, dx and dy fill [-1, 1] however fast the video is, so that the network"
    " meets numbers of one size; the length then lies between 0 and √2.",
)

# ---- all seven


def seven_channels(
    rgb: Tensor, label_i: Tensor, label_j: Tensor, flow_i: Tensor, flow_j: Tensor
) -> Tensor:
    """Return what FGPLG sees of frame k, (B, 7, H, W)."""
    return torch.cat([rgb, guidance(label_i, label_j, flow_i, flow_j)], dim=1)


def _parts(draw: Draw) -> tuple[Tensor, ...]:
    labels = (draw.mask(2, 1, HEIGHT, WIDTH) for _ in range(2))
    flows = (draw.normal(2, 2, HEIGHT, WIDTH, scale=1.5) for _ in range(2))
    return draw.normal(2, 3, HEIGHT, WIDTH), *labels, *flows


SEVEN_CHANNELS = Exercise(
    name="seven_channels",
    notebook=LESSON.stem,
    asks="Put together the seven channels that FGPLG sees.",
    difficulty=2,
    minutes=7,
    reference=seven_channels,
    properties=(
        Property("give seven channels, (B, 7, H, W)", _parts, of=shape_of),
        Property("begin with the colours of frame k", _parts, of=lambda answer: answer[:, :3]),
        Property(
            "go on with both labels, each brought to k along its flow",
            _parts,
            of=lambda answer: answer[:, 3:5],
        ),
        Property("end with the lengths of both flows", _parts, of=lambda answer: answer[:, 5:]),
    ),
    mistakes=(
        Mistake(
            "the labels are not warped",
            "Your labels lie where the animal was in i and j. (That is row Gc of Table 4.) Bring"
            " them to k first.",
            lambda rgb, li, lj, fi, fj: torch.cat(
                [rgb, li, lj, magnitude(fi), magnitude(fj)], dim=1
            ),
        ),
        Mistake(
            "each label along the other's flow",
            "You bring the label of i along the flow towards j. Each label has a flow of its own.",
            lambda rgb, li, lj, fi, fj: torch.cat(
                [rgb, warp(li, fj), warp(lj, fi), magnitude(fi), magnitude(fj)], dim=1
            ),
        ),
        Mistake(
            "against the flow",
            "You go against the flow. It starts at k, where a label is missing, and tells where to"
            " fetch one: no minus sign is needed.",
            lambda rgb, li, lj, fi, fj: seven_channels(rgb, li, lj, -fi, -fj),
        ),
        Mistake(
            "i and j have changed places",
            "You have j before i. The network cannot know: it learns one order.",
            lambda rgb, li, lj, fi, fj: seven_channels(rgb, lj, li, fj, fi),
        ),
        Mistake(
            "sorted by frame",
            "You put label and length of i together, then those of j. The order is both labels,"
            " then both lengths; weights know channels by their place only.",
            lambda *parts: seven_channels(*parts)[:, [0, 1, 2, 3, 5, 4, 6]],
        ),
        Mistake(
            "the colours come last",
            "Your colours come last. They come first, where the image network has them.",
            lambda *parts: seven_channels(*parts).roll(-3, dims=1),
        ),
        Mistake(
            "the colours are normalised twice",
            "You normalise rgb, which is normalised already.",
            lambda rgb, *guide: seven_channels(normalise(rgb), *guide),
        ),
        Mistake(
            "lengths in pixels",
            "Your lengths are in pixels; FGPLG gets those of the normalised flow. You have a"
            " function for them.",
            lambda rgb, li, lj, fi, fj: torch.cat(
                [rgb, warp(li, fi), warp(lj, fj), *(f.norm(dim=1, keepdim=True) for f in (fi, fj))],
                dim=1,
            ),
        ),
    ),
    hints=(
        "`warp(label_i, flow_i)` brings the label of i to k. Which function did you write for the"
        " last two channels?",
        "`torch.cat([...], dim=1)` of five parts: rgb, two warped labels, two `magnitude`s; i"
        " always before j.",
    ),
    solution="The order is a promise: a convolution has a weight for each channel's place, so"
    " whoever asks the network must keep the order in which it was taught.",
)

EXERCISES = (FLOW_LENGTH, SEVEN_CHANNELS)
