"""RCRNet+NER: saliency of video clips (paper 3.2)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from rcrlib.models.config import NERConfig, RCRNetConfig
from rcrlib.models.decoder import Skips
from rcrlib.models.layers import FrozenBatchNorm, arrange_frames
from rcrlib.models.ner import NER
from rcrlib.models.paths import is_readable
from rcrlib.models.rcrnet import RCRNet

TOGETHER = {"cpu": 4, "cuda": 16, "mps": 4}
"""Frames that inference takes through the image network at once."""


class RCRNetNER(FrozenBatchNorm):
    """RCRNet with NER between its encoder and its decoder.

    Source: paper 3.2. Batch normalisation always uses its stored statistics.

    Example:
        >>> logits = RCRNetNER()(torch.randn(1, 4, 3, 448, 448))      # doctest: +SKIP
        >>> logits.shape                                              # one map per frame
        torch.Size([1, 4, 1, 448, 448])
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
        """Give logits (B, T, 1, H, W) for ImageNet-normalised clips (B, T, 3, H, W), any T >= 1."""
        batch_and_time = clip.shape[:2]
        decoder, size = self.rcrnet.decoder, clip.shape[3:]
        # A few frames at a time: what lies between them and the skips need not exist for all T.
        parts = self._parts(clip.flatten(0, 1))
        encoded = [self._encode(part) for part in parts]
        context = torch.cat([context for context, _ in encoded])
        context = self.ner(context.unflatten(0, batch_and_time)).flatten(0, 1)
        contexts = context.split([len(part) for part in parts])
        logits = [
            decoder(context, skips, size)
            for context, (_, skips) in zip(contexts, encoded, strict=True)
        ]
        return torch.cat(logits).unflatten(0, batch_and_time)

    def _encode(self, frames: Tensor) -> tuple[Tensor, Skips]:
        features = self.rcrnet.encode(frames)
        return features.context, self.rcrnet.decoder.skips(features)

    def _parts(self, frames: Tensor) -> Sequence[Tensor]:
        """Cut (B T, 3, H, W) into what goes through the image network together."""
        if is_readable() or torch.is_grad_enabled():
            return [arrange_frames(frames)]
        return [arrange_frames(part) for part in frames.split(TOGETHER[frames.device.type])]
