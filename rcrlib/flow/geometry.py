"""Moving pixels with an optical flow: backward warping, and where it cannot work."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def warp(image: Tensor, flow: Tensor) -> Tensor:
    """Sample `image` where `flow` points to (paper 3.3: the warping of the labels).

    Convention: `flow(a, b)[:, :, y, x]` says where the point (x, y) of a went in b, in pixels,
    channel 0 to the right and channel 1 down. To bring b's image or label to a, sample it at
    (x, y) + flow(a, b): *backward warping*, `warp(image_of_b, flow(a, b))`. Every pixel of the
    result gets a value; where the point is hidden in b it is a wrong one (see `occlusion`).

    Sampling is bilinear with the border repeated outside, as in the authors' code. A binary label
    comes back with values between 0 and 1 along its contour. Differentiable in both arguments.

    Args:
        image: (B, C, H, W), any floating type, any values.
        flow: (B, 2, H, W), floating, pixels. Coordinates are computed in its type: keep it float32.

    Returns:
        (B, C, H, W) of the image's type.

    Raises:
        ValueError: the shapes do not belong together, or the image holds integers.
    """
    _check_flow(flow, "flow")
    if image.ndim != 4 or image.shape[0] != flow.shape[0] or image.shape[2:] != flow.shape[2:]:
        raise ValueError(
            f"image {tuple(image.shape)} and flow {tuple(flow.shape)}: expected (B, C, H, W) and"
            " (B, 2, H, W) with the same B, H and W"
        )
    if not image.is_floating_point():
        raise ValueError(
            f"image is {image.dtype}: expected a floating type, between whose values"
            " one can interpolate; convert it first"
        )
    height, width = image.shape[2:]
    x, y = _targets(flow).unbind(dim=1)
    # grid_sample counts from -1, the centre of the first pixel, to 1, the centre of the last one.
    grid = torch.stack([2 * x / max(width - 1, 1) - 1, 2 * y / max(height - 1, 1) - 1], dim=-1)
    sampled = F.grid_sample(
        image.to(flow.dtype), grid, mode="bilinear", padding_mode="border", align_corners=True
    )
    return sampled.to(image.dtype)


def occlusion(forward: Tensor, backward: Tensor) -> Tensor:
    """Find the points of a that b does not show.

    A visible point comes back to where it started when it follows the flow to b and the opposite
    flow back to a. It counts as hidden when it misses by more than Sundaram et al. (ECCV 2010,
    Eq. 5) allow, |f + b|² > 0.01 (|f|² + |b|²) + 0.5, or when it leaves the view. With estimated
    flow this also finds the places where the estimate is not to be trusted.

    Convention: `forward` is flow(a, b) and `backward` is flow(b, a), both in pixels; the result
    lies on the pixel grid of a.

    Args:
        forward: (B, 2, H, W).
        backward: (B, 2, H, W).

    Returns:
        bool (B, 1, H, W), True where hidden or out of view.

    Raises:
        ValueError: a flow has another shape.
    """
    _check_flow(forward, "forward")
    _check_flow(backward, "backward")
    back = warp(backward, forward)
    miss = (forward + back).square().sum(dim=1, keepdim=True)
    length = (forward.square() + back.square()).sum(dim=1, keepdim=True)
    return (miss > 0.01 * length + 0.5) | _out_of_view(forward)


def _out_of_view(flow: Tensor) -> Tensor:
    """Mark points that leave the picture, which ends half a pixel beyond its outer pixels."""
    height, width = flow.shape[2:]
    x, y = _targets(flow).split(1, dim=1)
    inside = (x >= -0.5) & (x <= width - 0.5) & (y >= -0.5) & (y <= height - 0.5)
    return ~inside


def _targets(flow: Tensor) -> Tensor:
    """Return (x, y) + flow: where each pixel's point went, (B, 2, H, W) in pixels."""
    height, width = flow.shape[2:]
    x = torch.arange(width, device=flow.device, dtype=flow.dtype).expand(height, width)
    y = (
        torch.arange(height, device=flow.device, dtype=flow.dtype)
        .unsqueeze(1)
        .expand(height, width)
    )
    return torch.stack([x, y]) + flow


def _check_flow(flow: Tensor, name: str) -> None:
    if flow.ndim != 4 or flow.shape[1] != 2 or not flow.is_floating_point():
        raise ValueError(
            f"{name} is {flow.dtype} {tuple(flow.shape)}: expected a floating (B, 2, H, W)"
        )
