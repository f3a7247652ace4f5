"""The deep bidirectional ConvGRU that carries the object along a clip (paper 3.2, Eq. 2 and 3)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rcrlib.models.config import Variant, check_choice
from rcrlib.models.layers import arrange
from rcrlib.models.paths import is_readable


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
        """Give the next state for the input `x` and the state `h`; all three are (B, C, H, W)."""
        z = torch.sigmoid(self.w_xz(x) + self.w_hz(h))
        r = torch.sigmoid(self.w_xr(x) + self.w_hr(h))
        reset = r * self.w_hh(h) if self.variant == "paper" else self.w_hh(r * h)
        candidate = torch.tanh(self.w_xh(x) + reset)
        return (1 - z) * candidate + z * h

    def run(self, inputs: Tensor, start: Tensor) -> Tensor:
        """Give the state after each of the inputs (B, T, C, h, w), from `start` (B, C, h, w).

        `forward` T times over, in fewer and larger convolutions: those of X do not depend on the
        state, so all T go at once; and those that read the same map are one, with their weights
        behind each other.
        """
        of_x = [self.w_xz, self.w_xr, self.w_xh]
        of_h = [self.w_hz, self.w_hr, self.w_hh]
        biases = torch.cat([conv.bias for conv in of_x if conv.bias is not None])
        x = _convolve(inputs.flatten(0, 1), of_x, biases).unflatten(0, inputs.shape[:2])
        gates = of_h if self.variant == "paper" else of_h[:2]
        states, h = [], start
        for x_z, x_r, x_h in (frame.chunk(3, dim=1) for frame in x.unbind(dim=1)):
            h_z, h_r, *h_h = _convolve(h, gates).chunk(len(gates), dim=1)
            z, r = torch.sigmoid(x_z + h_z), torch.sigmoid(x_r + h_r)
            reset = r * h_h[0] if h_h else self.w_hh(r * h)
            candidate = torch.tanh(x_h + reset)
            h = (1 - z) * candidate + z * h
            states.append(h)
        return torch.stack(states, dim=1)


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
        if not is_readable():
            return self._forward_together(x)
        frames = list(x.unbind(dim=1))
        forward_states = _run(self.forward_cell, frames, start=frames[0])
        if not self.bidirectional:
            return torch.stack(forward_states, dim=1)
        from_the_end = forward_states[::-1]
        backward_states = _run(self.backward_cell, from_the_end, start=from_the_end[0])[::-1]
        outputs = [
            torch.tanh(self.w_hf(hf) + self.w_hb(hb))
            for hf, hb in zip(forward_states, backward_states, strict=True)
        ]
        return torch.stack(outputs, dim=1)

    def _forward_together(self, x: Tensor) -> Tensor:
        """Give what `forward` gives, with the convolutions of all frames at once where they can."""
        forward_states = self.forward_cell.run(x, x[:, 0])
        if not self.bidirectional:
            return forward_states
        from_the_end = forward_states.flip(1)
        backward_states = self.backward_cell.run(from_the_end, from_the_end[:, 0]).flip(1)
        both = torch.cat([forward_states, backward_states], dim=2).flatten(0, 1)
        weight = torch.cat([self.w_hf.weight, self.w_hb.weight], dim=1)
        outputs = F.conv2d(both, weight, self.w_hf.bias, padding=self.w_hf.padding)
        return torch.tanh(outputs).unflatten(0, x.shape[:2])


def _run(cell: ConvGRUCell, inputs: list[Tensor], start: Tensor) -> list[Tensor]:
    """Give the state after each of `inputs`."""
    states, h = [], start
    for x in inputs:
        h = cell(x, h)
        states.append(h)
    return states


def _convolve(x: Tensor, convs: Sequence[nn.Conv2d], bias: Tensor | None = None) -> Tensor:
    """Give what several convolutions make of one map, behind each other: (B, n C, h, w)."""
    weight = torch.cat([conv.weight for conv in convs])
    return F.conv2d(arrange(x), weight, bias, padding=convs[0].padding)


def _conv(channels: int, kernel: int, bias: bool = False) -> nn.Conv2d:
    conv = nn.Conv2d(channels, channels, kernel, padding=kernel // 2, bias=bias)
    # Two convolutions are summed before each sigmoid or tanh: together they count as one.
    nn.init.xavier_uniform_(conv.weight, gain=0.5**0.5)
    if conv.bias is not None:
        nn.init.zeros_(conv.bias)
    return conv
