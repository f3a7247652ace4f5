"""The decoder's head in tiles: the same logits, without the map at full resolution.

The head is a 3x3 convolution of a bilinear enlargement, batch normalisation, ReLU, and a 1x1
convolution to one logit. Written out, it fills (B, 256, H, W) several times over and takes more
than half of the network's multiply-adds. Three facts make it small:

* Enlarging acts on positions, a 1x1 convolution on channels: they commute. So each of the nine taps
  W_k of the 3x3 convolution is applied where the features are, at stride 4: 1/16 of the positions.
* What remains is linear in the positions and separable, with A_k "enlarge, then shift by tap k":

      out = Σ_k  A_ky  (W_k x)  A_kxᵀ

  A_k is banded: a block of 16 outputs reads a window of about 6 inputs. Both axes are therefore
  batches of small dense matrix products (see `rcrlib.models.fast.interpolation`).
* Bias, ReLU and the 1x1 convolution act on each pixel alone, so a strip of 16 rows can go all the
  way to its logits while it is in the processor's cache.

Per frame, from the top down:

     features (h, w, C)            maps (rows, 3, W', O)           strip (16, W', O)   logits (H, W)

    ┌──────────────┐  1. W_k x    ┌──────────────────────┐                            ┌────────────┐
    │ row r        │ ───────────> │ row r    ky = 0 1 2  │╲                           │ done       │
    │ row r + 1    │  2. enlarge  │ row r+1     0 1 2    │ ╲ 3. enlarge  ┌─────────┐  ├────────────┤
    │ ...          │  along x,    │ ...                  │ ╱ along y,    │ 16 rows │─>│ 16 rows    │
    │ row r + 5    │  sum over kx │ row r+5     0 1 2    │╱  sum over ky └─────────┘  ├────────────┤
    │              │              └──────────────────────┘      4. + bias, ReLU, 1x1  │ to do      │
    └──────────────┘               a window that slides down:                         └────────────┘
                                   the rows that the next strip
                                   reads too are kept, not recomputed

On a GPU, which wants much work at once, the window is all rows and the strip the whole frame (where
the sizes make all windows equally far apart). The backward pass computes each strip again instead
of storing it, and sends its gradient back through 3, 2 and 1; the gradient of a row of maps is
complete once the last strip that reads it has added its share.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from rcrlib.models.fast.interpolation import (
    BLOCK,
    TAPS,
    Bands,
    HorizontalGradient,
    HorizontalPass,
    interpolation_bands,
)

LEAST_MULTIPLY_ADDS = 2**30
"""Multiply-adds of a frame's head from which tiling is faster than the plain convolution."""


def is_worth_tiling(conv: nn.Module, size: Sequence[int]) -> bool:
    """Tell whether a head with this 3x3 convolution is large enough for `tiled_head`."""
    assert isinstance(conv, nn.Conv2d)
    known = conv.weight.device.type in ("cpu", "cuda")
    return known and conv.weight.numel() * size[0] * size[1] >= LEAST_MULTIPLY_ADDS


def whole_frame_at_once(device: torch.device) -> bool:
    """Tell whether a frame is one strip: a GPU wants much to do, a CPU what fits its cache."""
    return device.type != "cpu"


def tiled_head(
    x: Tensor,
    weight: Tensor,
    bias: Tensor,
    out_weight: Tensor,
    out_bias: Tensor,
    size: Sequence[int],
) -> Tensor:
    """Return conv1x1(relu(conv3x3(upsample(x, size)))), (B, 1, H, W), computed in strips.

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
        logits: Tensor = _TiledHead.apply(*given, tuple(size))
    return logits


class _TiledHead(torch.autograd.Function):
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
        walk = StripWalk(x, weight, bias, size)
        logits = x.new_empty(len(x), 1, *size)
        for n in range(len(x)):
            for strip in walk.strips(n):
                features = walk.convolved(strip).relu_()  # (rows · W', O)
                rows = slice(strip.top, min(strip.top + strip.height, size[0]))
                values = torch.mv(features, w).add_(b).view(strip.height, -1)
                logits[n, 0, rows] = values[: rows.stop - rows.start, : size[1]]
        return logits

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, bias, w = ctx.saved_tensors
        walk = StripWalk(x, weight, bias, ctx.size)
        vertical = VerticalGradient(walk)
        grad_bias, grad_w = torch.zeros_like(bias), torch.zeros_like(w)
        for n in range(len(x)):
            for strip in walk.strips(n):
                features = walk.convolved(strip).relu_()
                rows = grad[n, 0, strip.top : strip.top + strip.height]
                beyond = (0, walk.horizontal.width - rows.shape[1], 0, strip.height - len(rows))
                pixels = F.pad(rows, beyond).flatten()  # (rows · W'), zero outside of the image
                grad_w.addmv_(features.mT, pixels)
                features.sign_().mul_(pixels[:, None]).mul_(w)  # ReLU passes on what was above 0
                grad_bias += features.sum(dim=0)
                vertical.add(n, strip, features)
        grad_x, grad_weight = vertical.horizontal.result()
        return grad_x, grad_weight, grad_bias, grad_w, grad.sum().view(1), None


class Strip(NamedTuple):
    """Some blocks of output rows, and the window of feature rows that they read."""

    top: int  # first output row
    height: int  # output rows; the last may lie beyond the image
    first: int  # first block
    blocks: int  # how many
    low: int  # first feature row of the window, maybe outside of the features
    done: int  # feature rows from `low` on that no later strip reads
    maps: Tensor  # (rows, 3, W', O): W_k x enlarged along x and summed over kx, for each ky


class StripWalk:
    """Walk down a frame strip by strip, with a window of maps that slides along (see above)."""

    def __init__(self, x: Tensor, weight: Tensor, bias: Tensor, size: tuple[int, int]) -> None:
        height = x.shape[2]
        self.down: Bands = interpolation_bands(height, size[0], BLOCK, x.dtype, x.device)
        whole = whole_frame_at_once(x.device) and self.down.step is not None
        self.blocks = len(self.down.blocks) if whole else 1  # of a strip
        rows_at_once = height if whole else 1
        self.horizontal = HorizontalPass(x, weight, bias, size[1], rows_at_once)

    def strips(self, n: int) -> Iterator[Strip]:
        """Yield frame n's strips from the top down; the next one overwrites the window."""
        starts, width = self.down.starts, self.down.width
        height = starts[min(self.blocks, len(starts)) - 1] + width - starts[0]
        maps = self.horizontal.new_maps(height)
        filled = low = starts[0]
        for first in range(0, len(starts), self.blocks):
            last = min(first + self.blocks, len(starts)) - 1
            before, low = low, starts[first]
            kept = max(filled - low, 0)  # rows that the strip before has made already
            if kept > 0 and low > before:
                moved = maps[low - before : filled - before]
                maps[:kept] = moved.clone() if kept > low - before else moved  # no overlap
            filled = starts[last] + width
            self.horizontal.fill(n, low + kept, maps[kept : filled - low])
            later = starts[last + 1] if last + 1 < len(starts) else filled
            blocks = last + 1 - first
            yield Strip(first * BLOCK, blocks * BLOCK, first, blocks, low, later - low, maps)

    def convolved(self, strip: Strip) -> Tensor:
        """Enlarge along y and sum over ky: the 3x3 convolution of a strip, (rows · W', O)."""
        width = self.down.width
        blocks = self.down.blocks[strip.first : strip.first + strip.blocks]
        maps = strip.maps.flatten(2)  # (rows, 3, W' · O)
        if strip.blocks == 1:
            strips = torch.mm(blocks[0], maps[:width].flatten(0, 1))
        else:  # overlapping windows of rows, as a view
            assert self.down.step is not None
            shape = (strip.blocks, width * TAPS, maps.shape[2])
            windows = maps.as_strided(shape, (self.down.step * maps.stride(0), maps.stride(1), 1))
            strips = torch.bmm(blocks, windows)
        return strips.view(-1, self.horizontal.channels)


class VerticalGradient:
    """Send the gradients of strips back to rows of maps, and complete rows on to the features."""

    def __init__(self, walk: StripWalk) -> None:
        self.walk = walk
        self.horizontal = HorizontalGradient(walk.horizontal)
        self.maps: Tensor | None = None  # the gradient of the window's maps, so far

    def add(self, n: int, strip: Strip, grad: Tensor) -> None:
        """Take the gradient of a strip of frame n, (rows · W', O), in the order of the strips."""
        down, rows_at_once = self.walk.down, self.walk.horizontal.rows_at_once
        if strip.first == 0:
            self.maps = torch.zeros_like(strip.maps)
        assert self.maps is not None
        blocks = down.blocks[strip.first : strip.first + strip.blocks]
        grads = grad.view(strip.blocks, BLOCK, -1)
        for b in range(strip.blocks):
            start = down.starts[strip.first + b] - strip.low
            window = self.maps[start : start + down.width].view(down.width * TAPS, -1)
            window.addmm_(blocks[b].mT, grads[b])
        for row in range(0, strip.done, rows_at_once):
            complete = self.maps[row : min(row + rows_at_once, strip.done)]
            self.horizontal.add(n, strip.low + row, complete)
        left = len(self.maps) - strip.done
        if left:  # slide the window down
            moved = self.maps[strip.done :]
            self.maps[:left] = moved.clone() if left > strip.done else moved  # no overlap
        self.maps[left:] = 0
