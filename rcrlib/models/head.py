"""The decoder's head without its map at full size: the same logits, a tenth of the work.

The head is a 3x3 convolution of a bilinear enlargement, batch normalisation, ReLU, and a 1x1
convolution to one logit. Written out, it fills (B, 256, H, W) several times over and takes more
than half of the network's multiply-adds. Why the shortcut gives the same:

* Enlarging acts on positions, a 1x1 convolution on channels: they may change places. So each of the
  nine taps W_k is applied where the features are, at stride 4, a sixteenth of the positions.
* What remains is linear in the positions and works along one axis at a time:

      out = Σ_k  A_ky  (W_k x)  A_kxᵀ

  where A_k interpolates along an axis and then shifts by the tap (`shifted_interpolation`). The
  convolution's zero padding is a row of zeros in A_k, the clamping of the interpolation at the
  border is in A's other rows; any size of the features and of the image has its A.
* A is banded. In blocks of 16 outputs that read 6 inputs, both axes are small matrix products.
* Bias, ReLU and the 1x1 convolution act on each pixel alone, so a strip of 16 rows at a time goes
  the whole way to its logits while it is in the processor's cache.

The backward pass makes each strip once more instead of keeping it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from rcrlib.models.bands import SHIFTS, Bands, interpolation_bands

BLOCK = 16
"""Outputs of a band's block: fewer make small products, more read zeros."""


PAYS = 2**30
"""Multiply-adds of a frame's head from which the shortcut is faster than the convolution."""


def pays(conv: nn.Conv2d, size: Sequence[int]) -> bool:
    """Tell whether a head with this 3x3 convolution is large enough for the shortcut."""
    return conv.weight.numel() * size[0] * size[1] >= PAYS


def upsampled_head(
    x: Tensor,
    weight: Tensor,
    bias: Tensor,
    out_weight: Tensor,
    out_bias: Tensor,
    size: Sequence[int],
) -> Tensor:
    """Give conv1x1(relu(conv3x3(upsample(x, size)))), (B, 1, H, W), in strips.

    Args:
        x: features (B, C, h, w).
        weight, bias: of the 3x3 convolution, (O, C, 3, 3) and (O,), batch normalisation folded in.
        out_weight, out_bias: of the 1x1 convolution, (1, O, 1, 1) and (1,).
        size: (H, W) of the enlargement.
    """
    given = (x, weight, bias, out_weight.flatten(), out_bias)
    kind = x.device.type
    if torch.is_autocast_enabled(kind):
        low = torch.get_autocast_dtype(kind)
        given = tuple(tensor.to(low) for tensor in given)  # type: ignore[assignment]
    with torch.autocast(kind, enabled=False):
        logits: Tensor = _Head.apply(*given, tuple(size))
    return logits


class _Head(torch.autograd.Function):
    """The forward and the backward pass, frame by frame and strip by strip."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        weight: Tensor,
        bias: Tensor,
        w: Tensor,
        b: Tensor,
        size: tuple[int, int],
    ) -> Tensor:
        ctx.save_for_backward(x, weight, bias, w)
        ctx.size = size
        walk = _Walk(x, weight, size)
        logits = x.new_empty(len(x), 1, *size)
        for n in range(len(x)):
            for strip in walk.strips(n):
                features = walk.enlarge(strip).add_(bias).relu_()
                rows = slice(strip.top, min(strip.top + strip.height, size[0]))
                values = torch.mv(features, w).add_(b).view(strip.height, -1)
                logits[n, 0, rows] = values[: rows.stop - rows.start, : size[1]]
        return logits

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, bias, w = ctx.saved_tensors
        walk = _Walk(x, weight, ctx.size)
        totals = _Gradients(walk)
        grad_bias, grad_w = torch.zeros_like(bias), torch.zeros_like(w)
        for n in range(len(x)):
            for strip in walk.strips(n):
                features = walk.enlarge(strip).add_(bias).relu_()
                pixels = walk.pad(grad[n, 0, strip.top : strip.top + strip.height], strip.height)
                grad_w.addmv_(features.mT, pixels)
                features.sign_().mul_(pixels[:, None]).mul_(w)  # ReLU passes on what was above 0
                grad_bias += features.sum(dim=0)
                totals.add(n, strip, features)
        grad_x, grad_weight = totals.result()
        return grad_x, grad_weight, grad_bias, grad_w, grad.sum().view(1), None


class _Strip(NamedTuple):
    """Some blocks of output rows, and what they are made of."""

    top: int  # first output row
    height: int  # output rows; the last may lie beyond the image
    first: int  # first block
    blocks: int  # how many
    low: int  # first feature row of its window, maybe outside of the features
    done: int  # feature rows from `low` that no later strip reads
    maps: Tensor  # (rows, 3, W', O): W_k x enlarged along x, summed over kx, for each ky


class _Walk:
    """Goes over the frames' strips; owns the buffers that they share."""

    def __init__(self, x: Tensor, weight: Tensor, size: tuple[int, int]) -> None:
        _, c, self.h, self.w = x.shape
        self.size, self.out = size, weight.shape[0]
        options = (BLOCK, x.dtype, x.device)
        self.across: Bands = interpolation_bands(self.w, size[1], *options)
        self.down: Bands = interpolation_bands(self.h, size[0], *options)
        self.columns = len(self.across.blocks)  # blocks in a row
        self.wide = self.columns * BLOCK  # W': W in whole blocks
        step = self.across.step
        self.padded = self.w if step is None else self.columns * step  # features in a row
        self.x = x.permute(0, 2, 3, 1)
        if self.padded > self.w:
            self.x = torch.nn.functional.pad(self.x, (0, 0, 0, self.padded - self.w))
        # On a CPU strips stay in the cache; a GPU wants much to do at once.
        whole = x.device.type != "cpu" and self.down.step is not None
        self.blocks = len(self.down.blocks) if whole else 1
        self.rows = self.h if whole else 1
        self.taps = weight.permute(2, 1, 3, 0).reshape(
            SHIFTS, c, SHIFTS * self.out
        )  # ky, C, (kx O)
        self.before = 0 if step is None else max(0, -self.across.starts[0])
        self.values = x.new_zeros(self._length(), SHIFTS * self.out)
        self.repeated = self.across.blocks.repeat(self.rows, 1, 1)

    def strips(self, n: int) -> Iterator[_Strip]:
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
                maps[:kept] = maps[low - top : filled - top].clone()
            filled = starts[last] + width
            self._fill(maps, n, low, low + max(kept, 0), filled)
            later = starts[last + 1] if last + 1 < len(starts) else filled
            blocks = last + 1 - first
            yield _Strip(first * BLOCK, blocks * BLOCK, first, blocks, low, later - low, maps)

    def enlarge(self, strip: _Strip) -> Tensor:
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
        return torch.nn.functional.pad(grad, missing).flatten()

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
                torch.mm(x, self.taps[ky], out=self.values[self.before :][: len(x)])
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


class _Gradients:
    """Sums up what the strips say about x and the taps."""

    def __init__(self, walk: _Walk) -> None:
        self.walk = walk
        self.maps: Tensor | None = None  # the gradient of the strip's maps, so far
        self.taps = torch.zeros_like(walk.taps)
        self.x = torch.zeros_like(walk.x, memory_format=torch.contiguous_format)

    def add(self, n: int, strip: _Strip, grad: Tensor) -> None:
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
            self.maps[:left] = self.maps[strip.done :].clone()
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
