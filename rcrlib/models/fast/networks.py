"""The whole networks: frames in channels_last, and in inference a few at a time."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from rcrlib.models.decoder import Skips
from rcrlib.models.fast.memory_format import frames_to_channels_last
from rcrlib.models.rcrnet import RCRNet
from rcrlib.models.video import RCRNetNER

CHUNK = {"cpu": 4, "cuda": 16, "mps": 4}
"""Frames that inference takes through the image network at once."""


class FastRCRNet(RCRNet):
    """`RCRNet` on frames in channels_last."""

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (B, 1, H, W) for ImageNet-normalised images (B, C, H, W) of any size."""
        return super().forward(frames_to_channels_last(x))


class FastRCRNetNER(RCRNetNER):
    """`RCRNetNER` on chunks of frames in channels_last.

    Only the context has to exist for all frames at once. Of what lies between, each chunk keeps the
    skips, a third of the encoder's features, so that memory hardly grows with the clip.
    """

    def forward(self, clip: Tensor) -> Tensor:
        """Return logits (B, T, 1, H, W) for ImageNet-normalised clips (B, T, 3, H, W), T >= 1."""
        batch_and_time = clip.shape[:2]
        decoder, size = self.rcrnet.decoder, clip.shape[3:]
        chunks = self._chunks(clip.flatten(0, 1))
        encoded = [self._encode(chunk) for chunk in chunks]
        context = torch.cat([context for context, _ in encoded])
        context = self.ner(context.unflatten(0, batch_and_time)).flatten(0, 1)
        contexts = context.split([len(chunk) for chunk in chunks])
        logits = [
            decoder(context, skips, size)
            for context, (_, skips) in zip(contexts, encoded, strict=True)
        ]
        return torch.cat(logits).unflatten(0, batch_and_time)

    def _encode(self, frames: Tensor) -> tuple[Tensor, Skips]:
        features = self.rcrnet.encode(frames)
        return features.context, self.rcrnet.decoder.skips(features)

    def _chunks(self, frames: Tensor) -> Sequence[Tensor]:
        """Split (B·T, 3, H, W) into what goes through the image network together."""
        if torch.is_grad_enabled():  # the backward pass needs all of it anyway
            return [frames_to_channels_last(frames)]
        chunks = frames.split(CHUNK[frames.device.type])
        return [frames_to_channels_last(chunk) for chunk in chunks]
