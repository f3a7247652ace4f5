"""A .rar, on machines that have a tool for it and on those that have none."""

from __future__ import annotations

import sys
import tarfile
from pathlib import Path

import pytest

from rcrlib.data.fetch import unpack

RAR = b"Rar!\x1a\x07\x01\x00 the rest does not matter: the tool is ours"


@pytest.fixture
def tool(tmp_path, monkeypatch):
    """Put a tool on the path that unpacks the given tar in a rar's place; none by default."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def put(name: str, tar: Path, status: int = 0) -> None:
        script = folder / name
        script.write_text(
            f"#!{sys.executable}\nimport sys, tarfile\n"
            f"if {status}:\n    sys.exit('no such method')\n"
            f"tarfile.open({str(tar)!r}).extractall(sys.argv[-1])\n"
        )
        script.chmod(0o755)

    return put


@pytest.fixture
def rar(pack):
    path = pack.folder / "a.rar"
    path.write_bytes(RAR)
    return path


@pytest.mark.parametrize("name", ["bsdtar", "unrar"])
def test_a_rar_is_unpacked_by_what_the_machine_has(pack, tool, rar, tmp_path, name):
    tool(name, pack.tar(("imgs/0001.png", b"1"), ("gt/0001.png", b"2"), name="good.tar"))
    unpack(rar, tmp_path / "out")
    assert (tmp_path / "out/gt/0001.png").read_bytes() == b"2"
    assert sorted(p.name for p in pack.folder.iterdir()) == ["a.rar", "good.tar"]


def test_a_machine_without_a_tool_is_told_what_to_install(tool, rar, refused):
    refused(rar, "has nothing to unpack it with; install one of unrar, 7zz")


def test_a_rar_that_no_tool_can_read_is_refused(pack, tool, rar, refused):
    for name in ("bsdtar", "unrar"):
        tool(name, pack.tar(name="none.tar"), status=1)
    refused(rar, r"cannot be unpacked \(unrar: no such method; bsdtar: no such method\)")


def test_a_rar_that_only_the_second_tool_can_read_is_unpacked(pack, tool, rar, tmp_path):
    """bsdtar, for one, knows no solid archives of the older kind."""
    tool("unrar", pack.tar(name="none.tar"), status=1)
    tool("bsdtar", pack.tar(("a.txt", b"1"), name="good.tar"))
    unpack(rar, tmp_path / "out")
    assert (tmp_path / "out/a.txt").read_bytes() == b"1"


def test_a_rar_with_a_symlink_is_refused(pack, tool, rar, refused):
    fields = {"type": tarfile.SYMTYPE, "linkname": "elsewhere"}
    tool("unrar", pack.tar(("link", b""), name="bad.tar", **fields))
    refused(rar, "link or a special file")


def test_a_rar_bomb_is_refused(pack, tool, rar, refused):
    tool("unrar", pack.tar(("zeros", bytes(257_000_000)), name="bomb.tar.gz"))
    refused(rar, r"cannot be unpacked|a bomb")
