"""Where a stage of training starts: an encoder, or the weights that an earlier stage left."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from torch import nn

from rcrlib.errors import WeightsError
from rcrlib.models import (
    FGPLG,
    NERConfig,
    RCRNet,
    RCRNetNER,
    load_encoder_weights,
    load_weights,
)
from rcrlib.models.config import Inputs, Variant
from rcrlib.train.presets import Preset

Network = TypeVar("Network", RCRNet, FGPLG, RCRNetNER)


def load_as(kind: type[Network], path: str | Path) -> Network:
    """Load a weights file that must hold a network of `kind`.

    Raises:
        WeightsError: it holds another one.
    """
    network = load_weights(path)
    if not isinstance(network, kind):
        raise _another(network, kind, path)
    return network


def start_image(preset: Preset, start: str | Path | None) -> RCRNet:
    """Give the RCRNet that a stage goes on from: `start`'s, or one on the preset's encoder.

    Raises:
        WeightsError: the encoder's weights cannot be had, or `start` holds no RCRNet.
    """
    network = _start(preset, start)
    return network.rcrnet if isinstance(network, RCRNetNER) else network


def start_fgplg(
    preset: Preset, start: str | Path | None, inputs: Inputs, variant: Variant, residual: bool
) -> FGPLG:
    """Give the FGPLG that stage 2 goes on from: `start`'s own, or one made of its RCRNet.

    Raises:
        WeightsError: the encoder's weights cannot be had, or `start` holds another kind of FGPLG.
    """
    trained = None if start is None else load_weights(start)
    if not isinstance(trained, FGPLG):
        return FGPLG.from_rcrnet(start_image(preset, start), inputs, variant, residual)
    asked = (inputs, variant, residual)
    if (trained.inputs, trained.variant, trained.residual) != asked:
        raise WeightsError(
            f"{start}: holds an FGPLG with inputs={trained.inputs!r}, variant={trained.variant!r},"
            f" residual={trained.residual}; ask for the same, or start from an RCRNet"
        )
    return trained


def start_video(preset: Preset, start: str | Path | None, ner: NERConfig) -> RCRNetNER:
    """Give the RCRNet+NER that stage 3 goes on from; its NER is fresh where `start` has another.

    Raises:
        WeightsError: as `start_image`.
    """
    network = _start(preset, start)
    if isinstance(network, RCRNet):
        return RCRNetNER.from_rcrnet(network, ner)
    if network.ner.config == ner:
        return network
    return RCRNetNER.from_rcrnet(network.rcrnet, ner)


def _start(preset: Preset, start: str | Path | None) -> RCRNet | RCRNetNER:
    """Give the network that a stage goes on from: `start`'s, or an RCRNet on the encoder."""
    if start is None:
        network = RCRNet(preset.network)
        load_encoder_weights(network, preset.encoder)
        return network
    trained = load_weights(start)
    if isinstance(trained, FGPLG):
        raise _another(trained, RCRNet, start)
    return trained


def _another(network: nn.Module, kind: type[nn.Module], path: str | Path) -> WeightsError:
    found = type(network).__name__
    return WeightsError(f"{path}: holds an {found}; an {kind.__name__} is needed here")
