"""Writing files and folders so that they are there whole or not at all."""

from __future__ import annotations

import errno
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rcrlib.errors import OptionError

RECORD = "rcr.json"
"""Every folder that this library writes carries a record of what wrote it, under this name."""

PARTIAL = ".partial-"
"""Names of what is being written begin so; one that stays behind is what a kill interrupted."""


LEFT_BY_SYSTEMS = frozenset(
    {".ds_store", "thumbs.db", "ehthumbs.db", "desktop.ini", "__macosx", "@eadir", "$recycle.bin",
     "system volume information", "lost+found", "icon\r"}
)  # fmt: skip
"""Names, in small letters, that systems and archivers leave in folders of other people's files."""


def is_nobodys(name: str) -> bool:
    """Tell whether a system left what has this name, or a kill: nobody misses it."""
    return name.lower() in LEFT_BY_SYSTEMS or name.startswith(("._", PARTIAL))


@contextmanager
def atomic_file(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it to `path` on success, delete it on failure.

    The temporary name keeps the suffix, so that writers which look at it (OpenCV, ffmpeg) work.

    Raises:
        OSError: it cannot be written; where the disk is full, the error names `path`.

    Example:
        >>> with atomic_file("curve.csv") as temporary:
        ...     length = temporary.write_text("step,loss")
        >>> Path("curve.csv").read_text()
        'step,loss'
    """
    path = Path(path)
    with full_disk_names(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(
            prefix=f"{PARTIAL}{path.stem}-", suffix=path.suffix, dir=path.parent
        )
        os.close(handle)
        temporary = Path(name)
        try:
            yield temporary
            temporary.chmod(0o666 & ~_umask())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def output_folder(
    path: str | Path, record: dict[str, Any], *, force: bool = False
) -> Iterator[Path]:
    """Yield an empty temporary folder that becomes `path` when the block ends without an error.

    Args:
        path: the folder to make. It may exist when it is empty.
        record: what wrote the folder and with which options; kept in it as `rcr.json`.
        force: replace a folder that is not empty, if it carries an `rcr.json` (that is: if this
            library wrote it; anything else is never deleted).

    Raises:
        OptionError: `path` holds something and `force` is not given, or was not written by us.
        OSError: it cannot be written; where the disk is full, the error names `path`.
    """
    check_output(path, force=force)
    path = Path(path).resolve()  # "." and links have no name of their own to put aside
    with full_disk_names(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f"{PARTIAL}{path.name}-", dir=path.parent))
        try:
            yield temporary
            write_json(temporary / RECORD, record)
            temporary.chmod(0o777 & ~_umask())
            _swap(temporary, path)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def check_output(path: str | Path, *, force: bool = False) -> None:
    """Raise `OptionError` unless `path` is free, empty, or ours and to be replaced by `force`.

    Commands call this first, so that an hour's work does not end in "the folder exists".
    """
    path = Path(path)
    if not path.exists():
        return
    if not path.is_dir():
        raise OptionError(f"{path}: a file is in the way; name another folder")
    if all(is_nobodys(entry.name) for entry in path.iterdir()):
        return
    if not force:
        raise OptionError(f"{path}: exists and is not empty; name another folder or give --force")
    if not (path / RECORD).is_file():
        raise OptionError(
            f"{path}: was not written by rcr (it holds no {RECORD}), so --force does not replace"
            " it; name another folder or remove it yourself"
        )


def write_text(path: str | Path, text: str) -> None:
    """Write text as UTF-8, atomically; letters of names on disk that are none are escaped."""
    with atomic_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8", errors="backslashreplace")


def write_json(path: str | Path, content: Any) -> None:
    """Write `content` as indented JSON, atomically."""
    with atomic_file(path) as temporary:
        temporary.write_text(json.dumps(content, indent=2, default=str) + "\n", encoding="utf-8")


@contextmanager
def full_disk_names(path: Path) -> Iterator[None]:
    """Turn every way in which a full disk shows into an `OSError` that names `path`.

    Python's own error names no file, or a temporary one; PyTorch raises a RuntimeError over it, and
    safetensors an error of its own whose text ends in "(os error 28)".
    """
    try:
        yield
    except Exception as error:
        cause: BaseException | None = error
        while cause is not None:
            for number in (errno.ENOSPC, errno.EDQUOT):
                if getattr(cause, "errno", None) == number or f"(os error {number})" in str(cause):
                    raise OSError(number, os.strerror(number), str(path)) from error
            cause = cause.__cause__ or cause.__context__
        raise


@contextmanager
def c_name(path: str | Path) -> Iterator[str]:
    """Yield a name of a file or folder that is there, for a C library to open within the block.

    It is absolute, since FFmpeg takes what stands before a colon for a protocol, and UTF-8. Where
    the name on disk is not (an old archive, another system's disk), it is one by its number.

    Raises:
        OSError: the name is not UTF-8 and this system has no such numbers, or nothing is there.
    """
    name = os.path.abspath(path)  # noqa: PTH100 - resolve() would follow links
    try:
        plain = os.fsencode(name).decode("utf-8")
    except UnicodeError:
        plain = None
    if plain is not None:
        yield plain
        return
    if not Path("/dev/fd").is_dir():
        raise OSError(errno.EILSEQ, "the name is not UTF-8", str(path))
    handle = os.open(path, os.O_RDONLY)
    try:
        yield f"/dev/fd/{handle}"
    finally:
        os.close(handle)


def remove_partial(folder: Path) -> None:
    """Delete the files in `folder` whose writing was killed; only for who alone writes there."""
    for path in folder.glob(f"{PARTIAL}*"):
        path.unlink()


def _swap(new: Path, path: Path) -> None:
    """Put `new` in the place of `path`; what was there is deleted only once `new` is in place."""
    if not path.exists():
        new.rename(path)
        return
    old = Path(tempfile.mkdtemp(prefix=f"{PARTIAL}{path.name}-old-", dir=path.parent))
    try:
        path.rename(old / path.name)
        try:
            new.rename(path)
        except OSError:
            (old / path.name).rename(path)
            raise
    finally:
        shutil.rmtree(old, ignore_errors=True)


def _umask() -> int:
    """Return the process's umask (which can only be read by setting it)."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
