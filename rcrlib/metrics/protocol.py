"""The named ways to get from frames to one number. Conventions differ by 3 to 4 points of max F."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeVar

from rcrlib.errors import OptionError


@dataclass(frozen=True, kw_only=True)
class SaliencyProtocol:
    """Which frames of a video count, how a map is read, and what is averaged over what."""

    name: str
    without_ends: bool
    """Leave out the first and the last annotated frame of each video."""

    min_max: bool
    """Stretch each map to [0, 1], instead of taking it as it is."""

    by_video: bool
    """F of each frame -> mean of each video -> mean over videos -> max over thresholds; and all
    else by video, too. Otherwise precision and recall are averaged over all frames, then F of the
    two means is taken, and all else is a mean over frames."""

    @property
    def normalisation(self) -> str:
        """How a map is normalised, for tables."""
        return "min-max per frame" if self.min_max else "none"


@dataclass(frozen=True, kw_only=True)
class SegmentationProtocol:
    """Which frames of a video count; J and F are means over the frames of a video, then videos."""

    name: str
    without_ends: bool


AnyProtocol = TypeVar("AnyProtocol", SaliencyProtocol, SegmentationProtocol)


def _by_name(*protocols: AnyProtocol) -> Mapping[str, AnyProtocol]:
    return MappingProxyType({protocol.name: protocol for protocol in protocols})


PROTOCOLS = _by_name(
    SaliencyProtocol(name="paper", without_ends=False, min_max=False, by_video=False),
    SaliencyProtocol(name="davsod", without_ends=True, min_max=True, by_video=True),
)
"""For saliency: `paper`, the paper's as far as it says, and `davsod`, of the field's video tool."""

SEGMENTATION_PROTOCOLS = _by_name(
    SegmentationProtocol(name="davis16", without_ends=True),
    SegmentationProtocol(name="all-frames", without_ends=False),
)
"""For J and F: `davis16`, of the DAVIS 2016 benchmark, and `all-frames`, for FBMS and others."""


def get_protocol(protocols: Mapping[str, AnyProtocol], name: str) -> AnyProtocol:
    """Return the protocol of that name; raise `OptionError` for an unknown one."""
    if name not in protocols:
        raise OptionError(f"protocol {name!r}: expected one of {', '.join(protocols)}")
    return protocols[name]
