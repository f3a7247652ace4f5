"""The non-local block in time that is linear in the clip's length."""

from __future__ import annotations

from torch import Tensor

from rcrlib.models.nonlocal_block import NonLocalBlock


class FastNonLocalBlock(NonLocalBlock):
    """`NonLocalBlock` without its N x N similarities (its softmax form needs them)."""

    def forward(self, x: Tensor) -> Tensor:
        """Relate all positions of clip features (B, T, C, H, W); the shape stays."""
        if self.softmax:
            return super().forward(x)
        b, t, c, h, w = x.shape
        positions = x.permute(0, 1, 3, 4, 2).reshape(b, t * h * w, c)  # (B, N, C)
        y = dot_product_sum(self.theta(positions), self.phi(positions), self.g(positions))
        return x + self.w(y).reshape(b, t, h, w, c).permute(0, 1, 4, 2, 3)


def dot_product_sum(theta: Tensor, phi: Tensor, g: Tensor) -> Tensor:
    """Return 1/N θ (φᵀ g), all (B, N, K): `pairwise_sum` without the N x N similarities.

    Linear in N, for a product of matrices may be taken in any order. Each factor of the sum over N
    positions takes half of the division by N, which keeps all values within float16's range.
    """
    root = g.shape[1] ** 0.5
    return theta @ ((phi / root).mT @ (g / root))
