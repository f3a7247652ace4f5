"""Named variants that networks, flow and training agree on."""

from __future__ import annotations

from typing import Literal

Variant = Literal["paper", "official"]
"""What the paper says, or what the authors' code does where it differs."""

Inputs = Literal["rgb", "rgb+labels", "rgb+labels+flow"]
"""What FGPLG sees: the rows Gb, Gc and Gd of the paper's Table 4."""


def sees_labels(inputs: Inputs) -> bool:
    """Tell whether FGPLG sees the labels of the kept frames before and after (Gc and Gd)."""
    return inputs != "rgb"


def sees_flow(inputs: Inputs) -> bool:
    """Tell whether FGPLG sees optical flow: its magnitudes, and labels warped with it (Gd)."""
    return inputs == "rgb+labels+flow"
