"""RCRNet: saliency of single images (paper 3.1)."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from rcrlib.models.config import RCRNetConfig
from rcrlib.models.decoder import Decoder
from rcrlib.models.encoder import Encoder, Features
from rcrlib.models.layers import arrange_frames


class RCRNet(nn.Module):
    """The refinement network with contextual residual skips, for single images.

    Source: paper 3.1; layer sizes from the authors' code. Fresh weights are drawn from torch's
    global random state; `load_encoder_weights` gives the ResNet its ImageNet training.

    Example:
        >>> logits = RCRNet()(torch.randn(2, 3, 448, 448))      # doctest: +SKIP
        >>> saliency = logits.sigmoid()                         # (2, 1, 448, 448) in [0, 1]
    """

    def __init__(self, config: RCRNetConfig | None = None) -> None:
        super().__init__()
        self.config = config or RCRNetConfig()
        self.encoder = Encoder(self.config)
        self.decoder = Decoder(self.config)

    def encode(self, x: Tensor) -> Features:
        """Give the features of images (B, C, H, W) at strides 4, 8 and 16, and their context."""
        return self.encoder(x)

    def decode(self, features: Features, size: Sequence[int]) -> Tensor:
        """Give logits (B, 1, H, W) for `features` and `size` = (H, W), the images' size."""
        return self.decoder(features.context, self.decoder.skips(features), size)

    def forward(self, x: Tensor) -> Tensor:
        """Give logits (B, 1, H, W) for ImageNet-normalised images (B, C, H, W) of any size."""
        return self.decode(self.encode(arrange_frames(x)), x.shape[2:])
