"""What can be chosen about the networks, and why one would."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

from rcrlib.errors import OptionError
from rcrlib.variants import Variant

Backbone = Literal["resnet50", "resnet18"]
StrideOn = Literal["3x3", "1x1"]
Recurrence = Literal["none", "one-way", "bidirectional"]


@dataclass(frozen=True)
class RCRNetConfig:
    """The sizes of an RCRNet; the defaults are the paper's (section 3.1).

    Raises:
        OptionError: a name that is not among the choices, or `stride_on="1x1"` for a backbone
            without 1x1 convolutions.
    """

    # The paper's; resnet18 is for lessons and tests on a CPU.
    backbone: Backbone = "resnet50"
    # Whether the encoder has its last group, conv5_x: 15 of ResNet-50's 23.5 M parameters. Without
    # it ASPP works on conv4_x, and the network is small enough to come with a package.
    conv5: bool = True
    # RGB; FGPLG adds two labels and two flow magnitudes.
    in_channels: int = 3
    # Which convolution of a bottleneck halves the resolution: torchvision's weights expect 3x3, the
    # original (Caffe) ones 1x1. Either loads where the other belongs, and the features get worse.
    stride_on: StrideOn = "3x3"
    # Width of the context that ASPP makes and that NER works on.
    aspp_channels: int = 256
    # Inner and outer width of a residual skip: M -> 48 -> 48 -> 96.
    skip_channels: tuple[int, int] = (48, 96)
    # Width of what a refinement block hands on.
    refine_channels: int = 128
    # Width of the head at full resolution: over half of the network's multiply-adds.
    head_channels: int = 256
    # Share of the context's channels that are dropped in training.
    dropout: float = 0.1

    def __post_init__(self) -> None:
        check_choice("backbone", self.backbone, Backbone)
        check_choice("stride_on", self.stride_on, StrideOn)
        if (self.backbone, self.stride_on) == ("resnet18", "1x1"):
            raise OptionError("stride_on='1x1': resnet18 has no 1x1 to put it on; use '3x3'")


@dataclass(frozen=True)
class NERConfig:
    """Which parts of NER are there; the default is the paper's full module (section 3.2).

    The paper's Table 3 in these terms (`first_non_local`, `recurrence`, `second_non_local`):
    Ra `False, "none", False`; Rb `True, "none", False`; Rc `True, "bidirectional", False`;
    Rd `True, "one-way", True`; Re `True, "bidirectional", True`.

    Raises:
        OptionError: a name that is not among the choices.
    """

    # Lets every position of every frame see all others before the recurrence.
    first_non_local: bool = True
    # Carries the object along the clip: not at all, forwards, or forwards and back (Eq. 3).
    recurrence: Recurrence = "bidirectional"
    # Lets the recurrence's results see each other once more.
    second_non_local: bool = True
    # Softmax instead of dot-product similarities, in both non-local blocks: for comparison only.
    softmax: bool = False
    # Where the ConvGRU's reset gate acts: see `ConvGRUCell`. The released weights need "official".
    variant: Variant = "paper"

    def __post_init__(self) -> None:
        check_choice("recurrence", self.recurrence, Recurrence)
        check_choice("variant", self.variant, Variant)


def check_choice(option: str, value: str, choices: Any) -> None:
    """Raise `OptionError` unless `value` is one of the strings of the `Literal` type `choices`."""
    if value not in get_args(choices):
        expected = ", ".join(map(repr, get_args(choices)))
        raise OptionError(f"{option}={value!r}: expected one of {expected}")
