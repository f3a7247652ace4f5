"""The lessons of the course, in their order, and what was measured when they were last run."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from rcrlib.errors import OptionError

MEASURED = Path(__file__).parent / "measured"
"""One file for each lesson; `rcr course build` writes it when it runs the solution."""

SECONDS, MEGABYTES = 60, 3000
"""What running a whole notebook may take on two CPU cores."""


@dataclass(frozen=True)
class Lesson:
    """What is said about a lesson outside its notebook, and at its head."""

    stem: str
    """Of its files: NN_topic."""

    title: str
    minutes: int
    """To read it and solve its exercises, about."""

    after: tuple[str, ...] = ()
    """Numbers of the lessons that it builds on."""

    @property
    def number(self) -> str:
        """Give its two digits."""
        return self.stem[:2]


@dataclass(frozen=True)
class Measured:
    """What running all of a solution took, on the machine that built it last."""

    seconds: float
    """Wall time, without that in which other programs had the cores."""

    megabytes: int
    """Peak memory of the kernel's process."""

    date: str
    torch: str


LESSONS = (
    Lesson("00_tour", "A tour: from a few labelled frames to saliency for every video", 45),
    Lesson("01_metrics", "What is salient, and how is it measured?", 60, ("00",)),
    Lesson("02_rcrnet", "Encoder and decoder: RCRNet", 70, ("01",)),
    Lesson("03_nonlocal", "The non-local block: every place sees all others", 55, ("02",)),
    Lesson("04_convgru", "ConvGRU: a memory for maps", 70, ("03",)),
    Lesson("05_flow", "Optical flow, warping and what goes wrong", 60, ("00",)),
    Lesson("06_fgplg", "FGPLG: seven channels, and what each one buys", 60, ("02", "05")),
    Lesson("07_semi", "Learning from labels and pseudo-labels", 65, ("04", "06")),
    Lesson("08_ablations", "Ablations and honest statistics", 65, ("01", "07")),
    Lesson("09_your_video", "Your own video", 60, ("00",)),
    Lesson("10_fast", "Making it fast, and still exact", 60, ("02", "03", "04")),
)


def lesson(stem: str) -> Lesson:
    """Give a lesson by the stem of its files or by its number.

    Raises:
        OptionError: there is none.
    """
    for one in LESSONS:
        if stem in (one.stem, one.number):
            return one
    known = ", ".join(one.stem for one in LESSONS)
    raise OptionError(f"lesson {stem!r}: unknown; use one of {known}")


def measured(stem: str) -> Measured | None:
    """Give what was measured when a lesson's solution was last run; None before its first run."""
    file = MEASURED / f"{stem}.json"
    if not file.exists():
        return None
    return Measured(**json.loads(file.read_text(encoding="utf-8")))
