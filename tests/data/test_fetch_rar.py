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
    """Put a tool on the path that answers with the given tar, or unpacks it; none by default."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def put(name: str, tar: Path, status: int = 0) -> None:
        if name == "bsdtar":
            action = f"shutil.copy({str(tar)!r}, sys.argv[sys.argv.index('-f') + 1])"
        else:
            action = f"tarfile.open({str(tar)!r}).extractall(sys.argv[-1])"
        script = folder / name
        script.write_text(
            f"#!{sys.executable}\nimport shutil, sys, tarfile\n"
            f"if {status}:\n    sys.exit('no such method')\n{action}\n"
        )
        script.chmod(0o755)

    return put


@pytest.fixture
def rar(pack):
    path = pack.folder / "a.rar"
    path.write_bytes(RAR)
    return path


@pytest.mark.parametrize("name", ["bsdtar", "unrar"])
def test_a_rar_by_what_the_machine_has(pack, tool, rar, tmp_path, name):
    tool(name, pack.tar(("imgs/0001.png", b"1"), ("gt/0001.png", b"2"), name="good.tar"))
    unpack(rar, tmp_path / "out")
    assert (tmp_path / "out/gt/0001.png").read_bytes() == b"2"
    assert sorted(p.name for p in pack.folder.iterdir()) == ["a.rar", "good.tar"]


def test_a_rar_on_a_machine_that_has_nothing(tool, rar, refused):
    refused(rar, "has nothing to unpack it with; install one of bsdtar")


def test_a_rar_that_the_tool_cannot_read(pack, tool, rar, refused):
    tool("bsdtar", pack.tar(name="none.tar"), status=1)
    refused(rar, r"bsdtar cannot unpack it \(no such method\)")


@pytest.mark.parametrize("name", ["../out.txt", "/etc/out.txt"])
def test_a_rar_with_a_name_that_leads_out_of_the_folder(pack, tool, rar, refused, name):
    tool("bsdtar", pack.tar((name, b"1"), name="bad.tar"))
    refused(rar, "outside of its folder")


@pytest.mark.parametrize("name", ["bsdtar", "unrar"])
def test_a_rar_with_a_symlink(pack, tool, rar, refused, name):
    fields = {"type": tarfile.SYMTYPE, "linkname": "elsewhere"}
    tool(name, pack.tar(("link", b""), name="bad.tar", **fields))
    refused(rar, "link or a special file")
