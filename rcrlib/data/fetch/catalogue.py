"""What is known about a public data set: where it is, what it holds, on which terms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

NO_TERMS = "none stated; for research, with citation"


@dataclass(frozen=True)
class Archive:
    """One file that a data set is published in.

    Attributes:
        name: of the file.
        mirrors: addresses that serve it, best first; none where it is given out by hand.
        size: bytes, where published; else None, and what the server says is taken.
        checksums: "md5:HEX" or "sha256:HEX", each a good one; none where none is published. HEX may
            be the beginning of a checksum of which no more is known.
        about: bytes, roughly, for the check of the disk where `size` is not known.
        unpacks: by which factor it grows when it is unpacked, at most.
        holds: paths (with * for any name) that its content has; the folder that has them all, at
            whatever depth, is what is taken from the archive.
        into: folder of the prepared set that the content goes to.
    """

    name: str
    mirrors: tuple[str, ...]
    holds: tuple[str, ...]
    size: int | None = None
    checksums: tuple[str, ...] = ()
    about: int = 0
    unpacks: float = 1.3
    into: str = "."


@dataclass(frozen=True)
class Counts:
    """How much a data set, or a split of it, holds; None where it is not published."""

    videos: int
    frames: int | None = None
    labels: int | None = None


@dataclass(frozen=True)
class Published:
    """A public data set.

    Attributes:
        name: for the command line.
        title: as its authors write it.
        folder: where it is prepared, below the root that a person chooses.
        layout: one of `rcrlib.data.LAYOUTS`.
        archives: what it is published in.
        page: where its authors describe it or give it out.
        licence: its terms, in a few words.
        citation: what its users cite.
        whole: the published counts.
        splits: the published counts of its splits.
        frames_of: frames of each video, named 00000, 00001, ...; empty where not published.
        note: what a user should know beforehand, in a sentence.
    """

    name: str
    title: str
    folder: str
    layout: str
    archives: tuple[Archive, ...]
    page: str
    licence: str
    citation: str
    whole: Counts
    splits: Mapping[str, Counts] = field(default_factory=dict)
    frames_of: Mapping[str, int] = field(default_factory=dict)
    note: str = ""

    @property
    def by_hand(self) -> bool:
        """Tell whether someone has to visit a page to get it."""
        return not all(archive.mirrors for archive in self.archives)
