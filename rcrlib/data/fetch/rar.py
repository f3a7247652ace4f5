"""A .rar by what the machine has, for Python has no reader for it.

Whatever tool unpacks it, the content comes to `rcrlib.data.fetch.unpack` as a tar and is held to
the same rules as any other.
"""

from __future__ import annotations

import shutil
import stat
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from rcrlib.data.fetch.names import growth_limit, refused
from rcrlib.errors import DataError

TOOLS: Mapping[str, Callable[[str, str], list[str]]] = {
    "unrar": lambda archive, folder: ["unrar", "x", "-o-", "-p-", "-inul", archive, f"{folder}/"],
    "unar": lambda archive, folder: ["unar", "-q", "-D", "-p", "", "-o", folder, archive],
    "7zz": lambda archive, folder: ["7zz", "x", "-y", "-p", f"-o{folder}", archive],
    "7z": lambda archive, folder: ["7z", "x", "-y", "-p", f"-o{folder}", archive],
}
"""What else can unpack a .rar where there is no `bsdtar`, which turns it into a tar by itself."""


@contextmanager
def as_tar(path: Path) -> Iterator[Path]:
    """Give the content of a .rar as a temporary tar file beside it.

    Raises:
        DataError: the machine has no tool, the tool fails, or the content is a link or a bomb.
    """
    tools = [tool for tool in ("bsdtar", *TOOLS) if shutil.which(tool)]
    if not tools:
        raise DataError(
            f"{path}: is a .rar, and this machine has nothing to unpack it with; install one of"
            " bsdtar (Debian: libarchive-tools), unrar, unar or 7z, or pack it anew as a .zip"
        )
    with tempfile.TemporaryDirectory(prefix="rcr-rar-", dir=path.resolve().parent) as name:
        tar = Path(name) / "content.tar"
        if tools[0] == "bsdtar":
            _run(path, ["bsdtar", "-c", "-f", str(tar), "--format", "pax", f"@{path.resolve()}"])
        else:
            folder = Path(name) / "content"
            folder.mkdir()
            _run(path, TOOLS[tools[0]](str(path.resolve()), str(folder)))
            _pack(path, folder, tar)
            shutil.rmtree(folder)
        yield tar


def _run(path: Path, command: list[str]) -> None:
    """Run the tool, without questions; where the content grows beyond reason it is stopped."""
    limit = growth_limit(path) + 512 * 1024 * 1024
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
        preexec_fn=_file_limit(limit), check=False,
    )  # fmt: skip
    if done.returncode != 0:
        said = " ".join((done.stderr or done.stdout).split())[:200]
        raise DataError(f"{path}: {command[0]} cannot unpack it ({said}); get the archive again")


def _file_limit(size: int) -> Callable[[], None] | None:
    """Give what keeps a process from writing a file of more than `size` bytes; none on Windows."""
    try:
        import resource
    except ImportError:
        return None
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def _pack(path: Path, folder: Path, tar: Path) -> None:
    """Pack what a tool wrote, links and all: they are refused with the tar's other names."""
    with tarfile.open(tar, "w") as archive:
        for entry in sorted(folder.rglob("*")):
            mode = entry.lstat().st_mode
            if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
                raise refused(path, f"{entry.name} in it is a link or a special file")
            archive.add(entry, entry.relative_to(folder).as_posix(), recursive=False)
