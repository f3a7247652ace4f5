"""The deep bidirectional ConvGRU that carries the object along a clip (paper 3.2, Eq. 2 and 3)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from rcrlib.models.config import check_choice
from rcrlib.variants import Variant


class ConvGRUCell(nn.Module):
    """One step of a convolutional gated recurrent unit, paper Eq. 2 (∗ convolution, ∘ product):

        Z  = σ(W_xz ∗ X + W_hz ∗ H)                 update gate
        R  = σ(W_xr ∗ X + W_hr ∗ H)                 reset gate
        H~ = tanh(W_xh ∗ X + R ∘ (W_hh ∗ H))        candidate
        H' = (1 - Z) ∘ H~ + Z ∘ H

    Authors' code differs: it resets before the convolution, H~ = tanh(W_xh ∗ X + W_hh ∗ (R ∘ H)),
    which is another function of the same weights: `variant="official"`. (torchvision's RAFT has the
    roles of Z and 1 - Z swapped.)

    Args:
        channels: channels C of X and H.
        variant: "paper" or "official".
        kernel: side of the convolutions, odd.

    Raises:
        OptionError: another `variant`.
    """

    def __init__(self, channels: int, variant: Variant = "paper", kernel: int = 3) -> None:
        super().__init__()
        check_choice("variant", variant, Variant)
        self.variant = variant
        # One bias for each of Z, R and H~: it sits with the convolution of X.
        self.w_xz, self.w_hz = _conv(channels, kernel, bias=True), _conv(channels, kernel)
        self.w_xr, self.w_hr = _conv(channels, kernel, bias=True), _conv(channels, kernel)
        self.w_xh, self.w_hh = _conv(channels, kernel, bias=True), _conv(channels, kernel)

    def forward(self, x: Tensor, h: Tensor) -> Tensor:
        """Return the next state for the input `x` and the state `h`; all three are (B, C, H, W)."""
        z = torch.sigmoid(self.w_xz(x) + self.w_hz(h))
        r = torch.sigmoid(self.w_xr(x) + self.w_hr(h))
        reset = r * self.w_hh(h) if self.variant == "paper" else self.w_hh(r * h)
        candidate = torch.tanh(self.w_xh(x) + reset)
        return (1 - z) * candidate + z * h


class DBConvGRU(nn.Module):
    """The deep bidirectional ConvGRU, paper Eq. 3: the backward cell reads the forward states.

        Hf_t = ConvGRU(Hf_{t-1}, X_t)
        Hb_t = ConvGRU(Hb_{t+1}, Hf_t)
        H_t  = tanh(W_hf ∗ Hf_t + W_hb ∗ Hb_t)

    The start states are not in the paper; as in the authors' code, the forward cell starts from the
    first frame's feature and the backward cell from the last forward state.

    Args:
        channels: channels C of the clip's features.
        variant: see `ConvGRUCell`.
        bidirectional: with False only the forward cell is there and Hf is the output (Rd in the
            paper's Table 3).
    """

    def __init__(
        self, channels: int, variant: Variant = "paper", bidirectional: bool = True
    ) -> None:
        super().__init__()
        self.bidirectional = bidirectional
        self.forward_cell = ConvGRUCell(channels, variant)
        if bidirectional:
            self.backward_cell = ConvGRUCell(channels, variant)
            self.w_hf, self.w_hb = _conv(channels, 3, bias=True), _conv(channels, 3)

    def forward(self, x: Tensor) -> Tensor:
        """Run over clip features (B, T, C, H, W); the shape stays."""
        frames = x.unbind(dim=1)  # T times (B, C, H, W)
        hf = states_along(self.forward_cell, frames, start=frames[0])
        if not self.bidirectional:
            return torch.stack(hf, dim=1)
        hb = states_along(self.backward_cell, hf[::-1], start=hf[-1])[::-1]
        h = [torch.tanh(self.w_hf(f) + self.w_hb(b)) for f, b in zip(hf, hb, strict=True)]
        return torch.stack(h, dim=1)  # (B, T, C, H, W)


def states_along(cell: ConvGRUCell, inputs: Sequence[Tensor], start: Tensor) -> list[Tensor]:
    """Return the state after each of `inputs`; all are (B, C, H, W)."""
    states, h = [], start
    for x in inputs:
        h = cell(x, h)
        states.append(h)
    return states


def _conv(channels: int, kernel: int, bias: bool = False) -> nn.Conv2d:
    conv = nn.Conv2d(channels, channels, kernel, padding=kernel // 2, bias=bias)
    # Two convolutions are summed before each sigmoid or tanh: together they count as one.
    nn.init.xavier_uniform_(conv.weight, gain=0.5**0.5)
    if conv.bias is not None:
        nn.init.zeros_(conv.bias)
    return conv
