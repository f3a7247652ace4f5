"""From several unreliable mirrors to one file that is right, or one line that says why not."""

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
from rcrlib.data.fetch.transfer import WAIT_AT_MOST, Failed, Partial, Patience, transfer
from rcrlib.data.fetch.whole import whole_fault
from rcrlib.errors import DataError
from rcrlib.files import full_disk_names

MEGABYTE = 1_000_000
RESERVE = 64 * MEGABYTE
"""What is left free on the disk."""


def download(archive: Archive, folder: Path, *, patience: Patience | None = None) -> Path:
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
    patience = patience or Patience()
    final = folder / archive.name
    if final.is_file():
        wrong = fault(archive, final)
        if wrong is None:
            return final
        final.unlink()  # ours: only what was right once gets this name
    folder.mkdir(parents=True, exist_ok=True)
    part = Partial(folder / f"{archive.name}.part")
    failures = []
    for url in archive.mirrors:
        with full_disk_names(final):
            why = _from_mirror(archive, url, part, patience)
        if why is None:
            part.path.replace(final)
            part.notes.unlink(missing_ok=True)
            return final
        failures.append(f"{urlsplit(url).netloc}: {why}")
    raise DataError(
        f"{archive.name}: could not be downloaded ({'; '.join(failures)}); run again to go on, or"
        " bring the file yourself with --archive"
    )


def fault(archive: Archive, path: Path) -> str | None:
    """Say what is wrong with a file that should be `archive`; None where it is right."""
    size = path.stat().st_size
    if archive.size is not None and size != archive.size:
        return f"has {size} bytes, published are {archive.size}"
    if archive.checksums:
        found = {kind: _digest(path, kind) for kind in {c.split(":")[0] for c in archive.checksums}}
        good = any(found[c.split(":")[0]].startswith(c.split(":")[1]) for c in archive.checksums)
        return None if good else "its checksum is not a published one"
    return whole_fault(path)


def _from_mirror(archive: Archive, url: str, part: Partial, patience: Patience) -> str | None:
    """Fill `part` from one mirror; say why that failed, or None where it is whole and right."""
    failures = wrongs = 0
    looked_at = -1
    while True:
        before = part.size
        wait: float | None = None
        try:
            total = _transfer(archive, url, part, patience)
            if total is not None and part.size < total:
                raise Failed(f"broke off at {part.size} of {total} bytes", retry=True)
            wrong = fault(archive, part.path)
            if wrong is None:
                return None
            part.discard()  # nothing is ever added to bytes that are wrong
            wrongs += 1
            why, again = wrong, wrongs < 2
        except Failed as failure:
            why, again, wait = str(failure), failure.retry, failure.wait
            if 0 < part.size == before != looked_at:
                # Nothing more comes: a server that lies about the length may have sent it all.
                if fault(archive, part.path) is None:
                    return None
                looked_at = before
            if failure.ended:
                part.discard()
        failures = 0 if part.size - before >= MEGABYTE else failures + 1
        if not again or failures >= patience.attempts:
            return why
        time.sleep(wait if wait is not None else _pause(patience, failures))


def _transfer(archive: Archive, url: str, part: Partial, patience: Patience) -> int | None:
    with tqdm(
        total=archive.size, initial=part.size, desc=archive.name, unit="B", unit_scale=True,
        disable=None, leave=False, dynamic_ncols=True,
    ) as bar:  # fmt: skip

        def progress(there: int, total: int | None) -> None:
            bar.total = total
            bar.update(there - bar.n)

        def room(more: int) -> None:
            need_room(part.path.parent, more, archive.name)

        return transfer(url, part, patience, progress=progress, room=room)


def need_room(folder: Path, size: int, what: str) -> None:
    """Raise `DataError` unless the disk of `folder` has room for `size` bytes."""
    free = shutil.disk_usage(folder).free
    if size + RESERVE > free:
        raise DataError(
            f"{folder}: {what} needs {amount(size)} more, {amount(free)} are free on this disk;"
            " free some, or give a --root on another one"
        )


def amount(size: float) -> str:
    """Write a number of bytes for a person."""
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


def _pause(patience: Patience, failures: int) -> float:
    """Return the seconds to wait: exponential backoff with jitter."""
    doubled = min(patience.pause * 2 ** max(failures - 1, 0), WAIT_AT_MOST)
    return doubled * random.uniform(0.5, 1)


def _digest(path: Path, kind: str) -> str:
    digest = hashlib.new(kind)
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def match_archives(archives: Sequence[Archive], files: Sequence[Path]) -> dict[str, Path]:
    """Tell which file a person brought is which archive: by its name, or the only one there is."""
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
