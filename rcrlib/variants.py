"""Named variants that networks, flow and training agree on."""

from __future__ import annotations

from typing import Literal

Variant = Literal["paper", "official"]
"""What the paper says, or what the authors' code does where it differs."""

Inputs = Literal["rgb", "rgb+labels", "rgb+labels+flow"]
"""What FGPLG sees: the rows Gb, Gc and Gd of the paper's Table 4."""
