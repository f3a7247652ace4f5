"""RCRNet: saliency of single images (paper 3.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from torch import Tensor, nn

from rcrlib.models.config import RCRNetConfig
from rcrlib.models.decoder import Decoder
from rcrlib.models.encoder import Encoder, Features

if TYPE_CHECKING:
    from typing_extensions import Self


class RCRNet(nn.Module):
    """The refinement network with contextual residual skips, for single images.

    Source: paper 3.1; layer sizes from the authors' code. Fresh weights are drawn from torch's
    global random state; `load_encoder_weights` loads ImageNet weights into the ResNet.

    Example:
        >>> import torch
        >>> logits = RCRNet().eval()(torch.randn(2, 3, 64, 64))
        >>> saliency = logits.sigmoid()                         # in [0, 1]
        >>> saliency.shape
        torch.Size([2, 1, 64, 64])
    """

    def __init__(self, config: RCRNetConfig | None = None) -> None:
        super().__init__()
        self.config = config or RCRNetConfig()
        self.encoder = Encoder(self.config)
        self.decoder = Decoder(self.config)
        self.frozen = False

    def freeze(self, groups: int) -> None:
        """Keep the stem and the first residual groups as they are: they no longer learn.

        The whole ResNet then normalises with its stored statistics, in training as well: a small
        batch's own are noisy, and stored ones are part of the convolutions, which saves time.

        Args:
            groups: of conv2_x to conv5_x, counted from the image; 0 freezes nothing.
        """
        resnet = self.encoder.resnet
        parts = [resnet.layer1, resnet.layer2, resnet.layer3, resnet.layer4][:groups]
        for part in [resnet.conv1, resnet.bn1, *parts] if groups else []:
            part.requires_grad_(False)
        self.frozen = groups > 0
        self.train(self.training)

    def train(self, mode: bool = True) -> Self:
        """Set training mode, but for the ResNet's batch normalisation where it is frozen."""
        super().train(mode)
        for module in self.encoder.resnet.modules() if self.frozen else ():
            if isinstance(module, nn.BatchNorm2d):
                module.eval()
        return self

    def encode(self, x: Tensor) -> Features:
        """Return the features of images (B, C, H, W) at strides 4, 8 and 16, and their context."""
        return self.encoder(x)

    def decode(self, features: Features, size: Sequence[int]) -> Tensor:
        """Return logits (B, 1, H, W) for `features` and `size` = (H, W), the images' size."""
        return self.decoder(features.context, self.decoder.skips(features), size)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (B, 1, H, W) for ImageNet-normalised images (B, C, H, W) of any size."""
        return self.decode(self.encode(x), size=x.shape[2:])
