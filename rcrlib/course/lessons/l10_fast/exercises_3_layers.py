"""Exercises of 10, third part: normalisation folded away, and the ConvGRU's inputs at once."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rcrlib.course.exercise import Draw, Exercise, Mistake, Property, shape_of
from rcrlib.course.lessons.l10_fast import LESSON
from rcrlib.models import ConvGRUCell
from rcrlib.models.fast import fold_batch_norm

CHANNELS = 4

Folded = tuple[Tensor, Tensor]

# ---- batch normalisation


def fold_bn(weight: Tensor, bias: Tensor, norm: nn.BatchNorm2d) -> Folded:
    """Return weight and bias of the convolution that does what it and `norm` after it do."""
    conv = nn.Conv2d(weight.shape[1], weight.shape[0], weight.shape[2], bias=False)
    conv.weight = nn.Parameter(weight, requires_grad=False)
    folded, shift = fold_batch_norm(conv, norm)
    return folded.detach(), (shift + bias * _scale(norm)).detach()


def _scale(norm: nn.BatchNorm2d, eps: bool = True, root: bool = True) -> Tensor:
    assert norm.running_var is not None
    spread = norm.running_var + (norm.eps if eps else 0)
    return norm.weight / (spread.sqrt() if root else spread)


def _fold_by(scale: Tensor, weight: Tensor, bias: Tensor, norm: nn.BatchNorm2d) -> Folded:
    assert norm.running_mean is not None
    return weight * scale[:, None, None, None], norm.bias + (bias - norm.running_mean) * scale


def _wrong_axis(weight: Tensor, bias: Tensor, norm: nn.BatchNorm2d) -> Folded:
    scale = _scale(norm)
    return weight * scale[:, None, None], _fold_by(scale, weight, bias, norm)[1]


def _without_bias(weight: Tensor, bias: Tensor, norm: nn.BatchNorm2d) -> Folded:
    return _fold_by(_scale(norm), weight, torch.zeros_like(bias), norm)


def _bias_not_scaled(weight: Tensor, bias: Tensor, norm: nn.BatchNorm2d) -> Folded:
    folded, shift = _without_bias(weight, bias, norm)
    return folded, shift + bias


def _mean_not_scaled(weight: Tensor, bias: Tensor, norm: nn.BatchNorm2d) -> Folded:
    scale = _scale(norm)
    assert norm.running_mean is not None
    return weight * scale[:, None, None, None], norm.bias + bias * scale - norm.running_mean


def _norm(draw: Draw, outputs: int) -> nn.BatchNorm2d:
    """Draw a normalisation; its eps is large, so that it can be missed."""
    norm = draw.module(nn.BatchNorm2d(outputs, eps=0.1), scale=1)
    assert isinstance(norm, nn.BatchNorm2d)
    norm.running_mean = draw.normal(outputs)
    norm.running_var = draw.uniform(outputs, low=0.3, high=3)
    return norm


def _layer(draw: Draw, inputs: int = CHANNELS) -> tuple[Tensor, Tensor, nn.BatchNorm2d]:
    weight, bias = draw.normal(CHANNELS, inputs, 3, 3), draw.normal(CHANNELS)
    return weight, bias, _norm(draw, CHANNELS)


FOLD_BN = Exercise(
    name="fold_bn",
    notebook=LESSON.stem,
    asks="Give the one convolution that does what a convolution and its batch normalisation do.",
    difficulty=2,
    minutes=9,
    reference=fold_bn,
    properties=(
        Property("give a weight and a bias of the shapes that they had", _layer, of=shape_of),
        Property("give the convolution that does both", _layer),
        Property(
            "do so where inputs and outputs differ in number", lambda draw: _layer(draw, inputs=3)
        ),
    ),
    mistakes=(
        Mistake(
            "eps forgotten",
            "You divide by the root of the variance alone; `norm.eps` is added under the root. (The"
            " check's eps is large; the usual 0.00001 is missed where a variance is tiny.)",
            lambda weight, bias, norm: _fold_by(_scale(norm, eps=False), weight, bias, norm),
        ),
        Mistake(
            "the variance in place of its root",
            "You divide by the variance; σ is its root.",
            lambda weight, bias, norm: _fold_by(_scale(norm, root=False), weight, bias, norm),
        ),
        Mistake(
            "the convolution's bias forgotten",
            "The convolution's own bias is gone. It is normalised like everything else.",
            _without_bias,
        ),
        Mistake(
            "the convolution's bias not scaled",
            "The convolution's own bias goes through the normalisation too: it is scaled.",
            _bias_not_scaled,
        ),
        Mistake(
            "the mean not scaled",
            "You subtract the mean as it is; in the formula the difference is divided by σ.",
            _mean_not_scaled,
        ),
        Mistake(
            "scaled along the inputs",
            "Your scale multiplies along the wrong axis of the weight: a normalisation acts on what"
            " comes *out*, which is the weight's first axis.",
            _wrong_axis,
        ),
    ),
    hints=(
        "Write the formula with w ∗ x + b in place of a, and sort it: what multiplies x, and what"
        " is left when x is zero?",
        "`scale = norm.weight / (norm.running_var + norm.eps).sqrt()`. The weight is multiplied by"
        " `scale[:, None, None, None]`; the new bias is what the normalisation makes of `bias`.",
    ),
    solution="Both are linear in x, and so is one after the other. The weight's first axis counts"
    " the outputs, each with its own scale.",
)

# ---- the ConvGRU's inputs


def input_halves(clip: Tensor, cell: ConvGRUCell) -> Tensor:
    """Return W_xz ∗ X, W_xr ∗ X and W_xh ∗ X of all frames, (B, T, 3 C, H, W)."""
    return _at_once(clip, [cell.w_xz, cell.w_xr, cell.w_xh])


def _at_once(clip: Tensor, convs: list[nn.Conv2d], biased: bool = True) -> Tensor:
    weight = torch.cat([conv.weight for conv in convs])
    biases = [conv.bias for conv in convs if conv.bias is not None]
    bias = torch.cat(biases) if biased and biases else None
    return F.conv2d(clip.flatten(0, 1), weight, bias, padding=1).unflatten(0, clip.shape[:2])


def _mixed_up(clip: Tensor, cell: ConvGRUCell) -> Tensor:
    """Lay frames before clips on the way in, and clips before frames on the way out."""
    return input_halves(clip.transpose(0, 1).reshape(clip.shape), cell)


def _interleaved(clip: Tensor, cell: ConvGRUCell) -> Tensor:
    return input_halves(clip, cell).unflatten(2, (3, -1)).transpose(2, 3).flatten(2, 3)


def _clip(draw: Draw) -> tuple[Tensor, ConvGRUCell]:
    cell = draw.module(ConvGRUCell(CHANNELS))
    assert isinstance(cell, ConvGRUCell)
    return draw.normal(2, 3, CHANNELS, 5, 7), cell


INPUT_HALVES = Exercise(
    name="input_halves",
    notebook=LESSON.stem,
    asks="Convolve all frames of a clip for all three parts of a ConvGRU, in one convolution.",
    difficulty=2,
    minutes=8,
    reference=input_halves,
    properties=(
        Property("give three maps of C channels for each frame", _clip, of=shape_of),
        Property("give what cell.w_xz, cell.w_xr and cell.w_xh give, in this order", _clip),
    ),
    mistakes=(
        Mistake(
            "the biases forgotten",
            "The convolutions of X have biases, one for each of Z, R and the candidate; join them"
            " as you joined the weights.",
            lambda clip, cell: _at_once(clip, [cell.w_xz, cell.w_xr, cell.w_xh], biased=False),
        ),
        Mistake(
            "R before Z",
            "Z and R have changed places.",
            lambda clip, cell: _at_once(clip, [cell.w_xr, cell.w_xz, cell.w_xh]),
        ),
        Mistake(
            "the weights of H",
            "You took the convolutions of the state, w_h…; those of the input are w_x….",
            lambda clip, cell: _at_once(clip, [cell.w_hz, cell.w_hr, cell.w_hh]),
        ),
        Mistake(
            "frames and clips mixed up",
            "Frames end up in clips that they do not belong to. `flatten(0, 1)` and `unflatten` of"
            " the same two sides undo each other; a transposition in between does not.",
            _mixed_up,
        ),
        Mistake(
            "channels interleaved",
            "Your channels go z r h, z r h, ...; all of Z's come first, then R's, then the"
            " candidate's.",
            _interleaved,
        ),
    ),
    hints=(
        "A convolution does not care whether its outputs belong together: weights that stand behind"
        " each other along the first axis give maps that do. Nor does it care for time.",
        "`torch.cat` the three weights, and the three biases. `F.conv2d(clip.flatten(0, 1), weight,"
        " bias, padding=1)`, then `.unflatten(0, clip.shape[:2])`.",
    ),
    solution="Nothing here waits for a state, so all T frames can go at once, and three"
    " convolutions of one map are one with three times the outputs.",
)

EXERCISES = (FOLD_BN, INPUT_HALVES)
