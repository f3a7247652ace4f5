"""The four channels that guide FGPLG beside the colours: two warped labels, two flow magnitudes."""

from __future__ import annotations

from typing import get_args

import torch
from torch import Tensor

from rcrlib.errors import OptionError
from rcrlib.flow.geometry import warp
from rcrlib.variants import Inputs, Variant, sees_flow, sees_labels


def guidance(
    label_i: Tensor,
    label_j: Tensor,
    flow_ki: Tensor | None,
    flow_kj: Tensor | None,
    *,
    inputs: Inputs = "rgb+labels+flow",
    variant: Variant = "paper",
) -> Tensor:
    """Prepare what FGPLG gets for frame k beside its colours (paper 3.3, Fig. 4).

    Convention: the flow is computed *on k towards i*, `flow_ki = flow(k, i)`, and the label of i is
    sampled backward with it, so that it lies on the pixel grid of k; the same with j.

    Args:
        label_i: floating (B, 1, H, W) in [0, 1], the label of the kept frame before k.
        label_j: the same for the kept frame after k.
        flow_ki: (B, 2, H, W) in pixels; may be None where `inputs` does not use the flow.
        flow_kj: the same towards j.
        inputs: "rgb+labels+flow" is the paper's FGPLG (Table 4, Gd); "rgb+labels" has the labels as
            they are and magnitudes of zero (Gc); "rgb" has zeros only (Gb).
        variant: how the flow is normalised, see `magnitude`.

    Returns:
        FGPLG's input channels 4 to 7, (B, 4, H, W), in the network's order: the label of i brought
        to k, that of j, both in [0, 1]; the magnitude of the flow from k to i, and from k to j.

    Raises:
        OptionError: `inputs` or `variant` has no such value, or the flow is missing.
    """
    if inputs not in get_args(Inputs):
        raise OptionError(f"inputs={inputs!r}: expected one of {', '.join(get_args(Inputs))}")
    zeros = torch.zeros_like(label_i)
    labels = [label_i, label_j] if sees_labels(inputs) else [zeros, zeros]
    magnitudes = [zeros, zeros]
    if sees_flow(inputs):
        if flow_ki is None or flow_kj is None:
            raise OptionError(
                f"inputs={inputs!r} needs the flow from k to i and to j; one is missing"
            )
        labels = [warp(label_i, flow_ki), warp(label_j, flow_kj)]
        magnitudes = [magnitude(flow, variant).to(label_i.dtype) for flow in (flow_ki, flow_kj)]
    return torch.cat([*labels, *magnitudes], dim=1)


def magnitude(flow: Tensor, variant: Variant = "paper") -> Tensor:
    """Return the length of the normalised flow, ||O_i|| of the paper's Fig. 4.

    "paper" (3.3: "normalising the flow into [-1, 1], then its Euclidean norm") leaves open what it
    divides by. We read it as the largest absolute component in that flow, so that the components
    fill [-1, 1] and the result lies in [0, sqrt(2)]; but at least one pixel, so that the noise of a
    scene at rest is not blown up into motion.
    "official": the authors' code differs: dx is divided by the width and dy by the height, so
    10 px at 448 x 448 become 0.022. The released weights need this one.

    Args:
        flow: (B, 2, H, W) in pixels.
        variant: "paper" or "official".

    Returns:
        (B, 1, H, W), not negative.

    Raises:
        OptionError: there is no such variant.
    """
    if variant == "paper":
        scale = flow.abs().amax(dim=(1, 2, 3), keepdim=True).clamp(min=1.0)
    elif variant == "official":
        height, width = flow.shape[2:]
        scale = flow.new_tensor([width, height]).view(1, 2, 1, 1)
    else:
        raise OptionError(f"variant={variant!r}: expected one of {', '.join(get_args(Variant))}")
    dx, dy = (flow / scale).split(1, dim=1)
    return torch.hypot(dx, dy)
