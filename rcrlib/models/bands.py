"""Bilinear interpolation along one axis as a banded matrix, stored without its zeros."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional as F

SHIFTS = 3
"""Taps of a 3x3 convolution along one axis."""


@dataclass(frozen=True)
class Bands:
    """A banded matrix as blocks of rows, each with the window of columns that it reads.

    Row o of the matrix is row o % size of block o // size; rows beyond the last are zero. A column
    stands for `group` neighbouring values. All windows are equally wide.
    """

    blocks: Tensor  # (blocks, size, width * group)
    starts: tuple[int, ...]  # first column of each window; may lie outside of the matrix
    width: int  # columns of a window
    step: int | None  # from one start to the next, where that is always the same

    @property
    def size(self) -> int:
        """Rows of a block."""
        return self.blocks.shape[1]


def shifted_interpolation(n: int, size: int) -> Tensor:
    """Give the three maps from n values to `size`, as (size, n, 3) float64.

    Map k interpolates (bilinear, corners not aligned, clamped at both ends, as `F.interpolate`) and
    shifts: its row o is what tap k of a 3x3 convolution reads for output o, position o + k - 1 of
    the interpolated values, and zero where that lies in the convolution's padding.
    """
    identity = torch.eye(n, dtype=torch.float64)[None, None]
    full = F.interpolate(identity, (size, n), mode="bilinear", align_corners=False)[0, 0]
    padded = F.pad(full, (0, 0, 1, 1))
    return torch.stack([padded[k : k + size] for k in range(SHIFTS)], dim=2)


@lru_cache(maxsize=32)
def interpolation_bands(
    n: int, size: int, rows: int, dtype: torch.dtype, device: torch.device
) -> Bands:
    """Give `shifted_interpolation` in blocks of `rows` rows: size values from n groups of three."""
    return _bands(shifted_interpolation(n, size), rows, dtype, device)


def _bands(matrix: Tensor, rows: int, dtype: torch.dtype, device: torch.device) -> Bands:
    """Cut a banded matrix (outputs, columns, group) into blocks of `rows` outputs."""
    outputs, columns, _ = matrix.shape
    count = -(-outputs // rows)
    parts = F.pad(matrix, (0, 0, 0, 0, 0, count * rows - outputs)).unflatten(0, (count, rows))
    used = [part.any(dim=2).any(dim=0).nonzero()[:, 0].tolist() or [0] for part in parts]
    lows, highs = [u[0] for u in used], [u[-1] + 1 for u in used]
    step = rows * columns // outputs if rows * columns % outputs == 0 else None
    if step is None:
        width = max(high - low for low, high in zip(lows, highs, strict=True))
        starts = [min(low, columns - width) for low in lows]
    else:
        first = min(low - b * step for b, low in enumerate(lows))
        width = max(high - b * step for b, high in enumerate(highs)) - first
        starts = [first + b * step for b in range(count)]
    margin = width + max(map(abs, starts))
    wide = F.pad(parts, (0, 0, margin, margin))
    blocks = [wide[b, :, s + margin : s + margin + width] for b, s in enumerate(starts)]
    stacked = torch.stack(blocks).flatten(2).to(device, dtype)
    return Bands(stacked.contiguous(), tuple(starts), width, step)
