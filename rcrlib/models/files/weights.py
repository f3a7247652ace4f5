"""Saving and loading networks, the authors' released files among them."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeAlias

import torch
from safetensors.torch import save
from torch import nn

from rcrlib.errors import OptionError, RcrError, WeightsError
from rcrlib.files import atomic_file
from rcrlib.models.config import NERConfig, RCRNetConfig
from rcrlib.models.fast import accelerate
from rcrlib.models.fgplg import FGPLG
from rcrlib.models.files.released import Kind, from_released, released_kind
from rcrlib.models.files.state_files import fit, read_state
from rcrlib.models.rcrnet import RCRNet
from rcrlib.models.video import RCRNetNER

Network: TypeAlias = RCRNet | RCRNetNER | FGPLG

KINDS: dict[str, type[Network]] = {"RCRNet": RCRNet, "RCRNetNER": RCRNetNER, "FGPLG": FGPLG}
"""The networks by the names that files have for them."""

OURS = "rcrlib"
"""Metadata of our files: one JSON text, for safetensors writes several in no fixed order."""


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
    network = {"class": kind_of(model).__name__, "config": configuration(model)}
    metadata = {OURS: json.dumps({**network, "extra": extra_metadata}, default=str)}
    tensors = {name: tensor.cpu().contiguous() for name, tensor in model.state_dict().items()}
    if half:
        tensors = {name: t.half() if t.ndim > 1 else t for name, t in tensors.items()}
    with atomic_file(path) as temporary:
        # `save_file` writes to a temporary name of its own, which would outlive a kill.
        temporary.write_bytes(save(tensors, metadata))


def load_weights(
    path: str | Path, device: str | torch.device = "cpu", *, fast: bool = True
) -> Network:
    """Make the network that a file holds, in float32 and evaluation mode.

    The file is one of ours (`save_weights`) or one of the authors' three released `.pth` files,
    which are recognised by their names and give networks of `variant="official"`.

    Args:
        path: a `.safetensors` or `.pth` file.
        device: where the network is put.
        fast: return it accelerated (see `accelerate`); False returns the plain network, which
            computes as the equations read.

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
    model = model.to(device).eval()
    return accelerate(model) if fast else model


def weights_metadata(path: str | Path) -> dict[str, Any]:
    """Return what `save_weights` was told beside the network; empty for files that are not ours.

    Raises:
        WeightsError: the file is missing or damaged.
    """
    path = Path(path)
    stored = read_state(path).metadata
    try:
        return dict(json.loads(stored[OURS])["extra"]) if OURS in stored else {}
    except (ValueError, KeyError, TypeError) as error:
        raise WeightsError(f"{path}: its metadata cannot be read; fetch the file again") from error


def kind_of(model: nn.Module) -> type[nn.Module]:
    """Return the plain class of a network: `RCRNet`, `RCRNetNER` or `FGPLG`, accelerated or not."""
    return next((kind for kind in KINDS.values() if isinstance(model, kind)), type(model))


def configuration(model: Network) -> dict[str, Any]:
    """Return the arguments that make a network like `model`."""
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
            return KINDS[class_name](**options)
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
