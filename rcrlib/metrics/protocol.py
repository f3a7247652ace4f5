"""The ways to get from frames to one number. Conventions differ by 3 to 4 points of max F."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from types import MappingProxyType

from rcrlib.errors import OptionError
from rcrlib.metrics.inputs import LEVELS

THRESHOLDS = "thresholds"


@dataclass(frozen=True, kw_only=True)
class SaliencyProtocol:
    """Which frames of a video count, how a map is read, and what is averaged over what.

    Every field is one choice. `dataclasses.replace(get_protocol("sod"), keep_ends=False)` changes
    one; protocols of the same choices are equal, however they were made.

    Raises:
        OptionError: thresholds outside 2..256.
    """

    keep_ends: bool = True
    """Count the first and the last annotated frame of each video, too."""

    stretch: bool = False
    """Stretch each map to [0, 1] (min-max normalisation), instead of taking it as it is."""

    by_video: bool = False
    """Average over the frames of each video, then over videos; otherwise over all frames."""

    mean_f: bool = False
    """Average the F of the frames. Otherwise precision and recall are averaged, and F is computed
    from the two mean curves. The maximum over thresholds is taken of the averaged curve."""

    thresholds: int = LEVELS
    """How many, evenly spaced from 0 to 255, the curves are taken at. Common tools take 255, which
    changes mean F and mean E in the fourth digit."""

    def __post_init__(self) -> None:
        if not 2 <= self.thresholds <= LEVELS:
            raise OptionError(f"thresholds {self.thresholds}: expected 2 to {LEVELS}")

    @property
    def name(self) -> str:
        """Its name in `PROTOCOLS`, or all its choices where it has none.

        The choices are the words of `CHOICES`, joined by "+"; `get_protocol` reads them.
        """
        names = (name for name, protocol in PROTOCOLS.items() if protocol == self)
        return next(names, self.choices)

    @property
    def choices(self) -> str:
        """All choices, such as `keep-ends+stretch+by-frame+f-of-mean-pr+256-thresholds`."""
        words = [on if getattr(self, field) else off for field, (on, off) in CHOICES.items()]
        return "+".join([*words, f"{self.thresholds}-{THRESHOLDS}"])

    @property
    def normalisation(self) -> str:
        """How a map is normalised, for tables."""
        return "min-max per frame" if self.stretch else "none"


CHOICES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "keep_ends": ("keep-ends", "drop-ends"),
        "stretch": ("stretch", "no-stretch"),
        "by_video": ("by-video", "by-frame"),
        "mean_f": ("mean-f", "f-of-mean-pr"),
    }
)
"""The words for either value, True and False, of a field of `SaliencyProtocol`."""


@dataclass(frozen=True, kw_only=True)
class SegmentationProtocol:
    """Which frames of a video count; J and F are means over the frames of a video, then videos."""

    name: str
    keep_ends: bool


PROTOCOLS: Mapping[str, SaliencyProtocol] = MappingProxyType(
    {
        "paper": SaliencyProtocol(),
        "davsod": SaliencyProtocol(keep_ends=False, stretch=True, by_video=True, mean_f=True),
        "sod": SaliencyProtocol(stretch=True),
    }
)
"""For saliency: `paper`, the paper's as far as it says, `davsod`, of the field's video tool, and
`sod`, of the field's image benchmarks."""

SEGMENTATION_PROTOCOLS: Mapping[str, SegmentationProtocol] = MappingProxyType(
    {
        "davis16": SegmentationProtocol(name="davis16", keep_ends=False),
        "all-frames": SegmentationProtocol(name="all-frames", keep_ends=True),
    }
)
"""For J and F: `davis16`, of the DAVIS 2016 benchmark, and `all-frames`, for FBMS and others."""


def get_protocol(
    protocol: str | SaliencyProtocol, **choices: bool | int | None
) -> SaliencyProtocol:
    """Return a protocol for saliency, with some of its choices changed.

    Args:
        protocol: a name of `PROTOCOLS`, a name with choices (`davsod+keep-ends`), or choices alone,
            which change `paper` (`stretch+mean-f`).
        choices: fields of `SaliencyProtocol`; None leaves one as it is.

    Raises:
        OptionError: an unknown name, or choice.

    Example:
        >>> get_protocol("paper", stretch=True).name
        'sod'
        >>> get_protocol("sod", mean_f=True).name
        'keep-ends+stretch+by-frame+mean-f+256-thresholds'
    """
    known = [field.name for field in fields(SaliencyProtocol)]
    if unknown := choices.keys() - set(known):
        raise OptionError(f"{min(unknown)}: no choice of a protocol; use {', '.join(known)}")
    found = protocol if isinstance(protocol, SaliencyProtocol) else _read_protocol(protocol)
    return replace(found, **{k: v for k, v in choices.items() if v is not None})  # type: ignore[arg-type]


def get_segmentation_protocol(name: str) -> SegmentationProtocol:
    """Return the protocol for J and F of that name; raise `OptionError` for an unknown one."""
    if name not in SEGMENTATION_PROTOCOLS:
        raise OptionError(f"protocol {name!r}: expected one of {', '.join(SEGMENTATION_PROTOCOLS)}")
    return SEGMENTATION_PROTOCOLS[name]


def check_same(ours: tuple[object, ...], theirs: tuple[object, ...]) -> None:
    """Raise `OptionError` where metrics of different settings are to be merged."""
    if ours != theirs:
        raise OptionError(f"metrics of {ours} and {theirs} do not merge; use the same for both")


def _read_protocol(text: str) -> SaliencyProtocol:
    """Read what `SaliencyProtocol.name` writes, and shorter forms of it."""
    first, *words = text.split("+")
    if first not in PROTOCOLS and _choice(first):
        first, words = "paper", [first, *words]
    if first not in PROTOCOLS or not all(map(_choice, words)):
        listed = ", ".join("/".join(pair) for pair in CHOICES.values())
        raise OptionError(
            f"protocol {text!r}: expected one of {', '.join(PROTOCOLS)}; or one of them changed,"
            f" NAME+CHOICE, by {listed} or N-{THRESHOLDS}"
        )
    changes = dict(filter(None, map(_choice, words)))
    return replace(PROTOCOLS[first], **changes)  # type: ignore[arg-type]


def _choice(word: str) -> tuple[str, bool | int] | None:
    """Return the field that a word is about, and the value it stands for."""
    for field, pair in CHOICES.items():
        if word in pair:
            return field, word == pair[0]
    number, _, unit = word.partition("-")
    return (THRESHOLDS, int(number)) if unit == THRESHOLDS and number.isdecimal() else None
