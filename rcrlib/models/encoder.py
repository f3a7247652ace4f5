"""RCRNet's encoder: a ResNet at stride 16, then atrous spatial pyramid pooling (paper 3.1)."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torchvision.models.resnet import ResNet, resnet18, resnet50

from rcrlib.models.config import Backbone, RCRNetConfig
from rcrlib.models.layers import ConvBNReLU

CHANNELS: dict[Backbone, tuple[int, int, int, int]] = {
    "resnet50": (256, 512, 1024, 2048),
    "resnet18": (64, 128, 256, 512),
}
"""Channels after each of the four residual groups (conv2_x to conv5_x)."""


class Features(NamedTuple):
    """What the encoder hands to the decoder; the number in a name is its stride."""

    f4: Tensor  # (B, 256, ⌈H/4⌉, ⌈W/4⌉) with ResNet-50
    f8: Tensor  # (B, 512, ⌈H/8⌉, ⌈W/8⌉)
    f16: Tensor  # (B, 1024, ⌈H/16⌉, ⌈W/16⌉)
    context: Tensor  # (B, 256, ⌈H/16⌉, ⌈W/16⌉), what ASPP makes of the last group


class Encoder(nn.Module):
    """ResNet at stride 16 and ASPP: (B, C, H, W) -> `Features`."""

    def __init__(self, config: RCRNetConfig) -> None:
        super().__init__()
        self.resnet = dilated_resnet(config)
        last = CHANNELS[config.backbone][3 if config.conv5 else 2]
        self.aspp = ASPP(last, config.aspp_channels, config.dropout)

    def forward(self, x: Tensor) -> Features:
        """Encode ImageNet-normalised images (B, C, H, W)."""
        resnet = self.resnet
        x = resnet.relu(resnet.bn1(resnet.conv1(x)))  # (B, 64, ⌈H/2⌉, ⌈W/2⌉)
        f4 = resnet.layer1(resnet.maxpool(x))  # (B, 256, ⌈H/4⌉, ⌈W/4⌉)
        f8 = resnet.layer2(f4)  # (B, 512, ⌈H/8⌉, ⌈W/8⌉)
        f16 = resnet.layer3(f8)  # (B, 1024, ⌈H/16⌉, ⌈W/16⌉)
        context = self.aspp(resnet.layer4(f16))  # (B, 256, ⌈H/16⌉, ⌈W/16⌉)
        return Features(f4, f8, f16, context)


class ASPP(nn.Module):
    """Atrous spatial pyramid pooling: five scales of context, (B, M, h, w) -> (B, C, h, w).

    In training, the pooled branch has one value per channel and image, so that its batch
    normalisation needs batches of two images or more (or must be frozen).
    """

    def __init__(self, in_channels: int, channels: int = 256, dropout: float = 0.1) -> None:
        super().__init__()
        self.pool = ConvBNReLU(in_channels, channels, 1)
        self.point = ConvBNReLU(in_channels, channels, 1)
        self.rate6 = ConvBNReLU(in_channels, channels, 3, dilation=6)
        self.rate12 = ConvBNReLU(in_channels, channels, 3, dilation=12)
        self.rate18 = ConvBNReLU(in_channels, channels, 3, dilation=18)
        self.project = ConvBNReLU(5 * channels, channels, 3)
        self.dropout = nn.Dropout2d(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Gather context around each position of (B, M, h, w)."""
        mean = self.pool(x.mean(dim=(2, 3), keepdim=True))  # (B, C, 1, 1)
        everywhere = mean.expand(-1, -1, *x.shape[2:])  # (B, C, h, w): bilinear from a 1x1 map
        scales = [everywhere, self.point(x), self.rate6(x), self.rate12(x), self.rate18(x)]
        return self.dropout(self.project(torch.cat(scales, dim=1)))  # (B, C, h, w)


def dilated_resnet(config: RCRNetConfig) -> ResNet:
    """Make torchvision's ResNet without its classifier, the last group at stride 16, dilated by 2.

    All 3x3 convolutions of `layer4` dilate by 2, as in the authors' code. torchvision's own
    `replace_stride_with_dilation` leaves the first block at 1: the same weights load and the output
    differs. With `conv5=False` there is no last group.
    """
    resnet = {"resnet50": resnet50, "resnet18": resnet18}[config.backbone](weights=None)
    del resnet.avgpool, resnet.fc
    if config.in_channels != 3:
        stem = nn.Conv2d(config.in_channels, 64, 7, stride=2, padding=3, bias=False)
        nn.init.kaiming_normal_(stem.weight, mode="fan_out", nonlinearity="relu")
        resnet.conv1 = stem
    if not config.conv5:
        resnet.layer4 = nn.Sequential()
    for module in resnet.layer4.modules():
        if isinstance(module, nn.Conv2d):
            module.stride = (1, 1)
            if module.kernel_size == (3, 3):
                module.dilation = module.padding = (2, 2)
    if config.stride_on == "1x1":
        for first in (resnet.layer2[0], resnet.layer3[0]):
            first.conv1.stride, first.conv2.stride = first.conv2.stride, first.conv1.stride
    return resnet
