"""A rehearsal of a plain container: all commands under what Docker gives them by default.

64 MB of shared memory, a root that cannot be written to, one folder that can, a user that is in no
list, no HOME, and the locale C.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import rcrlib

ROOT = Path(rcrlib.__file__).parents[1]

CONTAINER = """
set -e
mount --make-rprivate /
mount -t tmpfs -o size={shared} tmpfs /dev/shm
mount --bind {work} /mnt
{reachable}
mount -o remount,bind,ro /
cd /mnt
exec setpriv --reuid=12345 --regid=12345 --clear-groups \
    env -i PATH=/usr/bin:/bin LC_ALL=C TMPDIR=/mnt/tmp OMP_NUM_THREADS=1 \
    PYTHONDONTWRITEBYTECODE=1 PYTHONPATH={root}:{root}/tests \
    {executable} -m helpers.container_rehearsal /mnt
"""


def _reachable(folders: list[Path]) -> str:
    """Return commands that leave, of what only root can enter, nothing but these folders."""
    inside: dict[Path, list[Path]] = {}
    for folder in folders:
        closed = [up for up in reversed(folder.parents) if not up.stat().st_mode & 0o001]
        if closed:
            inside.setdefault(closed[0], []).append(folder)
    lines = []
    for closed_folder, wanted in inside.items():
        for number, folder in enumerate(wanted):
            lines += [f"mkdir /mnt/{number}", f"mount --bind {folder} /mnt/{number}"]
        lines.append(f"mount -t tmpfs -o mode=755 tmpfs {closed_folder}")
        for number, folder in enumerate(wanted):
            lines += [f"mkdir -p {folder}", f"mount --bind /mnt/{number} {folder}"]
            lines += [f"umount /mnt/{number}", f"rmdir /mnt/{number}"]
    return "\n".join(lines)


def _script(work: Path, shared: str) -> str:
    needed = dict.fromkeys([Path(sys.base_prefix), Path(sys.prefix), ROOT])
    return CONTAINER.format(
        shared=shared, work=work, reachable=_reachable(list(needed)), root=ROOT,
        executable=sys.executable,
    )  # fmt: skip


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """Return the folder that can be written to; skip where no container can be rehearsed."""
    tools = ("unshare", "setpriv", "mount")
    missing = [tool for tool in tools if shutil.which(tool) is None]
    if missing or not Path("/mnt").is_dir():
        pytest.skip(f"needs {', '.join(missing) or 'a folder /mnt'}")
    if subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode:
        pytest.skip("mounting a root that cannot be written to needs root")
    work = tmp_path / "work"
    (work / "tmp").mkdir(parents=True)
    for folder in (work, work / "tmp"):
        folder.chmod(0o777)
    return work


def test_everything_runs_in_a_plain_container(work):
    command = ["unshare", "-m", "sh", "-c", _script(work, "64m")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900)
    print(done.stdout[-3000:], done.stderr[-3000:])
    assert done.returncode == 0
    for name in ("demo/report.md", "run/model.safetensors", "maps/rcr.json"):
        assert (work / name).is_file(), name
    assert len(list((work / "maps").rglob("*.png"))) == 11
    assert (work / "eval.csv").is_file()
    assert "Traceback" not in done.stderr
    assert "Matplotlib" not in done.stderr
    assert list(work.rglob(".partial-*")) == []
