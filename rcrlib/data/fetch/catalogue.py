"""Description of a public data set: addresses, contents, terms of use."""

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
        estimated_size: bytes, roughly, to check the disk by if `size` is not known.
        expansion: ratio of unpacked to packed size, at most.
        contents: paths (glob patterns) in the folder that is taken from the archive; the folder may
            lie at any depth.
        subfolder: of the prepared set, where the content goes.
    """

    name: str
    mirrors: tuple[str, ...]
    contents: tuple[str, ...]
    size: int | None = None
    checksums: tuple[str, ...] = ()
    estimated_size: int = 0
    expansion: float = 1.3
    subfolder: str = "."


@dataclass(frozen=True)
class Counts:
    """How much a data set, or a split of it, holds; None where it is not published."""

    videos: int
    frames: int | None = None
    labels: int | None = None


@dataclass(frozen=True)
class PublishedDataset:
    """A public data set.

    Attributes:
        name: for the command line.
        title: as its authors write it.
        folder: where it is prepared, below the root folder of all data sets.
        layout: one of `rcrlib.data.LAYOUTS`.
        archives: what it is published in.
        page: where its authors describe it or give it out.
        licence: its terms, in a few words.
        citation: what its users cite.
        counts: the published counts.
        splits: the published counts of its splits.
        frames_per_video: frames of each video, named 00000, 00001, ...; empty where not published.
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
    counts: Counts
    splits: Mapping[str, Counts] = field(default_factory=dict)
    frames_per_video: Mapping[str, int] = field(default_factory=dict)
    note: str = ""

    @property
    def by_hand(self) -> bool:
        """Whether an archive cannot be downloaded by a program: a person has to visit the page."""
        return not all(archive.mirrors for archive in self.archives)
