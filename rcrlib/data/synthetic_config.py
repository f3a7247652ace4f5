"""Options of a synthetic set, each with its range."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from rcrlib.errors import OptionError

RENAMED = {
    "light": "appearance_change",
    "leaves": "clutter",
    "hidden_share": "occlusion",
    "worlds": "looks",
}
"""Names of options in sets written by rcrlib 0.1.0."""


@dataclass(frozen=True)
class SyntheticConfig:
    """Options of a synthetic set. Equal options, seed included, give equal bits.

    Four knobs decide how hard it is to learn from few labels, and how far a label can be carried:
    `appearance_change`, `clutter`, `motion` and `occlusion`.

    Raises:
        OptionError: an option is out of its range.
    """

    videos: int = 12
    """Number of videos; each differs in look, motion and cast."""
    frames: int = 24
    """Frames a video: enough for labels at 1 in 5 and for clips of 4."""
    size: tuple[int, int] = (128, 128)
    """(H, W) in pixels. At one H:W, it changes how fine a scene is drawn, not what it shows."""
    seed: int = 0
    object_radius: tuple[float, float] = (0.11, 0.26)
    """Range of the object's radius, as a share of the shorter side (a disk of the same area)."""
    distractors: tuple[int, int] = (1, 4)
    """Least and largest number of shapes that are not salient."""
    occlusion: float = 0.4
    """Share of the videos in which something sweeps over the object and hides part of it."""
    low_contrast_share: float = 0.3
    """Share of the videos in which the object is hard to tell from the background."""
    clutter: float = 0.0
    """Leaves that the wind blows past behind the object in each frame, on average. They look like
    other objects, but are gone in a frame or two."""
    looks: int = 0
    """Number of different objects, each with its ground, in the whole set: videos take them in
    turn, and differ in everything else. 0 gives every video its own."""
    appearance_change: float = 0.25
    """How much the light, and every colour with it, swings in the course of a video: natural
    logarithm of the factor."""
    motion: float = 1.0
    """How fast camera, object and distractors move, as a factor."""
    noise: float = 2.5
    """Deviation of the camera's noise, in grey levels of 255."""

    def __post_init__(self) -> None:
        low, high = self.object_radius
        fewest, most = self.distractors
        rules = {
            "videos": (self.videos, self.videos >= 1, "at least 1"),
            "frames": (self.frames, self.frames >= 1, "at least 1"),
            "size": (self.size, min(self.size) >= 16, "at least 16x16"),
            "seed": (self.seed, self.seed >= 0, "0 or more"),
            "object_radius": (self.object_radius, 0 < low <= high <= 0.4, "0 < low <= high <= 0.4"),
            "distractors": (self.distractors, 0 <= fewest <= most, "0 <= least <= most"),
            "occlusion": (self.occlusion, 0 <= self.occlusion <= 1, "in [0, 1]"),
            "low_contrast_share": (
                self.low_contrast_share,
                0 <= self.low_contrast_share <= 1,
                "in [0, 1]",
            ),
            "clutter": (self.clutter, 0 <= self.clutter <= 20, "in [0, 20]"),
            "looks": (self.looks, self.looks >= 0, "0 or more"),
            "appearance_change": (
                self.appearance_change,
                0 <= self.appearance_change <= 2,
                "in [0, 2]",
            ),
            "motion": (self.motion, 0 <= self.motion <= 4, "in [0, 4]"),
            "noise": (self.noise, self.noise >= 0, "0 or more"),
        }
        for name, (value, fits, expected) in rules.items():
            if not fits:
                raise OptionError(f"SyntheticConfig: {name} is {value}; give {expected}")

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> SyntheticConfig:
        """Read a configuration from JSON, also of rcrlib 0.1.0; unknown keys are ignored.

        Raises:
            OptionError: a value is out of its range.
            TypeError: a value is of another type.
        """
        named = {RENAMED.get(name, name): value for name, value in record.items()}
        known = {field.name for field in fields(cls)} & named.keys()
        values: dict[str, Any] = {name: named[name] for name in known}
        lists = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
        return cls(**values | lists)
