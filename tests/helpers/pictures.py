"""What is looked for in pictures that were drawn."""

from __future__ import annotations

import numpy as np


def in_colour(picture: np.ndarray, colour: str) -> np.ndarray:
    """Return which pixels of (H, W, 3) uint8 are of a colour written #rrggbb: (H, W) bool."""
    return (picture == [int(colour[i : i + 2], 16) for i in (1, 3, 5)]).all(axis=-1)
