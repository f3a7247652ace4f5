"""Which frame a tool means by the name that it gave a picture."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from rcrlib.data.names import name_key, table_of

_PREFIX = re.compile(r"[0-9a-f]{8}-(.+)", re.IGNORECASE)
"""Label Studio's, before the name of every picture that was uploaded."""

_SUFFIX = re.compile(r"(.+)_(?:jpe?g|png|bmp|webp)\.rf\.[0-9a-z]+", re.IGNORECASE)
"""Roboflow's, after the name."""

_NUMBERED = re.compile(r"frame_([0-9]{1,12})", re.IGNORECASE)
"""CVAT's, for the frames of a video file."""


class FrameNames:
    """The names of a video's frames, and what other tools make of them.

    A picture is a frame's where it has the frame's name, or that name after Label Studio's eight
    hex digits, after the video's name and a dash or underscore, or before Roboflow's ending; or
    where it is CVAT's frame_NUMBER of the only frame with that number for a name. Names are
    compared as people see them, see `rcrlib.data.names`.

    Args:
        names: of all frames.
        video: the video's name, where it is known.
    """

    def __init__(self, names: Sequence[str], video: str | None = None) -> None:
        self.names, self.video = tuple(names), video
        self._all = table_of(names)
        self._numbers: dict[int, list[str]] = {}
        for name in names:
            if re.fullmatch("[0-9]{1,12}", name):
                self._numbers.setdefault(int(name), []).append(name)

    def find(self, stem: str) -> str | None:
        """Return the name of the frame that a picture called `stem` shows, or None."""
        for spelling in (stem, *self._plain(stem)):
            if (name := self._all.find(spelling)) is not None:
                return name
        numbered = _NUMBERED.fullmatch(stem)
        same = self._numbers.get(int(numbered[1]), []) if numbered else []
        return same[0] if len(same) == 1 else None

    def _plain(self, stem: str) -> list[str]:
        found = [match[1] for rule in (_PREFIX, _SUFFIX) if (match := rule.fullmatch(stem))]
        stem = name_key(stem)
        for mark in "-_" if self.video else "":
            start = name_key(f"{self.video}{mark}")
            if stem.startswith(start):
                found.append(stem[len(start) :])
        return found


def picture_path(name: object) -> PurePosixPath:
    """Return a picture's path as a label file has it, with either kind of slash."""
    return PurePosixPath(str(name).replace("\\", "/"))
