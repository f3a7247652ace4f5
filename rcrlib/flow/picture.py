"""Flow as a picture."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def flow_to_rgb(flow: Tensor, max_magnitude: float | None = None) -> Tensor:
    """Paint a flow: the hue says where to, the strength of the colour how far; white is at rest.

    Motion to the right is red; turning clockwise on the screen it goes on through yellow-green
    (down), cyan (left) and violet (up).

    Args:
        flow: (B, 2, H, W) in pixels.
        max_magnitude: the length, in pixels, that gets the full colour, as does what is longer;
            give it to compare pictures. None takes the longest vector of each flow, but at least
            one pixel, so that a scene at rest stays nearly white.

    Returns:
        uint8 (B, 3, H, W), RGB.
    """
    dx, dy = flow.float().split(1, dim=1)
    length = torch.hypot(dx, dy)
    if max_magnitude is None:
        longest = length.amax(dim=(1, 2, 3), keepdim=True).clamp(min=1.0)
    else:
        longest = torch.full_like(length[:, :, :1, :1], max_magnitude)
    strength = (length / longest).clamp(max=1.0)
    hue = torch.atan2(dy, dx) / (2 * math.pi)  # one turn is 1
    # Red, green and blue are the same tent over the hue, a third of a turn apart.
    turns = hue - torch.tensor([0, 1 / 3, 2 / 3], device=flow.device).view(1, 3, 1, 1)
    colour = (2 - 6 * (turns - turns.round()).abs()).clamp(0.0, 1.0)
    return ((1 - strength * (1 - colour)) * 255).round().to(torch.uint8)
