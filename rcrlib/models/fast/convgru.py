"""The ConvGRU in fewer and larger convolutions."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rcrlib.models.convgru import ConvGRUCell, DBConvGRU
from rcrlib.models.fast.memory_format import to_channels_last


class FastDBConvGRU(DBConvGRU):
    """`DBConvGRU` with what does not wait for a state convolved for all frames at once."""

    def forward(self, x: Tensor) -> Tensor:
        """Run over clip features (B, T, C, H, W); the shape stays."""
        hf = run_over_clip(self.forward_cell, x, start=x[:, 0])
        if not self.bidirectional:
            return hf
        from_the_end = hf.flip(1)
        hb = run_over_clip(self.backward_cell, from_the_end, start=from_the_end[:, 0]).flip(1)
        # W_hf ∗ Hf + W_hb ∗ Hb is one convolution of both, behind each other along the channels.
        both = torch.cat([hf, hb], dim=2).flatten(0, 1)
        weight = torch.cat([self.w_hf.weight, self.w_hb.weight], dim=1)
        h = F.conv2d(both, weight, self.w_hf.bias, padding=self.w_hf.padding)
        return torch.tanh(h).unflatten(0, x.shape[:2])


def run_over_clip(cell: ConvGRUCell, inputs: Tensor, start: Tensor) -> Tensor:
    """Return the state after each of the inputs (B, T, C, h, w), from `start` (B, C, h, w).

    The cell's `forward` T times over. The convolutions of X do not depend on the state, so all T
    frames go at once; and convolutions that read the same map are one, with their weights behind
    each other.
    """
    of_x = [cell.w_xz, cell.w_xr, cell.w_xh]
    of_h = [cell.w_hz, cell.w_hr, cell.w_hh]
    biases = torch.cat([conv.bias for conv in of_x if conv.bias is not None])
    x = _convolve(inputs.flatten(0, 1), of_x, biases).unflatten(0, inputs.shape[:2])
    gates = of_h if cell.variant == "paper" else of_h[:2]  # the authors' W_hh reads R ∘ H
    states, h = [], start
    for x_z, x_r, x_h in (frame.chunk(3, dim=1) for frame in x.unbind(dim=1)):
        h_z, h_r, *h_h = _convolve(h, gates).chunk(len(gates), dim=1)
        z, r = torch.sigmoid(x_z + h_z), torch.sigmoid(x_r + h_r)
        reset = r * h_h[0] if h_h else cell.w_hh(r * h)
        candidate = torch.tanh(x_h + reset)
        h = (1 - z) * candidate + z * h
        states.append(h)
    return torch.stack(states, dim=1)


def _convolve(x: Tensor, convs: Sequence[nn.Conv2d], bias: Tensor | None = None) -> Tensor:
    """Return what several convolutions make of one map, concatenated: (B, n C, h, w)."""
    weight = torch.cat([conv.weight for conv in convs])
    return F.conv2d(to_channels_last(x), weight, bias, padding=convs[0].padding)
