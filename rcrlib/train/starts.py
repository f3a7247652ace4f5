"""The network that a stage of training starts from."""

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
    kind_of,
    load_encoder_weights,
    load_weights,
)
from rcrlib.train.presets import Preset
from rcrlib.variants import Inputs, Variant

AnyNetwork = TypeVar("AnyNetwork", RCRNet, FGPLG, RCRNetNER)


def load_as(kind: type[AnyNetwork], path: str | Path) -> AnyNetwork:
    """Load a weights file that must hold a network of `kind`.

    Raises:
        WeightsError: it holds another one.
    """
    network = load_weights(path)
    if not isinstance(network, kind):
        raise _wrong_kind(network, kind, path)
    return network


def start_image(preset: Preset, start: str | Path | None) -> RCRNet:
    """Return the RCRNet that a stage starts from: `start`'s, or one on the preset's encoder.

    Raises:
        WeightsError: the encoder's weights cannot be had, or `start` holds no RCRNet.
    """
    return _rcrnet(_load_or_make(preset, start), start)


def start_fgplg(
    preset: Preset, start: str | Path | None, inputs: Inputs, variant: Variant, residual: bool
) -> FGPLG:
    """Return the FGPLG that stage 2 starts from: `start`'s own, or one made of its RCRNet.

    Raises:
        WeightsError: the encoder's weights cannot be had, or `start` holds another kind of FGPLG.
    """
    network = _load_or_make(preset, start)
    if not isinstance(network, FGPLG):
        return FGPLG.from_rcrnet(_rcrnet(network, start), inputs, variant, residual)
    if (network.inputs, network.variant, network.residual) != (inputs, variant, residual):
        raise WeightsError(
            f"{start}: holds an FGPLG with inputs={network.inputs!r}, variant={network.variant!r},"
            f" residual={network.residual}; ask for the same, or start from an RCRNet"
        )
    return network


def start_video(preset: Preset, start: str | Path | None, ner: NERConfig) -> RCRNetNER:
    """Return the RCRNet+NER that stage 3 starts from; its NER is new where `start` has another.

    Raises:
        WeightsError: as `start_image`.
    """
    network = _load_or_make(preset, start)
    if isinstance(network, RCRNetNER) and network.ner.config == ner:
        return network
    return RCRNetNER.from_rcrnet(_rcrnet(network, start), ner)


def _load_or_make(preset: Preset, start: str | Path | None) -> RCRNet | RCRNetNER | FGPLG:
    """Load the network in `start`, or make an RCRNet on the preset's encoder."""
    if start is not None:
        return load_weights(start)
    network = RCRNet(preset.network)
    load_encoder_weights(network, preset.encoder)
    return network


def _rcrnet(network: RCRNet | RCRNetNER | FGPLG, start: str | Path | None) -> RCRNet:
    """Return the RCRNet of a network, which came from the file `start`."""
    if isinstance(network, FGPLG):
        raise _wrong_kind(network, RCRNet, start)
    return network.rcrnet if isinstance(network, RCRNetNER) else network


def _wrong_kind(network: nn.Module, kind: type[nn.Module], path: str | Path | None) -> WeightsError:
    found = kind_of(network).__name__
    return WeightsError(f"{path}: holds an {found}; an {kind.__name__} is needed here")
