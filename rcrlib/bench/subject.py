"""What the benchmarks run: a seeded network, its input and its number of operations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode
from torchvision.models.resnet import BasicBlock, Bottleneck

from rcrlib.errors import OptionError
from rcrlib.models import (
    Backbone,
    NonLocalBlock,
    RCRNetConfig,
    RCRNetNER,
    accelerate,
    for_inference,
    for_training,
)
from rcrlib.runtime import (
    autocast,
    computes_in_bf16,
    inference_precision,
    pick_device,
    pick_precision,
)

Path = Literal["plain", "fast"]
"""The network as its equations read, or accelerated."""


@dataclass(frozen=True)
class Subject:
    """One variant to measure: path, precision, device, backbone and sizes.

    Raises:
        OptionError: a number is below one, or a name is unknown.
    """

    path: Path = "fast"
    precision: str = "32"
    device: str = "cpu"
    backbone: Backbone = "resnet50"
    size: int = 448
    clip: int = 4
    batch: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        for name, least in (("size", 16), ("clip", 1), ("batch", 1)):
            if getattr(self, name) < least:
                value = getattr(self, name)
                raise OptionError(f"{name} is {value}; it must be at least {least}")
        if self.path not in get_args(Path):
            raise OptionError(f"path {self.path!r}: expected plain or fast")

    @property
    def frames(self) -> int:
        """Frames of one run."""
        return self.clip * self.batch

    @property
    def torch_device(self) -> torch.device:
        """The device as PyTorch's object."""
        return pick_device(self.device)

    @property
    def precision_name(self) -> str:
        """The precision by its short name."""
        names = {"32-true": "float32", "bf16-mixed": "bf16", "16-mixed": "fp16"}
        return names[pick_precision(self.precision, self.torch_device)]

    @property
    def best_precision(self) -> str:
        """The fastest precision that the device has instructions for."""
        return "bf16" if computes_in_bf16(self.torch_device) else "auto"

    def network(self) -> RCRNetNER:
        """Make a network with random weights whose activations stay in the range of trained ones.

        Activations double with each block of an untrained residual group, which makes float32
        inexact, plain or fast: the last normalisation of each block starts at 0.2. Untrained
        non-local blocks are the identity: here they are not.
        """
        torch.manual_seed(self.seed)
        network = RCRNetNER(RCRNetConfig(backbone=self.backbone))
        for module in network.modules():
            if isinstance(module, BasicBlock | Bottleneck):
                last = module.bn3 if isinstance(module, Bottleneck) else module.bn2
                nn.init.constant_(last.weight, 0.2)
            if isinstance(module, NonLocalBlock):
                nn.init.normal_(module.w.weight, std=0.02)
        return network.to(self.torch_device)

    def input(self) -> Tensor:
        """Make clips (B, T, 3, size, size) of noise."""
        generator = torch.Generator().manual_seed(self.seed)
        shape = (self.batch, self.clip, 3, self.size, self.size)
        return torch.randn(shape, generator=generator).to(self.torch_device)

    def fits(self, free: int | None) -> bool:
        """Return whether `free` bytes (None: not known) are surely enough for the plain network."""
        positions = self.clip * (self.size // 16) ** 2
        pairs = 2 * self.batch * positions**2
        head = self.frames * self.size**2 * (128 + 2 * 256 + 128)
        return free is None or self.path == "fast" or 4 * (pairs + head) < free


def inference(subject: Subject) -> Callable[[], Tensor]:
    """Return a function that computes the logits of the subject's clips."""
    network, clips = subject.network().eval(), subject.input()
    precision = pick_precision(subject.precision, subject.torch_device)
    if subject.path == "fast":
        dtype, casting = inference_precision(subject.torch_device, precision)
        network, clips = for_inference(network).to(dtype), clips.to(dtype)
    else:
        casting = autocast(subject.torch_device, precision)

    def run() -> Tensor:
        with torch.inference_mode(), casting:
            logits: Tensor = network(clips)
            return logits.float()

    return run


def training(subject: Subject) -> Callable[[], Tensor]:
    """Return a function that takes one optimiser step and returns all gradients, flat."""
    network, clips = subject.network().train(), subject.input()
    if subject.path == "fast":
        network = for_training(network, subject.size, subject.torch_device)
    labels = (clips[:, :, :1] > 0).float()
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-5)
    precision = pick_precision(subject.precision, subject.torch_device)

    def step() -> Tensor:
        optimiser.zero_grad(set_to_none=True)
        torch.manual_seed(subject.seed)  # dropout
        with autocast(subject.torch_device, precision):
            logits = network(clips)
        F.binary_cross_entropy_with_logits(logits.float(), labels).backward()
        optimiser.step()
        return torch.cat([p.grad.flatten() for p in network.parameters() if p.grad is not None])

    return step


def operations(subject: Subject) -> float:
    """Count the floating-point operations of one run of `inference`, two for a multiply-add.

    Only convolutions and products of matrices count. The fast network is counted on one frame:
    its operations grow with the number of frames.
    """
    if subject.path == "plain":
        with torch.device("meta"):
            network, clips = RCRNetNER(RCRNetConfig(backbone=subject.backbone)), None
            clips = torch.empty(subject.batch, subject.clip, 3, subject.size, subject.size)
        share = 1
    else:
        network, clips = accelerate(subject.network()), subject.input()[:1, :1]
        share = subject.frames
    counter = FlopCounterMode(display=False)
    with counter:
        network.eval()(clips)  # with gradients: the operators fused for inference are not counted
    return float(counter.get_total_flops() * share)
