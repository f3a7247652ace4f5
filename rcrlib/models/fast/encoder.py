"""The encoder with its batch normalisation folded into the convolutions."""

from __future__ import annotations

from torch import Tensor, nn
from torchvision.models.resnet import BasicBlock, Bottleneck

from rcrlib.models.encoder import Encoder, Features
from rcrlib.models.fast.convolution import conv_bn


class FastBasicBlock(BasicBlock):
    """torchvision's block of ResNet-18."""

    def forward(self, x: Tensor) -> Tensor:
        """Return relu(f(x) + shortcut)."""
        shortcut = _shortcut(self, x)
        x = conv_bn(self.conv1, self.bn1, x, relu=True)
        return conv_bn(self.conv2, self.bn2, x, relu=True, add=shortcut)


class FastBottleneck(Bottleneck):
    """torchvision's block of ResNet-50."""

    def forward(self, x: Tensor) -> Tensor:
        """Return relu(f(x) + shortcut)."""
        shortcut = _shortcut(self, x)
        x = conv_bn(self.conv1, self.bn1, x, relu=True)
        x = conv_bn(self.conv2, self.bn2, x, relu=True)
        return conv_bn(self.conv3, self.bn3, x, relu=True, add=shortcut)


class FastEncoder(Encoder):
    """`Encoder` with the stem's normalisation folded; blocks and ASPP have their own twins."""

    def forward(self, x: Tensor) -> Features:
        """Encode ImageNet-normalised images (B, C, H, W)."""
        resnet = self.resnet
        x = conv_bn(resnet.conv1, resnet.bn1, x, relu=True)
        f4 = resnet.layer1(resnet.maxpool(x))
        f8 = resnet.layer2(f4)
        f16 = resnet.layer3(f8)
        return Features(f4, f8, f16, context=self.aspp(resnet.layer4(f16)))


def _shortcut(block: BasicBlock | Bottleneck, x: Tensor) -> Tensor:
    if block.downsample is None:
        return x
    assert isinstance(block.downsample, nn.Sequential)
    conv, norm = block.downsample
    return conv_bn(conv, norm, x, relu=False)
