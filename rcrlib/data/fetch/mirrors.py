"""Download an archive from several unreliable mirrors."""

from __future__ import annotations

import hashlib
import random
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from tqdm.auto import tqdm

from rcrlib.data.fetch.catalogue import Archive
from rcrlib.data.fetch.integrity import find_corruption
from rcrlib.data.fetch.transfer import (
    MAX_WAIT,
    DownloadError,
    PartialDownload,
    RetryPolicy,
    transfer,
)
from rcrlib.errors import DataError
from rcrlib.files import full_disk_names

MEGABYTE = 1_000_000
RESERVED_SPACE = 64 * MEGABYTE
"""Bytes to leave free on the disk."""


def download(archive: Archive, folder: Path, *, policy: RetryPolicy | None = None) -> Path:
    """Get an archive into `folder`, from the first mirror that serves the right bytes.

    What a killed or failed download leaves (NAME.part) is continued by the next one. Only a file of
    the published size and checksum gets the archive's name; where none is published, one whose
    content can be read to its end.

    Returns:
        FOLDER/NAME; nothing is asked of a server where it is there already and right.

    Raises:
        DataError: no mirror serves the right file, or the disk has no room for it; in one line.
        OSError: the disk cannot be written.
    """
    policy = policy or RetryPolicy()
    final = folder / archive.name
    if final.is_file():
        wrong = find_mismatch(archive, final)
        if wrong is None:
            return final
        final.unlink()  # ours: only what was right once gets this name
    folder.mkdir(parents=True, exist_ok=True)
    part = PartialDownload(folder / f"{archive.name}.part")
    failures = []
    for url in archive.mirrors:
        with full_disk_names(final):
            why = _from_mirror(archive, url, part, policy)
        if why is None:
            part.path.replace(final)
            part.version_file.unlink(missing_ok=True)
            return final
        failures.append(f"{urlsplit(url).netloc}: {why}")
    raise DataError(
        f"{archive.name}: could not be downloaded ({'; '.join(failures)}); run again to go on, or"
        " bring the file yourself with --archive"
    )


def find_mismatch(archive: Archive, path: Path) -> str | None:
    """Return how a file differs from the published `archive` (size, checksum), or None."""
    size = path.stat().st_size
    if archive.size is not None and size != archive.size:
        return f"has {size} bytes, published are {archive.size}"
    if archive.checksums:
        found = {kind: _digest(path, kind) for kind in {c.split(":")[0] for c in archive.checksums}}
        good = any(found[c.split(":")[0]].startswith(c.split(":")[1]) for c in archive.checksums)
        return None if good else "its checksum is not a published one"
    return find_corruption(path)


def _from_mirror(
    archive: Archive, url: str, part: PartialDownload, policy: RetryPolicy
) -> str | None:
    """Download `part` from one mirror; return why that failed, or None."""
    failures = wrongs = 0
    looked_at = -1
    while True:
        before = part.size
        wait: float | None = None
        try:
            total = _transfer(archive, url, part, policy)
            if total is not None and part.size < total:
                raise DownloadError(f"broke off at {part.size} of {total} bytes", retry=True)
            wrong = find_mismatch(archive, part.path)
            if wrong is None:
                return None
            part.discard()  # nothing is ever added to bytes that are wrong
            wrongs += 1
            why, again = wrong, wrongs < 2
        except DownloadError as failure:
            why, again, wait = str(failure), failure.retry, failure.wait
            if 0 < part.size == before != looked_at:
                # Nothing more comes: a server that lies about the length may have sent it all.
                if find_mismatch(archive, part.path) is None:
                    return None
                looked_at = before
            if failure.ended:
                part.discard()
        failures = 0 if part.size - before >= MEGABYTE else failures + 1
        if not again or failures >= policy.attempts:
            return why
        time.sleep(wait if wait is not None else _backoff(policy, failures))


def _transfer(archive: Archive, url: str, part: PartialDownload, policy: RetryPolicy) -> int | None:
    with tqdm(
        total=archive.size, initial=part.size, desc=archive.name, unit="B", unit_scale=True,
        disable=None, leave=False, dynamic_ncols=True,
    ) as bar:  # fmt: skip

        def progress(there: int, total: int | None) -> None:
            bar.total = total
            bar.update(there - bar.n)

        def check_space(more: int) -> None:
            check_disk_space(part.path.parent, more, archive.name)

        return transfer(url, part, policy, progress=progress, check_space=check_space)


def check_disk_space(folder: Path, size: int, what: str) -> None:
    """Raise `DataError` unless the disk of `folder` has room for `size` bytes."""
    free = shutil.disk_usage(folder).free
    if size + RESERVED_SPACE > free:
        raise DataError(
            f"{folder}: {what} needs {format_bytes(size)} more, {format_bytes(free)} are free on"
            " this disk; free some, or give a --root on another one"
        )


def format_bytes(size: float) -> str:
    """Format a number of bytes with its unit."""
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


def _backoff(policy: RetryPolicy, failures: int) -> float:
    """Return the seconds to wait: exponential backoff with jitter."""
    doubled = min(policy.backoff * 2 ** max(failures - 1, 0), MAX_WAIT)
    return doubled * random.uniform(0.5, 1)


def _digest(path: Path, kind: str) -> str:
    digest = hashlib.new(kind)
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def match_archives(archives: Sequence[Archive], files: Sequence[Path]) -> dict[str, Path]:
    """Match the files a user gave with archives, by name; one file matches a single archive."""
    by_name = {archive.name.lower(): archive.name for archive in archives}
    if len(archives) == len(files) == 1:
        return {archives[0].name: files[0]}
    matched = {}
    for file in files:
        name = by_name.get(file.name.lower()) or _same_stem(archives, file)
        if name is None or name in matched:
            raise DataError(
                f"{file}: is none of the archives {', '.join(a.name for a in archives)}, or one"
                " that was given twice; name the file like the archive that it is"
            )
        matched[name] = file
    return matched


def _same_stem(archives: Sequence[Archive], file: Path) -> str | None:
    """Find an archive that was packed anew: HKU-IS.zip for HKU-IS.rar."""
    stem = file.name.lower().split(".")[0]
    return next((a.name for a in archives if a.name.lower().split(".")[0] == stem), None)
