"""The non-local block: all positions of a clip see each other (paper 3.2; Wang et al., 2018)."""

from __future__ import annotations

from torch import Tensor, nn


class NonLocalBlock(nn.Module):
    """Adds to each position a weighted sum of the features at all positions of all frames.

    With x_i the feature at one of the N = T·H·W positions of a clip,

        z_i = W y_i + x_i,    y_i = 1/N Σ_j f(x_i, x_j) g(x_j),    f(x_i, x_j) = θ(x_i)ᵀ φ(x_j).

    Source: the paper says "weighted sum of the features at all positions"; the dot product and the
    division by N are the authors' code. W starts at zero, so that a new block changes nothing.

    Args:
        channels: channels C of the clip's features.
        inner: channels of θ, φ and g; C // 2 by default.
        softmax: weights softmax_j θ(x_i)ᵀφ(x_j) in place of f / N (our option, not the paper's).
    """

    def __init__(self, channels: int, inner: int | None = None, softmax: bool = False) -> None:
        super().__init__()
        inner = inner or max(1, channels // 2)
        # A 1x1x1 convolution is a linear map of each position's channels.
        self.theta = nn.Linear(channels, inner)
        self.phi = nn.Linear(channels, inner)
        self.g = nn.Linear(channels, inner)
        self.w = nn.Linear(inner, channels)
        self.softmax = softmax
        nn.init.zeros_(self.w.weight)
        nn.init.zeros_(self.w.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Relate all positions of clip features (B, T, C, H, W); the shape stays."""
        b, t, c, h, w = x.shape
        positions = x.permute(0, 1, 3, 4, 2).reshape(b, t * h * w, c)  # (B, N, C)
        weighted_sum = softmax_sum if self.softmax else pairwise_sum
        y = weighted_sum(self.theta(positions), self.phi(positions), self.g(positions))  # (B, N, K)
        return x + self.w(y).reshape(b, t, h, w, c).permute(0, 1, 4, 2, 3)  # (B, T, C, H, W)


def pairwise_sum(theta: Tensor, phi: Tensor, g: Tensor) -> Tensor:
    """Return 1/N (θ φᵀ) g, all (B, N, K), as the equation reads: quadratic in N."""
    similarity = theta @ phi.mT  # f: (B, N, N)
    return similarity / g.shape[1] @ g


def softmax_sum(theta: Tensor, phi: Tensor, g: Tensor) -> Tensor:
    """Return softmax(θ φᵀ) g, all (B, N, K): positive weights that sum to one; quadratic in N."""
    similarity = theta @ phi.mT  # (B, N, N)
    return similarity.softmax(dim=-1) @ g
