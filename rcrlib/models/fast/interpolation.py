"""Bilinear interpolation along one axis as a banded matrix, and the tiled head's pass along x."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional as F

TAPS = 3
"""Taps of a 3x3 convolution along one axis."""

BLOCK = 16
"""Outputs of a band's block: fewer make small matrix products, more read more zeros."""


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
    """Return the three maps from n values to `size`, as (size, n, 3) float64.

    Map k interpolates (bilinear, corners not aligned, clamped at both ends, as `F.interpolate`) and
    shifts: its row o is what tap k of a 3x3 convolution reads for output o, position o + k - 1 of
    the interpolated values, and zero where that lies in the convolution's padding.
    """
    identity = torch.eye(n, dtype=torch.float64)[None, None]
    full = F.interpolate(identity, (size, n), mode="bilinear", align_corners=False)[0, 0]
    padded = F.pad(full, (0, 0, 1, 1))
    return torch.stack([padded[k : k + size] for k in range(TAPS)], dim=2)


@lru_cache(maxsize=32)
def interpolation_bands(
    n: int, size: int, rows: int, dtype: torch.dtype, device: torch.device
) -> Bands:
    """Return `shifted_interpolation` in blocks of `rows` rows: n groups of three -> size."""
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


class HorizontalPass:
    """The tiled head's pass along x: rows of features -> rows of maps (rows, 3, W', O).

    A map is W_k x, enlarged along x and summed over kx, for each ky; the convolution's bias is in
    the middle one. W' is W in whole blocks.

    Attributes:
        bands: `shifted_interpolation` from w to W.
        columns: blocks in a row, W' / `BLOCK`.
        width: W'.
        channels: O.
        rows_at_once: feature rows that go through the matrix products together.
        x: features (N, h, w', C), channels last, padded to w' columns so that all windows are
            equally far apart; w' is w where they are not.
        taps: the 3x3 convolution's weight, (3 for ky, C, 3 for kx · O).
    """

    def __init__(
        self, x: Tensor, weight: Tensor, bias: Tensor, width: int, rows_at_once: int
    ) -> None:
        _, c, self.h, self.w = x.shape
        self.bands = interpolation_bands(self.w, width, BLOCK, x.dtype, x.device)
        self.columns = len(self.bands.blocks)
        self.width, self.channels = self.columns * BLOCK, len(bias)
        self.rows_at_once, self.bias = rows_at_once, bias
        step = self.bands.step
        self.padded = self.w if step is None else self.columns * step  # w'
        self.x = x.permute(0, 2, 3, 1)
        if self.padded > self.w:
            self.x = F.pad(self.x, (0, 0, 0, self.padded - self.w))
        self.taps = weight.permute(2, 1, 3, 0).reshape(TAPS, c, TAPS * self.channels)
        # Windows may begin left of the features: so many zeros stand before them in the buffer.
        self.before = 0 if step is None else max(0, -self.bands.starts[0])
        self.products = x.new_zeros(self._positions(), TAPS * self.channels)
        self.blocks = self.bands.blocks.repeat(rows_at_once, 1, 1)

    def new_maps(self, rows: int) -> Tensor:
        """Allocate maps for `rows` rows of features."""
        return self.x.new_zeros(rows, TAPS, self.width, self.channels)

    def fill(self, n: int, first: int, maps: Tensor) -> None:
        """Compute frame n's maps of rows first, first + 1, ...; rows beyond the features are 0."""
        maps[: max(0, -first)] = 0
        maps[max(0, self.h - first) :] = 0
        end = min(first + len(maps), self.h)
        for row in range(max(first, 0), end, self.rows_at_once):
            rows = min(self.rows_at_once, end - row)
            x = self.x[n, row : row + rows].reshape(rows * self.padded, -1)
            blocks = self.blocks[: rows * self.columns]
            for ky in range(TAPS):
                products = self.products[self.before :][: len(x)]  # W_k x, (rows · w', 3 O)
                torch.mm(x, self.taps[ky], out=products)
                if ky == 1:  # the middle tap never reads padding: its interpolation sums to 1
                    products[:, self.channels : 2 * self.channels] += self.bias
                windows = self._windows(self.products, rows)
                if rows == 1:
                    out = maps[row - first, ky].view(self.columns, BLOCK, self.channels)
                    torch.bmm(blocks, windows, out=out)
                else:
                    wide = torch.bmm(blocks, windows).view(rows, self.width, self.channels)
                    maps[row - first : row - first + rows, ky] = wide

    def _windows(self, products: Tensor, rows: int) -> Tensor:
        """Return what the blocks of `rows` rows read, (rows · columns, window · 3, O)."""
        window, step = self.bands.width, self.bands.step
        shape = (rows * self.columns, window * TAPS, self.channels)
        if step is not None:  # what a window reads of the next row is multiplied by zero
            return products.as_strided(shape, (step * TAPS * self.channels, self.channels, 1))
        index = [range(start, start + window) for start in self.bands.starts]
        columns = torch.tensor([list(i) for i in index], device=products.device)
        return products[: rows * self.w].view(rows, self.w, -1)[:, columns].view(shape)

    def _positions(self) -> int:
        """Count the positions that all windows together reach over."""
        count, step = self.rows_at_once * self.padded, self.bands.step
        if step is None:
            return count
        reach = (self.rows_at_once * self.columns - 1) * step + self.bands.width
        return max(reach, self.before + count)


class HorizontalGradient:
    """The backward pass of `HorizontalPass`: sums up the gradients of the features and the taps."""

    def __init__(self, forward: HorizontalPass) -> None:
        self.forward = forward
        self.taps = torch.zeros_like(forward.taps)
        self.x = torch.zeros_like(forward.x, memory_format=torch.contiguous_format)

    def add(self, n: int, row: int, maps: Tensor) -> None:
        """Add what the gradient of whole rows of maps, (rows, 3, W', O), from `row` on says."""
        fwd = self.forward
        first, end = max(row, 0), min(row + len(maps), fwd.h)
        rows = end - first
        if rows <= 0:
            return
        maps = maps[first - row : end - row]
        blocks = fwd.blocks[: rows * fwd.columns].mT
        x = fwd.x[n, first:end].reshape(rows * fwd.padded, -1)
        grad_x = self.x[n, first:end].view(rows * fwd.padded, -1)
        for ky in range(TAPS):
            outputs = maps[:, ky].reshape(rows * fwd.columns, BLOCK, fwd.channels)
            products = self._sum_windows(torch.bmm(blocks, outputs), rows)
            grad_x.addmm_(products, fwd.taps[ky].mT)
            self.taps[ky].addmm_(x.mT, products)

    def result(self) -> tuple[Tensor, Tensor]:
        """Return the gradients of the features (N, C, h, w) and of the weight (O, C, 3, 3)."""
        fwd = self.forward
        weight = self.taps.view(TAPS, -1, TAPS, fwd.channels).permute(3, 1, 0, 2)
        return self.x[:, :, : fwd.w].permute(0, 3, 1, 2), weight.contiguous()

    def _sum_windows(self, windows: Tensor, rows: int) -> Tensor:
        """Add up windows (rows · columns, window · 3, O) where they overlap: (rows · w', 3 O)."""
        fwd = self.forward
        width, step, group = fwd.bands.width, fwd.bands.step, TAPS * fwd.channels
        windows = windows.view(len(windows), width, group)
        if step is None:
            total = windows.new_zeros(rows, fwd.w, group)
            for b, start in enumerate(fwd.bands.starts):
                total[:, start : start + width] += windows[b :: fwd.columns]
            return total.view(-1, group)
        total = windows.new_zeros(len(windows) + -(-width // step), step, group)
        for number, first in enumerate(range(0, width, step)):
            part = windows[:, first : first + step]
            total[number : number + len(windows), : part.shape[1]] += part
        return total.view(-1, group)[fwd.before :][: rows * fwd.padded]
