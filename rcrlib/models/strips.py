"""The strips in which `rcrlib.models.head` goes over an image, and their gradients."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from rcrlib.models.bands import SHIFTS, Bands, interpolation_bands

BLOCK = 16
"""Outputs of a band's block: fewer make small products, more read zeros."""


def at_once(device: torch.device) -> bool:
    """Tell whether a frame is one strip: a GPU wants much to do, a CPU what fits its cache."""
    return device.type != "cpu"


class Strip(NamedTuple):
    """Some blocks of output rows, and what they are made of."""

    top: int  # first output row
    height: int  # output rows; the last may lie beyond the image
    first: int  # first block
    blocks: int  # how many
    low: int  # first feature row of its window, maybe outside of the features
    done: int  # feature rows from `low` that no later strip reads
    maps: Tensor  # (rows, 3, W', O): W_k x enlarged along x, summed over kx, for each ky


class Walk:
    """Goes over the frames' strips; owns the buffers that they share."""

    def __init__(self, x: Tensor, weight: Tensor, bias: Tensor, size: tuple[int, int]) -> None:
        _, c, self.h, self.w = x.shape
        self.size, self.out, self.bias = size, weight.shape[0], bias
        options = (BLOCK, x.dtype, x.device)
        self.across: Bands = interpolation_bands(self.w, size[1], *options)
        self.down: Bands = interpolation_bands(self.h, size[0], *options)
        self.columns = len(self.across.blocks)  # blocks in a row
        self.wide = self.columns * BLOCK  # W': W in whole blocks
        step = self.across.step
        self.padded = self.w if step is None else self.columns * step  # features in a row
        self.x = x.permute(0, 2, 3, 1)
        if self.padded > self.w:
            self.x = F.pad(self.x, (0, 0, 0, self.padded - self.w))
        whole = at_once(x.device) and self.down.step is not None
        self.blocks = len(self.down.blocks) if whole else 1
        self.rows = self.h if whole else 1
        self.taps = weight.permute(2, 1, 3, 0).reshape(
            SHIFTS, c, SHIFTS * self.out
        )  # ky, C, (kx O)
        self.before = 0 if step is None else max(0, -self.across.starts[0])
        self.values = x.new_zeros(self._length(), SHIFTS * self.out)
        self.repeated = self.across.blocks.repeat(self.rows, 1, 1)

    def strips(self, n: int) -> Iterator[Strip]:
        """Give frame n's strips from the top down; the next one overwrites its buffers."""
        starts, width = self.down.starts, self.down.width
        height = starts[min(self.blocks, len(starts)) - 1] + width - starts[0]
        maps = self.x.new_zeros(height, SHIFTS, self.wide, self.out)
        filled = low = starts[0]
        for first in range(0, len(starts), self.blocks):
            last = min(first + self.blocks, len(starts)) - 1
            top, low = low, starts[first]
            kept = filled - low
            if kept > 0 and low > top:
                behind = maps[low - top : filled - top]
                maps[:kept] = behind.clone() if kept > low - top else behind
            filled = starts[last] + width
            self._fill(maps, n, low, low + max(kept, 0), filled)
            later = starts[last + 1] if last + 1 < len(starts) else filled
            blocks = last + 1 - first
            yield Strip(first * BLOCK, blocks * BLOCK, first, blocks, low, later - low, maps)

    def enlarge(self, strip: Strip) -> Tensor:
        """Sum over ky and enlarge along y: a strip of the 3x3 convolution, (rows * W', O)."""
        width = self.down.width
        blocks = self.down.blocks[strip.first : strip.first + strip.blocks]
        maps = strip.maps.flatten(2)  # (rows, 3, W' O)
        if strip.blocks == 1:
            return torch.mm(blocks[0], maps[:width].flatten(0, 1)).view(-1, self.out)
        row = maps.stride(0)
        assert self.down.step is not None
        shape = (strip.blocks, width * SHIFTS, maps.shape[2])
        windows = maps.as_strided(shape, (self.down.step * row, maps.stride(1), 1))
        return torch.bmm(blocks, windows).view(-1, self.out)

    def pad(self, grad: Tensor, height: int) -> Tensor:
        """Give the gradient of a strip's pixels with zeros where it is larger than the image."""
        missing = (0, self.wide - grad.shape[1], 0, height - grad.shape[0])
        return F.pad(grad, missing).flatten()

    def windows(self, values: Tensor, rows: int) -> Tensor:
        """Give what the blocks of `rows` rows read, (rows * columns, width * 3, O)."""
        shape = (rows * self.columns, self.across.width * SHIFTS, self.out)
        if self.across.step is not None:  # neighbours that a row has no more are read times zero
            return values.as_strided(shape, (self.across.step * SHIFTS * self.out, self.out, 1))
        index = [range(s, s + self.across.width) for s in self.across.starts]
        columns = torch.tensor([list(i) for i in index], device=values.device)
        return values[: rows * self.w].view(rows, self.w, -1)[:, columns].view(shape)

    def _fill(self, maps: Tensor, n: int, low: int, first: int, end: int) -> None:
        """Make the maps of feature rows first..end; rows outside of the features are zero."""
        maps[first - low : max(0, min(end, 0)) - low] = 0
        maps[max(self.h, first) - low : end - low] = 0
        for row in range(max(first, 0), min(end, self.h), self.rows):
            rows = min(self.rows, min(end, self.h) - row)
            x = self.x[n, row : row + rows].reshape(rows * self.padded, -1)
            blocks = self.repeated[: rows * self.columns]
            for ky in range(SHIFTS):
                values = self.values[self.before :][: len(x)]
                torch.mm(x, self.taps[ky], out=values)
                if ky == 1:  # the middle tap never reads padding: its interpolation sums to 1
                    values[:, self.out : 2 * self.out] += self.bias
                windows = self.windows(self.values, rows)
                if rows == 1:
                    out = maps[row - low, ky].view(self.columns, BLOCK, self.out)
                    torch.bmm(blocks, windows, out=out)
                else:
                    made = torch.bmm(blocks, windows).view(rows, self.wide, self.out)
                    maps[row - low : row - low + rows, ky] = made

    def _length(self) -> int:
        """Count the positions that windows reach over."""
        count = self.rows * self.padded
        if self.across.step is None:
            return count
        reach = (self.rows * self.columns - 1) * self.across.step + self.across.width
        return max(reach, self.before + count)


class Gradients:
    """Sums up what the strips say about x and the taps."""

    def __init__(self, walk: Walk) -> None:
        self.walk = walk
        self.maps: Tensor | None = None  # the gradient of the strip's maps, so far
        self.taps = torch.zeros_like(walk.taps)
        self.x = torch.zeros_like(walk.x, memory_format=torch.contiguous_format)

    def add(self, n: int, strip: Strip, grad: Tensor) -> None:
        """Take the gradient of a strip of frame n, (rows * W', O), in the order of the strips."""
        walk, width = self.walk, self.walk.down.width
        if strip.first == 0:
            self.maps = torch.zeros_like(strip.maps)
        assert self.maps is not None
        blocks = walk.down.blocks[strip.first : strip.first + strip.blocks]
        grads = grad.view(strip.blocks, BLOCK, -1)
        for b in range(strip.blocks):
            start = walk.down.starts[strip.first + b] - strip.low
            part = self.maps[start : start + width].view(width * SHIFTS, -1)
            part.addmm_(blocks[b].mT, grads[b])
        for row in range(0, strip.done, walk.rows):
            self._back(n, strip.low + row, self.maps[row : min(row + walk.rows, strip.done)])
        left = len(self.maps) - strip.done
        if left:
            ahead = self.maps[strip.done :]
            self.maps[:left] = ahead.clone() if left > strip.done else ahead
        self.maps[left:] = 0

    def result(self) -> tuple[Tensor, Tensor]:
        """Give the gradients of x and of the 3x3 convolution's weight."""
        walk = self.walk
        c = walk.taps.shape[1]
        weight = self.taps.view(SHIFTS, c, SHIFTS, walk.out).permute(3, 1, 0, 2)
        return self.x[:, :, : walk.w].permute(0, 3, 1, 2), weight.contiguous()

    def _back(self, n: int, row: int, maps: Tensor) -> None:
        """Go from the gradient of whole rows of maps, (rows, 3, W', O), to x and the taps."""
        walk = self.walk
        first, end = max(row, 0), min(row + len(maps), walk.h)
        rows = end - first
        if rows <= 0:
            return
        maps = maps[first - row : end - row]
        blocks = walk.repeated[: rows * walk.columns].mT
        x = walk.x[n, first:end].reshape(rows * walk.padded, -1)
        grad_x = self.x[n, first:end].view(rows * walk.padded, -1)
        for ky in range(SHIFTS):
            outputs = maps[:, ky].reshape(rows * walk.columns, BLOCK, walk.out)
            values = self._overlap(torch.bmm(blocks, outputs), rows)
            grad_x.addmm_(values, walk.taps[ky].mT)
            self.taps[ky].addmm_(x.mT, values)

    def _overlap(self, windows: Tensor, rows: int) -> Tensor:
        """Add windows (rows * columns, width * 3, O) where they overlap: (rows * w', 3 O)."""
        walk = self.walk
        width, step, group = walk.across.width, walk.across.step, SHIFTS * walk.out
        windows = windows.view(len(windows), width, group)
        if step is None:
            total = windows.new_zeros(rows, walk.w, group)
            for b, start in enumerate(walk.across.starts):
                total[:, start : start + width] += windows[b :: walk.columns]
            return total.view(-1, group)
        total = windows.new_zeros(len(windows) + -(-width // step), step, group)
        for number, first in enumerate(range(0, width, step)):
            part = windows[:, first : first + step]
            total[number : number + len(windows), : part.shape[1]] += part
        return total.view(-1, group)[walk.before :][: rows * walk.padded]
