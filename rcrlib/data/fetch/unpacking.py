"""Unpack untrusted archives: all entries are checked before any is written.

Every entry is written by this module, to a name that it has checked; no link, device or other
special file is ever made, so that nothing can lead out of the folder.
"""

from __future__ import annotations

import shutil
import stat
import tarfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, TypeVar

from tqdm.auto import tqdm

from rcrlib.data.fetch.integrity import ARCHIVE_ERRORS, archive_kind
from rcrlib.data.fetch.mirrors import check_disk_space
from rcrlib.data.fetch.rar import rar_as_tar
from rcrlib.data.fetch.safe_names import check_growth, check_names, safe_name, unsafe_archive
from rcrlib.errors import DataError
from rcrlib.files import full_disk_names

_CHUNK = 1 << 20
_PLAIN = (0, stat.S_IFREG, stat.S_IFDIR)
_Entry = TypeVar("_Entry")


def unpack(archive: str | Path, folder: str | Path) -> None:
    """Unpack a zip, a tar (plain or compressed) or a rar into `folder`, which must be empty.

    Raises:
        DataError: the file is missing, damaged or no archive; an entry is absolute, leads out of
            the folder, is a link or a device, or has another's name; it would grow beyond reason,
            or the disk has no room; or the machine has nothing to unpack a rar with.
        OSError: the disk cannot be written.
    """
    path, target = Path(archive), Path(folder)
    if not path.is_file():
        raise DataError(f"{path}: not there; expected an archive")
    kind = archive_kind(path)
    if kind is None:
        raise DataError(f"{path}: is no zip, tar or rar, or is truncated; get the archive again")
    target.mkdir(parents=True, exist_ok=True)
    if any(target.iterdir()):
        raise DataError(f"{target}: is not empty; archives are unpacked into empty folders")
    try:
        with full_disk_names(target):
            if kind == "rar":
                with rar_as_tar(path) as stream:
                    _unpack_tar(path, target, stream)
            else:
                (_unpack_zip if kind == "zip" else _unpack_tar)(path, target)
    except BaseException:
        for entry in target.iterdir():
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        raise


def _unpack_zip(path: Path, folder: Path) -> None:
    with _damage(path), zipfile.ZipFile(path) as archive:
        entries = []
        for info in archive.infolist():
            name = safe_name(path, info.filename)
            if stat.S_IFMT(info.external_attr >> 16) not in _PLAIN:
                raise unsafe_archive(path, f"{info.filename} in it is a link or a special file")
            if name is not None and not info.is_dir():
                entries.append((name, info))
        check_names(path, [name for name, _ in entries])
        writer = _Writer(path, folder, sum(info.file_size for _, info in entries))
        for name, info in _progress(entries, path):
            with archive.open(info) as content:
                writer.write(name, content, info.file_size)


def _unpack_tar(path: Path, folder: Path, content: Path | None = None) -> None:
    """Read the archive twice: its names first, and nothing is written where one is bad.

    `content` is the tar where `path`, which the errors name, is something else.
    """
    with _damage(path), tarfile.open(content or path) as archive:
        entries = []
        total = 0
        for member in archive:
            name = safe_name(path, member.name)
            if not (member.isreg() or member.isdir()):
                raise unsafe_archive(path, f"{member.name} in it is a link or a special file")
            if name is not None and member.isreg():
                entries.append((name, member))
                total += member.size
                check_growth(path, total)
        check_names(path, [name for name, _ in entries])
        writer = _Writer(path, folder, total)
        for name, member in _progress(entries, path):
            file = archive.extractfile(member)
            assert file is not None  # it is a regular file
            with file:
                writer.write(name, file, member.size)


class _Writer:
    """Writes the entries of one archive, never more bytes than their headers say.

    Raises:
        DataError: the promised sizes are a bomb, or the disk has no room for them.
    """

    def __init__(self, archive: Path, folder: Path, promised: int) -> None:
        check_growth(archive, promised)
        check_disk_space(folder, promised, archive.name)
        self.archive, self.folder = archive, folder

    def write(self, name: PurePosixPath, content: IO[bytes], size: int) -> None:
        """Write one file; one that is there already is never written over."""
        target = self.folder.joinpath(*name.parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        left = size
        try:
            file = target.open("xb")
        except FileExistsError as error:  # where "A" and "a" are one name
            raise unsafe_archive(self.archive, f"two files in it are called {name}") from error
        with file:
            while block := content.read(_CHUNK):
                left -= len(block)
                if left < 0:
                    raise unsafe_archive(
                        self.archive, f"{name} in it is larger than it says, a bomb"
                    )
                file.write(block)
        if left:
            raise unsafe_archive(self.archive, f"{name} in it ends {left} bytes early")


@contextmanager
def _damage(path: Path) -> Iterator[None]:
    """Convert readers' errors on a damaged archive to `DataError`; the disk's errors stay."""
    try:
        yield
    except ARCHIVE_ERRORS as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise DataError(
            f"{path}: is damaged, encrypted or truncated ({error}); get the archive again"
        ) from error


def _progress(entries: Sequence[_Entry], path: Path) -> Iterator[_Entry]:
    yield from tqdm(
        entries, desc=f"unpack {path.name}", unit="file", disable=None, leave=False,
        dynamic_ncols=True,
    )  # fmt: skip
