"""Exercises of 02, first part: sizes, receptive fields and parameters, by hand."""

from __future__ import annotations

from collections.abc import Sequence

from rcrlib.course.exercise import Draw, Exercise, Mistake, Property
from rcrlib.course.lessons.l02_rcrnet import LESSON

Layers = Sequence[tuple[int, int, int]]
"""Kernel, stride and dilation of each layer, from the input on."""

# ---- the size of a map


def map_size(size: int, kernel: int, stride: int, padding: int, dilation: int) -> int:
    """Return the side of what a convolution makes of a map with side `size`."""
    return (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1


def _layer(draw: Draw) -> tuple[int, ...]:
    kernel, dilation = 2 * draw.integer(1, 3) + 1, draw.integer(2, 6)
    return draw.integer(60, 200), kernel, draw.integer(2, 4), draw.integer(1, 9), dilation


MAP_SIZE = Exercise(
    name="map_size",
    notebook=LESSON.stem,
    asks="Give the side of the map that a convolution makes.",
    difficulty=1,
    minutes=6,
    reference=map_size,
    properties=(
        Property("keep the side at kernel 3, stride 1, padding 1", lambda draw: (28, 3, 1, 1, 1)),
        Property("make 224 of 448 with ResNet's first layer", lambda draw: (448, 7, 2, 3, 1)),
        Property("keep the side at dilation 6 and padding 6", lambda draw: (28, 3, 1, 6, 6)),
        Property("give the side for any layer", _layer),
    ),
    mistakes=(
        Mistake(
            "the dilation is ignored",
            "Your kernel has no holes. Dilated, it covers dilation · (kernel - 1) + 1 places.",
            lambda size, k, s, p, d: map_size(size, k, s, p, 1),
        ),
        Mistake(
            "padding on one side only",
            "You pad one side only; the padding is added at both ends.",
            lambda size, k, s, p, d: (size + p - d * (k - 1) - 1) // s + 1,
        ),
        Mistake(
            "one place too few",
            "You count the steps of the kernel and forget the place where it begins.",
            lambda size, k, s, p, d: map_size(size, k, s, p, d) - 1,
        ),
        Mistake(
            "the stride divides the size alone",
            "You divide the size by the stride, as if the kernel fitted everywhere. Kernel and"
            " padding matter too.",
            lambda size, k, s, p, d: size // s,
        ),
    ),
    hints=(
        "How many places does the dilated kernel cover from end to end? How often can it step by"
        " the stride before its far end leaves the padded map?",
        "It covers `dilation * (kernel - 1) + 1` of `size + 2 * padding` places. What is left over,"
        " divided by the stride with `//`, is the number of steps; the start makes one more.",
    ),
    solution="With padding = dilation · (kernel - 1) / 2 and stride 1 the size stays: so ASPP can"
    " use any rate on the same map.",
)

# ---- the receptive field


def receptive_field(layers: Layers) -> tuple[int, int]:
    """Return the side of what one output sees of the input, and the stride of the output."""
    field, step = 1, 1
    for kernel, stride, dilation in layers:
        field += dilation * (kernel - 1) * step
        step *= stride
    return field, step


def _stack(draw: Draw) -> tuple[Layers]:
    kernels = [2 * draw.integer(1, 3) + 1 for _ in range(4)]
    return ([(kernel, draw.integer(2, 3), draw.integer(2, 4)) for kernel in kernels],)


def _field_early_step(layers: Layers) -> tuple[int, int]:
    field, step = 1, 1
    for kernel, stride, dilation in layers:
        step *= stride
        field += dilation * (kernel - 1) * step
    return field, step


def _field_product(layers: Layers) -> tuple[int, int]:
    field = 1
    for kernel, _, dilation in layers:
        field *= dilation * (kernel - 1) + 1
    return field, receptive_field(layers)[1]


RECEPTIVE = Exercise(
    name="receptive_field",
    notebook=LESSON.stem,
    asks="Give how many pixels across one output of a stack of layers can see, and its stride.",
    difficulty=2,
    minutes=9,
    reference=receptive_field,
    properties=(
        Property("see one pixel with no layer", lambda draw: ([],)),
        Property("see 5 pixels with two 3 x 3 layers", lambda draw: ([(3, 1, 1), (3, 1, 1)],)),
        Property(
            "see 7 pixels, not 5, if the first has stride 2", lambda draw: ([(3, 2, 1), (3, 1, 1)],)
        ),
        Property("see 13 pixels with one layer of dilation 6", lambda draw: ([(3, 1, 6)],)),
        Property("give field and stride of any stack", _stack),
    ),
    mistakes=(
        Mistake(
            "the strides are ignored",
            "After a stride a step of one place is several pixels wide; yours is always one.",
            lambda layers: (
                receptive_field([(k, 1, d) for k, _, d in layers])[0],
                receptive_field(layers)[1],
            ),
        ),
        Mistake(
            "the dilation is ignored",
            "Your kernels have no holes: a dilated one reaches dilation times as far.",
            lambda layers: receptive_field([(k, s, 1) for k, s, _ in layers]),
        ),
        Mistake(
            "a layer's own stride counts at once",
            "A layer's stride widens the steps of the layers after it, not of its own kernel.",
            _field_early_step,
        ),
        Mistake(
            "fields multiplied",
            "You multiply; fields grow by addition: each layer adds what its kernel reaches beyond"
            " one place.",
            _field_product,
        ),
    ),
    hints=(
        "Carry two numbers through the loop: the field so far, and how many pixels apart two"
        " neighbouring places are by now.",
        "Each layer adds `dilation * (kernel - 1) * step` to the field; only then is the step"
        " multiplied by the layer's stride.",
    ),
    solution="Strides make all later kernels reach further and cost resolution; dilation makes a"
    " kernel reach further and costs none.",
)

# ---- parameters


def conv_bn_parameters(inputs: int, outputs: int, kernel: int) -> int:
    """Count the parameters of a convolution without bias and its batch normalisation."""
    return inputs * outputs * kernel**2 + 2 * outputs


PARAMETERS = Exercise(
    name="conv_bn_parameters",
    notebook=LESSON.stem,
    asks="Count what is learnt in a convolution without bias and its batch normalisation.",
    difficulty=1,
    minutes=5,
    reference=conv_bn_parameters,
    properties=(
        Property("count 11 with one channel in, one out, kernel 3", lambda draw: (1, 1, 3)),
        Property(
            "count any layer",
            lambda draw: (draw.integer(3, 90), draw.integer(100, 900), 2 * draw.integer(1, 3) + 1),
        ),
    ),
    mistakes=(
        Mistake(
            "the normalisation is forgotten",
            "The batch normalisation has parameters too: a scale and a shift for each channel.",
            lambda i, o, k: i * o * k * k,
        ),
        Mistake(
            "a bias as well",
            "The convolution has no bias: the shift of the normalisation takes its place.",
            lambda i, o, k: i * o * k * k + 3 * o,
        ),
        Mistake(
            "stored statistics counted",
            "You count mean and variance, too. They are measured, not learnt.",
            lambda i, o, k: i * o * k * k + 4 * o,
        ),
        Mistake(
            "a kernel of one dimension",
            "A kernel has two sides: k × k weights for each pair of channels.",
            lambda i, o, k: i * o * k + 2 * o,
        ),
    ),
    hints=(
        "Each output channel has a kernel of k × k weights for every input channel. What does the"
        " normalisation learn for a channel?",
        "`inputs * outputs * kernel * kernel`, and a scale and a shift for each of the outputs.",
    ),
    solution="The product of the channels decides: 2048 × 256 × 9 is why ASPP has nearly as many"
    " parameters as the ResNet before it.",
)

EXERCISES = (MAP_SIZE, RECEPTIVE, PARAMETERS)
