"""Compare a data set on the disk with what its authors published."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from rcrlib.data.checking import check
from rcrlib.data.dataset import Dataset
from rcrlib.data.fetch.catalogue import Counts, PublishedDataset
from rcrlib.data.layouts import load
from rcrlib.errors import DataError, first_few


@dataclass(frozen=True)
class Row:
    """One count: its name, the published number (None: not published), the number found."""

    what: str
    published: int | None
    found: int | None

    @property
    def verdict(self) -> str:
        """How the two compare: "ok", "3 missing", "1 more", "not there" or ""."""
        if self.found is None:
            return "not there"
        if self.published is None:
            return ""
        missing = self.published - self.found
        return f"{missing} missing" if missing > 0 else f"{-missing} more" if missing else "ok"


@dataclass(frozen=True)
class Verification:
    """The result of `verify`.

    Attributes:
        published: what it was compared with.
        folder: what was compared.
        rows: the counts.
        problems: everything that is missing or wrong, a line each.
        notes: what is no problem but worth knowing.
    """

    published: PublishedDataset
    folder: Path
    rows: tuple[Row, ...]
    problems: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether everything that is published is there and can be read."""
        return not self.problems

    def lines(self) -> Iterator[str]:
        """Yield the lines of a table, with licence and citation."""
        width = max(len(row.what) for row in self.rows)
        yield f"{self.published.title} in {self.folder}"
        yield f"{'':{width}}  published     found"
        for row in self.rows:
            numbers = (f"{'-' if n is None else n:>9}" for n in (row.published, row.found))
            yield f"{row.what:{width}}  {' '.join(numbers)}  {row.verdict}".rstrip()
        yield from (f"problem: {problem}" for problem in self.problems)
        yield from (f"note: {note}" for note in self.notes)
        yield from attribution(self.published)


def attribution(published: PublishedDataset) -> Iterator[str]:
    """Yield a data set's licence, citation and page."""
    yield f"licence: {published.licence}"
    yield f"cite: {published.citation}"
    yield f"page: {published.page}"


def verify(published: PublishedDataset, folder: str | Path, *, files: bool = True) -> Verification:
    """Read every file of a data set and compare it with the published counts.

    Compared are numbers of videos, frames and labels, in all and per split; where it is published,
    each video's frames by name; that each frame has its label where all have; sizes of masks and
    frames; and that masks hold valid values. Without `files`, names and numbers only.

    Raises:
        DataError: `folder` is not there.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise DataError(f"{folder}: not there; get it with rcr data get {published.name}")
    checked = check(folder, published.layout, files=files)
    dataset = checked.dataset
    rows = list(_rows("", published.counts, dataset))
    problems: list[str] = []
    for split, counts in published.splits.items():
        part = _split(folder, published, split)
        if part is None:
            problems.append(f"the split {split} cannot be read, or is not there")
        rows += _rows(f"{split} ", counts, part)
    if dataset is not None:
        problems += _missing(published, dataset)
    problems += [f"{row.what}: {row.verdict}" for row in rows if _unexplained(row, published)]
    return Verification(
        published, folder, tuple(rows), (*problems, *checked.problems), checked.notes
    )


def _unexplained(row: Row, published: PublishedDataset) -> bool:
    """Whether a count is wrong and no other problem names the missing files."""
    named = published.frames_per_video and row.verdict.endswith("missing")
    return row.verdict not in ("", "ok", "not there") and not named


def _split(folder: Path, published: PublishedDataset, split: str) -> Dataset | None:
    try:
        return load(folder, published.layout, split)
    except DataError:
        return None


def _rows(prefix: str, counts: Counts, dataset: Dataset | None) -> Iterator[Row]:
    videos = dataset.videos if dataset is not None else None
    found: Mapping[str, int | None] = {
        "videos": None if videos is None else len(videos),
        "frames": None if videos is None else sum(len(video) for video in videos),
        "labels": None if videos is None else sum(len(video.annotated) for video in videos),
    }
    flat = dataset is not None and dataset.flat
    for what, expected in vars(counts).items():
        if flat and what == "frames":
            continue
        if expected is not None or not prefix:
            yield Row(f"{prefix}{'images' if flat and what == 'videos' else what}", expected,
                      found[what])  # fmt: skip


def _missing(published: PublishedDataset, dataset: Dataset) -> Iterator[str]:
    """Yield which videos, frames and labels are missing, by name."""
    there = {video.name: video for video in dataset}
    absent = [name for name in published.frames_per_video if name not in there]
    if absent:
        frames = sum(published.frames_per_video[name] for name in absent)
        yield f"{len(absent)} videos missing ({frames} frames): {', '.join(absent)}"
    for name, count in published.frames_per_video.items():
        if name in there:
            names = set(there[name].frame_names)
            gone = [index for index in range(count) if f"{index:05d}" not in names]
            if gone:
                yield f"{name}: {len(gone)} of {count} frames missing: {_ranges(gone)}"
    if published.counts.frames is not None and published.counts.frames == published.counts.labels:
        bare = [
            dataset.title(video, index)
            for video in dataset
            for index in range(len(video))
            if index not in video.labels
        ]
        if bare:
            yield f"{len(bare)} frames without a label: {first_few(bare)}"


def _ranges(numbers: Sequence[int]) -> str:
    """Write ascending numbers as runs: 00003, 00045 to 00081."""
    runs = [
        [number for _, number in run]
        for _, run in groupby(enumerate(numbers), lambda pair: pair[1] - pair[0])
    ]
    return ", ".join(
        f"{run[0]:05d}" if len(run) == 1 else f"{run[0]:05d} to {run[-1]:05d}" for run in runs
    )
