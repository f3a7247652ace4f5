"""What a lesson says of itself, and what running it may take and took."""

from __future__ import annotations

from dataclasses import dataclass

SECONDS, MEGABYTES = 60, 3000
"""What running a whole notebook may take on two CPU cores."""


@dataclass(frozen=True)
class Lesson:
    """What is said about a lesson outside its notebook, and at its head."""

    package: str
    """`__name__` of the lesson's package, rcrlib.course.lessons.lNN_topic: it has all its files."""

    title: str
    minutes: int
    """To read it and solve its exercises, about."""

    after: tuple[str, ...] = ()
    """Numbers of the lessons that it builds on."""

    @property
    def stem(self) -> str:
        """Return the name of the lesson's notebook and source, without suffix: NN_topic."""
        return self.package.rpartition(".")[2].removeprefix("l")

    @property
    def number(self) -> str:
        """Return the lesson's two digits, which decide its place in the course."""
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
