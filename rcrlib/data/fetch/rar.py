"""Unpack a .rar with a tool that the machine has: Python has no reader for it.

Whatever tool unpacks it, the content comes to `rcrlib.data.fetch.unpacking` as a tar and is held to
the same rules as any other.
"""

from __future__ import annotations

import shutil
import stat
import subprocess
import tarfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from rcrlib.data.fetch.safe_names import max_unpacked_size, unsafe_archive
from rcrlib.errors import DataError
from rcrlib.files import partial_folder, remove_stale

TOOLS: Mapping[str, Callable[[str, str], list[str]]] = {
    "unrar": lambda archive, folder: ["unrar", "x", "-o-", "-p-", "-inul", archive, f"{folder}/"],
    "7zz": lambda archive, folder: ["7zz", "x", "-y", "-p", f"-o{folder}", archive],
    "7z": lambda archive, folder: ["7z", "x", "-y", "-p", f"-o{folder}", archive],
    "unar": lambda archive, folder: ["unar", "-q", "-D", "-p", "", "-o", folder, archive],
    "bsdtar": lambda archive, folder: ["bsdtar", "-x", "-f", archive, "-C", folder],
}
"""Command lines of tools that unpack a .rar, the most capable ones first."""


@contextmanager
def rar_as_tar(path: Path) -> Iterator[Path]:
    """Convert a .rar to a temporary tar file beside it.

    The tools found on the machine are tried in turn: not every one reads every kind of .rar.

    Raises:
        DataError: the machine has no tool, no tool can read it, or the content is a link or a bomb.
    """
    tools = [tool for tool in TOOLS if shutil.which(tool)]
    if not tools:
        raise DataError(
            f"{path}: is a .rar, and this machine has nothing to unpack it with; install one of"
            f" {', '.join(TOOLS)} (Debian: apt install unar), or pack it anew as a .zip"
        )
    remove_stale(path.resolve().parent)
    with partial_folder(path.resolve().parent, "rar") as temporary:
        failures = []
        for tool in tools:
            folder = temporary / tool
            folder.mkdir()
            failure = _run(TOOLS[tool](str(path.resolve()), str(folder)), max_unpacked_size(path))
            if failure is None:
                tar = temporary / "content.tar"
                _pack(path, folder, tar)
                shutil.rmtree(folder)
                yield tar
                return
            failures.append(f"{tool}: {failure}")
            shutil.rmtree(folder)
    raise DataError(
        f"{path}: cannot be unpacked ({'; '.join(failures)}); get the archive again, or pack it"
        " anew as a .zip"
    )


def _run(command: list[str], limit: int) -> str | None:
    """Run a tool, without questions and with no file larger than `limit`; say why it failed."""
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
        preexec_fn=_file_limit(limit), check=False,
    )  # fmt: skip
    if done.returncode == 0:
        return None
    return " ".join((done.stderr or done.stdout).split())[:120] or f"status {done.returncode}"


def _file_limit(size: int) -> Callable[[], None] | None:
    """Return a `preexec_fn` that limits the size of written files; None on Windows."""
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
                raise unsafe_archive(path, f"{entry.name} in it is a link or a special file")
            archive.add(entry, entry.relative_to(folder).as_posix(), recursive=False)
