"""RCRNet+NER: saliency of video clips (paper 3.2)."""

from __future__ import annotations

from torch import Tensor

from rcrlib.models.config import NERConfig, RCRNetConfig
from rcrlib.models.layers import FrozenBatchNorm
from rcrlib.models.ner import NER
from rcrlib.models.rcrnet import RCRNet


class RCRNetNER(FrozenBatchNorm):
    """RCRNet with NER between its encoder and its decoder.

    Source: paper 3.2. Batch normalisation always uses its stored statistics.

    Example:
        >>> import torch
        >>> logits = RCRNetNER().eval()(torch.randn(1, 4, 3, 64, 64))
        >>> logits.shape                                              # one map per frame
        torch.Size([1, 4, 1, 64, 64])
    """

    def __init__(self, rcrnet: RCRNetConfig | None = None, ner: NERConfig | None = None) -> None:
        super().__init__()
        self.rcrnet = RCRNet(rcrnet)
        self.ner = NER(self.rcrnet.config.aspp_channels, ner)
        self.train()

    @classmethod
    def from_rcrnet(cls, image_net: RCRNet, ner: NERConfig | None = None) -> RCRNetNER:
        """Start from the image stage: copies `image_net`'s weights; NER's are fresh."""
        network = cls(image_net.config, ner)
        network.rcrnet.load_state_dict(image_net.state_dict())
        return network

    def forward(self, clip: Tensor) -> Tensor:
        """Return logits (B, T, 1, H, W) for ImageNet-normalised clips (B, T, 3, H, W), T >= 1."""
        b, t = clip.shape[:2]
        features = self.rcrnet.encode(clip.flatten(0, 1))  # of B·T images
        context = self.ner(features.context.unflatten(0, (b, t)))  # (B, T, 256, ⌈H/16⌉, ⌈W/16⌉)
        features = features._replace(context=context.flatten(0, 1))
        return self.rcrnet.decode(features, size=clip.shape[3:]).unflatten(0, (b, t))
