"""Prepare a public data set: download, unpack, lay out, load."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rcrlib.data.fetch.catalogue import Archive, PublishedDataset
from rcrlib.data.fetch.content import find_content, move_content
from rcrlib.data.fetch.mirrors import (
    check_disk_space,
    download,
    find_mismatch,
    format_bytes,
    match_archives,
)
from rcrlib.data.fetch.transfer import RetryPolicy
from rcrlib.data.fetch.unpacking import unpack
from rcrlib.data.fetch.verification import attribution
from rcrlib.data.layouts import load
from rcrlib.errors import DataError
from rcrlib.files import PARTIAL, RECORD, output_folder
from rcrlib.lock import lock_or_raise

DOWNLOADS = "downloads"
"""The folder beside the data sets that archives are downloaded to."""


def get(
    published: PublishedDataset,
    root: str | Path,
    *,
    archives: Sequence[Path] = (),
    keep: bool = False,
    policy: RetryPolicy | None = None,
    say: Callable[[str], None] = print,
) -> Path:
    """Download, unpack and lay out a data set, unless that was done before.

    The folder appears whole or not at all, with a record of its archives (`rcr.json`), which is
    what a later run trusts. A run that was killed is continued by the next one.

    Args:
        published: which one.
        root: the folder of all data sets; the set goes to ROOT/FOLDER.
        archives: files that were brought by hand instead of being downloaded; they are kept.
        keep: also keep what is downloaded, in ROOT/downloads.
        policy: how long to wait for servers.
        say: prints a line.

    Returns:
        ROOT/FOLDER.

    Raises:
        DataError: an archive cannot be had, is not the published one, or does not hold the data
            set; ROOT/FOLDER holds something else; another process is at it; no room on the disk.
        OSError: the disk cannot be written.
    """
    root = Path(root)
    target = root / published.folder
    brought = match_archives(published.archives, archives)
    if _is_prepared(published, target, brought):
        say(f"{target}: is there already, made from {', '.join(_archives_of(target))}")
        return target
    _refuse_other_content(published, target)
    wanted = _wanted(published, brought)
    for archive in wanted:
        if archive.name in brought:
            _check_brought(archive, brought[archive.name])
    downloads = root / DOWNLOADS
    with _downloads(downloads, published.name):
        _remove_leftovers(root, published.folder)
        check_disk_space(root, _required_space(wanted, brought, downloads), published.title)
        files = {}
        for archive in wanted:
            files[archive] = brought.get(archive.name) or download(
                archive, downloads, policy=policy
            )
        _prepare(published, files, target)
        if not keep:
            for archive in wanted:
                (downloads / archive.name).unlink(missing_ok=True)
    for line in _summary(published, target):
        say(line)
    return target


def plan(
    published: PublishedDataset, root: str | Path, archives: Sequence[Path] = ()
) -> Iterator[str]:
    """Yield what `get` would do, a line each, without writing or connecting to a server.

    Raises:
        DataError: `get` would stop before it had begun.
    """
    root = Path(root)
    target = root / published.folder
    brought = match_archives(published.archives, archives)
    if _is_prepared(published, target, brought):
        yield f"{target}: is there already; nothing would be done"
        return
    _refuse_other_content(published, target)
    wanted = _wanted(published, brought)
    for archive in wanted:
        size = archive.size or archive.estimated_size
        if archive.name in brought:
            yield f"take {brought[archive.name]}"
            continue
        yield f"download {archive.name} ({'' if archive.size else 'about '}{format_bytes(size)})"
        yield from (f"  from {url}" for url in archive.mirrors)
    yield f"prepare {target}"
    space = _required_space(wanted, brought, root / DOWNLOADS)
    there = next(folder for folder in (root, *root.resolve().parents) if folder.is_dir())
    free = shutil.disk_usage(there).free
    needed, there_is = format_bytes(space), format_bytes(free)
    yield f"needs about {needed} of the disk for a while, {there_is} are free"
    yield from attribution(published)


@contextmanager
def _downloads(folder: Path, name: str) -> Iterator[None]:
    """Lock the folder of downloads for one data set; remove it when it is empty."""
    try:
        with lock_or_raise(folder / f".{name}.lock"):
            yield
    finally:
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def _wanted(published: PublishedDataset, brought: Mapping[str, Path]) -> tuple[Archive, ...]:
    """Return the archives to use: all, or those brought of a set that is only given out by hand."""
    if published.by_hand and brought:
        return tuple(archive for archive in published.archives if archive.name in brought)
    missing = [archive.name for archive in published.archives if not archive.mirrors]
    if missing:
        raise DataError(
            f"{published.title}: cannot be downloaded by a program; visit {published.page}, bring"
            f" {' and '.join(missing)}, and go on with --archive FILE"
        )
    return published.archives


def _check_brought(archive: Archive, path: Path) -> None:
    if not path.is_file():
        raise DataError(f"{path}: not there; expected the archive {archive.name}")
    wrong = find_mismatch(archive, path) if archive.checksums or archive.size else None
    if wrong:
        raise DataError(f"{path}: is not the published {archive.name}: {wrong}; get it again")


def _is_prepared(published: PublishedDataset, target: Path, brought: Mapping[str, Path]) -> bool:
    """Whether the set is there; raise if an archive is given that it was made without."""
    if _record(target).get("data") != published.name:
        return False
    more = [name for name in brought if name not in _archives_of(target)]
    if more:
        raise DataError(
            f"{target}: was made without {' and '.join(more)}; remove it, and bring all of its"
            " archives together"
        )
    return True


def _archives_of(target: Path) -> list[str]:
    return [str(name) for name in _record(target).get("archives", [])]


def _record(target: Path) -> dict[str, Any]:
    try:
        record = json.loads((target / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def _refuse_other_content(published: PublishedDataset, target: Path) -> None:
    """Raise if the folder holds a user's files, possibly the data set itself."""
    if target.is_dir() and any(target.iterdir()):
        raise DataError(
            f"{target}: holds something that rcr data get did not make; check it with --verify,"
            " or give another --root"
        )
    if target.exists() and not target.is_dir():
        raise DataError(f"{target}: a file is in the way; give another --root")


def _remove_leftovers(root: Path, folder: str) -> None:
    """Delete what a killed run left; the lock excludes that another one is using it."""
    for path in root.glob(f"{PARTIAL}{folder}-*"):
        shutil.rmtree(path, ignore_errors=True)


def _required_space(wanted: Sequence[Archive], brought: Mapping[str, Path], downloads: Path) -> int:
    """Estimate the bytes that archives and their content will take beyond what is on the disk."""
    space = 0.0
    for archive in wanted:
        if archive.name in brought:
            space += brought[archive.name].stat().st_size * archive.expansion
            continue
        size = archive.size or archive.estimated_size
        there = [downloads / archive.name, downloads / f"{archive.name}.part"]
        have = sum(path.stat().st_size for path in there if path.is_file())
        space += max(size - have, 0) + size * archive.expansion
    return int(space)


def _prepare(published: PublishedDataset, files: Mapping[Archive, Path], target: Path) -> None:
    """Unpack the archives beside `target` and put what they hold in its place at once."""
    record = {
        "command": "data get",
        "data": published.name,
        "archives": [archive.name for archive in files],
    }
    with output_folder(target, record) as folder:
        for archive, path in files.items():
            raw = folder / ".unpacked"
            unpack(path, raw)
            move_content(find_content(archive, path, raw), folder / archive.subfolder)
            shutil.rmtree(raw)
        load(folder, published.layout, problems=[])  # raises where it is no such data set


def _summary(published: PublishedDataset, target: Path) -> Iterator[str]:
    """Yield what was made, and on which terms it may be used."""
    dataset = load(target, published.layout, problems=[])
    what = "images" if dataset.flat else "videos"
    labels = sum(len(video.annotated) for video in dataset)
    yield f"{target}: {len(dataset)} {what} (published: {published.counts.videos}), {labels} labels"
    if published.note:
        yield f"note: {published.note}"
    yield from attribution(published)
    yield f"check every file of it: rcr data get {published.name} --root {target.parent} --verify"
