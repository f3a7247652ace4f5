"""Saving and loading networks; the released files; ImageNet weights for the encoder."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal, TypeAlias

import torch
from safetensors.torch import save_file
from torch import nn
from torchvision.models import ResNet18_Weights, ResNet50_Weights

from rcrlib.errors import OptionError, RcrError, WeightsError
from rcrlib.files import atomic_file
from rcrlib.models.config import Backbone, NERConfig, RCRNetConfig, StrideOn
from rcrlib.models.fgplg import FGPLG
from rcrlib.models.rcrnet import RCRNet
from rcrlib.models.released import Kind, from_released, released_kind
from rcrlib.models.state_files import Tensors, fit, read_state
from rcrlib.models.video import RCRNetNER

Network: TypeAlias = RCRNet | RCRNetNER | FGPLG

OURS = "rcrlib"
"""Metadata of our files: one JSON text, for safetensors writes several in no fixed order."""

# V1: the training of torchvision that the paper could use. V2 is a later and longer one.
IMAGENET = {
    "resnet50": ResNet50_Weights.IMAGENET1K_V1,
    "resnet18": ResNet18_Weights.IMAGENET1K_V1,
}


def save_weights(
    model: Network, path: str | Path, *, half: bool = False, **extra_metadata: Any
) -> None:
    """Write a network to a `.safetensors` file from which `load_weights` makes it again.

    Args:
        model: the network; its class and configuration go into the file.
        path: where to; nothing is ever there half written.
        half: write convolutions in 16 bits, for a file of half the size. Normalisation stays in 32.
        extra_metadata: anything worth keeping beside the weights that can be written as JSON.

    Raises:
        OptionError: `path` does not end in `.safetensors`.
    """
    path = Path(path)
    if path.suffix != ".safetensors":
        raise OptionError(f"{path}: weights are written as .safetensors; change the name's ending")
    network = {"class": type(model).__name__, "config": configuration(model)}
    metadata = {OURS: json.dumps({**network, "extra": extra_metadata}, default=str)}
    tensors = {name: tensor.cpu().contiguous() for name, tensor in model.state_dict().items()}
    if half:
        tensors = {name: t.half() if t.ndim > 1 else t for name, t in tensors.items()}
    with atomic_file(path) as temporary:
        save_file(tensors, temporary, metadata)


def load_weights(path: str | Path, device: str | torch.device = "cpu") -> Network:
    """Make the network that a file holds, in float32 and evaluation mode.

    The file is one of ours (`save_weights`) or one of the authors' three released `.pth` files,
    which are recognised by their names and give networks of `variant="official"`.

    Raises:
        WeightsError: the file is missing, damaged, of another kind, or does not fit; it is never
            loaded in part.
    """
    path = Path(path)
    tensors, metadata = read_state(path)
    if OURS in metadata:
        model = _empty_network(path, metadata[OURS])
    elif kind := released_kind(tensors):
        model = _empty_released_network(kind)
        tensors = from_released(tensors, kind)
    else:
        raise WeightsError(
            f"{path}: is neither written by rcrlib nor a released file of the authors (first of"
            f" {len(tensors)} names: {next(iter(tensors), 'none')}); give one of those, or, for"
            " a ResNet, use it as encoder weights"
        )
    # An empty network has shapes but no values yet: the file's tensors become its parameters.
    model.load_state_dict(fit(path, tensors, model.state_dict()), assign=True)
    return model.to(device).eval()


def weights_metadata(path: str | Path) -> dict[str, Any]:
    """Give what `save_weights` was told beside the network; empty for files that are not ours.

    Raises:
        WeightsError: the file is missing or damaged.
    """
    path = Path(path)
    stored = read_state(path).metadata
    try:
        return dict(json.loads(stored[OURS])["extra"]) if OURS in stored else {}
    except (ValueError, KeyError, TypeError) as error:
        raise WeightsError(f"{path}: its metadata cannot be read; fetch the file again") from error


def load_encoder_weights(
    network: Network, source: Literal["none", "imagenet"] | str | Path
) -> None:
    """Give the network's ResNet weights that were trained on ImageNet, in place.

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


def parameter_count(model: nn.Module) -> int:
    """Count a network's parameters (batch normalisation's statistics are not parameters)."""
    return sum(parameter.numel() for parameter in model.parameters())


def configuration(model: Network) -> dict[str, Any]:
    """Give the arguments that make a network like `model`."""
    if isinstance(model, RCRNet):
        return {"config": asdict(model.config)}
    if isinstance(model, RCRNetNER):
        return {"rcrnet": asdict(model.rcrnet.config), "ner": asdict(model.ner.config)}
    return {
        "rcrnet": asdict(model.network.config),
        "inputs": model.inputs,
        "variant": model.variant,
        "residual": model.residual,
    }


def _empty_network(path: Path, description: str) -> Network:
    """Make the network that a file's metadata describe, without values."""
    try:
        described = json.loads(description)
        class_name, options = described["class"], dict(described["config"])
        for name in options.keys() & {"config", "rcrnet"}:
            options[name] = RCRNetConfig(**_with_tuples(options[name]))
        if "ner" in options:
            options["ner"] = NERConfig(**options["ner"])
        with torch.device("meta"):
            return {"RCRNet": RCRNet, "RCRNetNER": RCRNetNER, "FGPLG": FGPLG}[class_name](**options)
    except (ValueError, KeyError, TypeError, AttributeError, RcrError) as error:
        raise WeightsError(
            f"{path}: describes a network that this version cannot make"
            f" ({type(error).__name__}: {error}); update rcrlib or give another file"
        ) from error


def _empty_released_network(kind: Kind) -> Network:
    """Make the network of a released file, without values."""
    with torch.device("meta"):
        if kind == "FGPLG":
            return FGPLG(variant="official")
        return RCRNetNER(ner=NERConfig(variant="official")) if kind == "RCRNetNER" else RCRNet()


def _with_tuples(options: dict[str, Any]) -> dict[str, Any]:
    """Undo what JSON does to tuples."""
    return {name: tuple(v) if isinstance(v, list) else v for name, v in options.items()}


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
