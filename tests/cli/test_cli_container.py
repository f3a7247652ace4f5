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
{python}
mount -o remount,bind,ro /
cd /mnt
exec setpriv --reuid=12345 --regid=12345 --clear-groups \
    env -i PATH=/usr/bin:/bin LC_ALL=C TMPDIR=/mnt/tmp OMP_NUM_THREADS=1 \
    PYTHONDONTWRITEBYTECODE=1 PYTHONPATH={root}:{root}/tests \
    {executable} -m helpers.container_rehearsal /mnt
"""

PYTHON = """
mkdir /mnt/python
mount --bind {prefix} /mnt/python
mount -t tmpfs -o mode=755 tmpfs {closed}
mkdir -p {prefix}
mount --bind /mnt/python {prefix}
umount /mnt/python
rmdir /mnt/python
"""
"""Where Python lies in a folder of root's alone: the same folder, with nothing but Python in it."""


def _script(work: Path, shared: str) -> str:
    prefix = Path(sys.base_prefix)
    closed = [folder for folder in reversed(prefix.parents) if not folder.stat().st_mode & 0o001]
    python = PYTHON.format(prefix=prefix, closed=closed[0]) if closed else ""
    return CONTAINER.format(
        shared=shared, work=work, python=python, root=ROOT, executable=sys.executable
    )


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
