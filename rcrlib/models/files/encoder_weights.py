"""Weights of a ResNet, trained on ImageNet, for the encoder."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from torchvision.models import ResNet18_Weights, ResNet50_Weights

from rcrlib.errors import OptionError, WeightsError
from rcrlib.models.config import Backbone, RCRNetConfig, StrideOn
from rcrlib.models.fgplg import FGPLG
from rcrlib.models.files.state_files import Tensors, fit, read_state
from rcrlib.models.files.weights import Network
from rcrlib.models.rcrnet import RCRNet
from rcrlib.models.video import RCRNetNER

# V1: the training of torchvision that the paper could use. V2 is a later and longer one.
IMAGENET = {
    "resnet50": ResNet50_Weights.IMAGENET1K_V1,
    "resnet18": ResNet18_Weights.IMAGENET1K_V1,
}


def load_encoder_weights(
    network: Network, source: Literal["none", "imagenet"] | str | Path
) -> None:
    """Load weights that were trained on ImageNet into the network's ResNet, in place.

    Args:
        network: any of the three; of FGPLG's seven-channel stem the RGB part is filled.
        source: "none" (nothing is done), "imagenet" (torchvision downloads its weights) or a file,
            `.safetensors` or `.pth`, with torchvision's names (16-bit is fine). `fc`, and of a
            network with `conv5=False` the last group, are dropped.

    Raises:
        WeightsError: the download fails, or the file does not fit the network's configuration.
        OptionError: "imagenet" for a network with `stride_on="1x1"`.
    """
    if source == "none":
        return
    image_net = _image_network(network)
    resnet = image_net.encoder.resnet
    if source == "imagenet":
        path, tensors = Path("imagenet"), _download(image_net.config)
    else:
        path = Path(source)
        _check_encoder_file(path, image_net.config)
        tensors = read_state(path).tensors
    unused = ("fc.",) if image_net.config.conv5 else ("fc.", "layer4.")
    tensors = {name: t for name, t in tensors.items() if not name.startswith(unused)}
    expected = resnet.state_dict()
    stem = expected["conv1.weight"].clone()
    fitted = fit(path, tensors, {**expected, "conv1.weight": stem[:, :3]})
    stem[:, :3] = fitted["conv1.weight"]
    resnet.load_state_dict({**fitted, "conv1.weight": stem})


def encoder_file_info(path: str | Path) -> tuple[Backbone, StrideOn]:
    """Tell which `RCRNetConfig(backbone=..., stride_on=...)` a file of ResNet weights needs.

    The backbone shows in the names. The place of the stride does not: it is the 1x1 convolution
    where the file's metadata says so ("stride" starts with "1x1"), else the 3x3 as in torchvision.

    Raises:
        WeightsError: the file is missing, damaged, or holds no ResNet with torchvision's names.
    """
    path = Path(path)
    tensors, metadata = read_state(path)
    if not {"conv1.weight", "layer1.0.conv1.weight"} <= tensors.keys():
        raise WeightsError(
            f"{path}: holds no ResNet with torchvision's names (first of {len(tensors)}:"
            f" {next(iter(tensors), 'none')}; expected conv1.weight, layer1.0.conv1.weight, ...)"
        )
    backbone: Backbone = "resnet50" if "layer1.0.conv3.weight" in tensors else "resnet18"
    stride_on: StrideOn = "1x1" if metadata.get("stride", "").startswith("1x1") else "3x3"
    return backbone, stride_on


def _image_network(network: Network) -> RCRNet:
    if isinstance(network, RCRNetNER):
        return network.rcrnet
    return network.network if isinstance(network, FGPLG) else network


def _check_encoder_file(path: Path, config: RCRNetConfig) -> None:
    backbone, stride_on = encoder_file_info(path)
    if (backbone, stride_on) != (config.backbone, config.stride_on):
        raise WeightsError(
            f"{path}: is a {backbone} with its stride on the {stride_on} convolutions, the network"
            f" is a {config.backbone} with it on the {config.stride_on}; make the network with"
            f" RCRNetConfig(backbone={backbone!r}, stride_on={stride_on!r})"
        )


def _download(config: RCRNetConfig) -> Tensors:
    if config.stride_on != "3x3":
        raise OptionError("imagenet: torchvision's weights need stride_on='3x3'")
    try:
        return dict(IMAGENET[config.backbone].get_state_dict(progress=False, check_hash=True))
    except (OSError, RuntimeError) as error:
        raise WeightsError(
            f"imagenet: torchvision could not download {config.backbone} ({error}); give a file"
            " with torchvision's names instead, or 'none'"
        ) from error
