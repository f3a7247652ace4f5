"""Writing files and folders so that they are there whole or not at all."""

from __future__ import annotations

import errno
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any

from rcrlib.errors import OptionError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

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
        if (folder := str(path.parent.resolve())) not in _swept:  # once: it may hold a lot
            _swept.add(folder)
            remove_stale(path.parent)
        with _partial(path.parent, path.stem, path.suffix) as temporary:
            yield temporary
            temporary.chmod(0o666 & ~_umask())
            temporary.replace(path)


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
        with partial_folder(path.parent, path.name) as temporary:
            yield temporary
            write_json(temporary / RECORD, record)
            temporary.chmod(0o777 & ~_umask())
            _swap(temporary, path)


def partial_folder(parent: Path, name: str) -> AbstractContextManager[Path]:
    """Yield a temporary folder in `parent`; delete it afterwards, unless it was renamed.

    One that a kill leaves behind is removed by `remove_stale`.
    """
    return _partial(parent, name, None)


def check_output(path: str | Path, *, force: bool = False) -> None:
    """Raise `OptionError` unless `path` is free, empty, or ours and to be replaced by `force`.

    Commands call this first, so that an hour's work does not end in "the folder exists". What a
    killed command left beside `path` is removed.
    """
    path = Path(path)
    remove_stale(path.resolve().parent)
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
    """Delete what a killed run left half written in `folder`; only for who alone writes there."""
    for path in folder.glob(f"{PARTIAL}*"):
        _delete(path)


def remove_stale(folder: Path) -> None:
    """Delete what killed processes left half written in `folder`; what is being written stays.

    A process holds a lock on what it writes, which the system releases however the process ends. A
    folder that was put aside when its successor had not yet its place goes back there.
    Where the system or the file system knows no such locks, nothing is deleted.
    """
    try:
        names = [name for name in os.listdir(folder) if _OURS.fullmatch(name)]  # noqa: PTH208
    except OSError:  # none yet, or not ours to read
        return
    for path in (folder / name for name in names):
        with suppress(OSError), _hold(path) as held:
            if held:
                _put_back(path)
                _delete(path)


_swept: set[str] = set()
"""Folders that this process has looked through for stale files."""

_OURS = re.compile(rf"{re.escape(PARTIAL)}.+-[a-z0-9_]{{8}}(\.[^.]*)?", re.DOTALL)
"""Names as the functions here and Python's `tempfile` make them."""

_ASIDE = "old~"
"""After `PARTIAL`, the names of folders that hold what is being replaced begin so."""


@contextmanager
def _partial(parent: Path, name: str, suffix: str | None) -> Iterator[Path]:
    """Yield a new temporary file, or with suffix None a folder, and delete what is left of it.

    While the block runs, a lock on it says that it is being written.
    """
    while True:
        temporary = parent / f"{PARTIAL}{name}-{secrets.token_hex(4)}{suffix or ''}"
        try:
            if suffix is None:
                temporary.mkdir(0o700)
            else:
                os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            with _hold(temporary) as held:
                if held is not False:
                    yield temporary
                    return
            # Another process took it for a stale one in the moment before it was held: once more.
        finally:
            _delete(temporary)


@contextmanager
def _hold(path: Path) -> Iterator[bool | None]:
    """Lock a file or folder; yield whether it is held here, None where there are no such locks."""
    if fcntl is None:
        yield None
        return
    try:
        file = os.open(path, os.O_RDONLY)
    except FileNotFoundError:  # who looks for stale ones was quicker
        yield False
        return
    try:
        held: bool | None
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            held = os.path.samestat(os.fstat(file), path.stat())  # it may have been renamed
        except (BlockingIOError, FileNotFoundError):
            held = False
        except OSError:  # a file system without locks
            held = None
        yield held
    finally:
        os.close(file)


def _delete(path: Path) -> None:
    """Delete a file or folder if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(FileNotFoundError):
            path.unlink()


def _swap(new: Path, path: Path) -> None:
    """Put `new` in the place of `path`; what was there is deleted only once `new` is in place."""
    if not path.exists():
        new.rename(path)
        return
    with partial_folder(path.parent, f"{_ASIDE}{path.name}") as old:
        try:
            path.rename(old / path.name)
            new.rename(path)
        finally:
            _put_back(old)


def _put_back(aside: Path) -> None:
    """Rename what `_swap` had put aside to its own name, if that is free."""
    if aside.name.startswith(f"{PARTIAL}{_ASIDE}"):
        for path in aside.iterdir():
            if not (aside.parent / path.name).exists():
                path.rename(aside.parent / path.name)


def _umask() -> int:
    """Return the process's umask (which can only be read by setting it)."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
