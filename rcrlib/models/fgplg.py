"""FGPLG, the flow-guided pseudo-label generator (paper 3.3)."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from rcrlib.errors import OptionError
from rcrlib.models.config import RCRNetConfig, check_choice
from rcrlib.models.layers import FrozenBatchNorm
from rcrlib.models.rcrnet import RCRNet
from rcrlib.variants import Inputs, Variant, sees_flow, sees_labels

AGREED = 4.0
"""Logit of a pixel that both labels agree on, where FGPLG is `residual`: a probability of 0.98."""


class FGPLG(FrozenBatchNorm):
    """An RCRNet that sees seven channels: frame k, two labels brought to k, two flow magnitudes.

    Source: paper 3.3. The flow itself and the warping happen outside (`rcrlib.flow`). Batch
    normalisation always uses its stored statistics.

    Args:
        rcrnet: sizes; `in_channels` is set to 7 whatever it says.
        inputs: what is shown besides RGB, paper's Table 4: "rgb" (Gb) or "rgb+labels" (Gc, unwarped
            labels) or "rgb+labels+flow" (Gd, warped labels and flow magnitudes). Channels that are
            switched off are zeros.
        variant: which flow magnitude the network is trained with, "paper" or "official"; only
            recorded here, for those who prepare its input.
        residual: not the paper's. The network answers with what to add to the labels' own vote: a
            pixel that both call object starts at a logit of `AGREED`, one that neither does at
            -`AGREED`, one on which they differ at 0. RCRNet's map has a quarter of the frame's
            side, the labels have all of it: this keeps the outlines that they bring.

    Raises:
        OptionError: another `inputs` or `variant`, or `residual` where no labels are seen.
    """

    def __init__(
        self,
        rcrnet: RCRNetConfig | None = None,
        inputs: Inputs = "rgb+labels+flow",
        variant: Variant = "paper",
        residual: bool = False,
    ) -> None:
        super().__init__()
        check_choice("inputs", inputs, Inputs)
        check_choice("variant", variant, Variant)
        if residual and not sees_labels(inputs):
            raise OptionError("residual: needs labels to add to; use inputs='rgb+labels+flow'")
        self.inputs = inputs
        self.variant = variant
        self.residual = residual
        self.network = RCRNet(replace(rcrnet or RCRNetConfig(), in_channels=7))
        self.train()

    @classmethod
    def from_rcrnet(
        cls,
        image_net: RCRNet,
        inputs: Inputs = "rgb+labels+flow",
        variant: Variant = "paper",
        residual: bool = False,
    ) -> FGPLG:
        """Start from the image stage: copies `image_net`'s weights; in the stem, its RGB part.

        The stem's weights for the other four channels stay as freshly drawn.
        """
        generator = cls(image_net.config, inputs, variant, residual)
        stem = "encoder.resnet.conv1.weight"
        weights = generator.network.state_dict()[stem].clone()  # (64, 7, 7, 7)
        weights[:, :3] = image_net.state_dict()[stem]
        generator.network.load_state_dict({**image_net.state_dict(), stem: weights})
        return generator

    def forward(self, rgb: Tensor, guidance: Tensor) -> Tensor:
        """Return logits (B, 1, H, W) of frame k's pseudo-label.

        Args:
            rgb: frame k, ImageNet-normalised, (B, 3, H, W).
            guidance: (B, 4, H, W), see `rcrlib.flow.guidance`: the labels of the frames i before
                and j after, in [0, 1], brought to k by backward warping where `inputs` has flow, as
                they are where not; and ||O_i|| and ||O_j||, magnitudes of the flow on k towards i
                and towards j, scaled as `variant` says.
        """
        labels, magnitudes = guidance.split(2, dim=1)  # (B, 2, H, W) each
        if not sees_labels(self.inputs):
            labels = torch.zeros_like(labels)
        if not sees_flow(self.inputs):
            magnitudes = torch.zeros_like(magnitudes)
        logits = self.network(torch.cat([rgb, labels, magnitudes], dim=1))  # 7 channels
        if not self.residual:
            return logits
        label_i, label_j = labels.split(1, dim=1)
        return logits + AGREED * (label_i + label_j - 1)
