"""A network small enough to train in a test, and what FGPLG takes."""

from __future__ import annotations

import torch

from rcrlib.models import RCRNetConfig

NETWORK = RCRNetConfig(
    backbone="resnet18", aspp_channels=8, skip_channels=(4, 8), refine_channels=8, head_channels=8
)


def fgplg_input(height: int = 64, width: int = 64) -> list[torch.Tensor]:
    """Return two frames and their guidance, drawn at random, in the order of `FGPLG.forward`."""
    return [torch.randn(2, 3, height, width), torch.rand(2, 4, height, width)]
