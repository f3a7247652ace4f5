"""Archives that strangers made: the bad ones are refused, and nothing is written outside."""

from __future__ import annotations

import io
import stat
import tarfile

import pytest

from rcrlib.data.fetch import unpack
from rcrlib.errors import DataError

both = pytest.mark.parametrize("kind", ["zip", "tar"])


@both
def test_an_ordinary_archive_is_unpacked(pack, tmp_path, kind):
    unpack(getattr(pack, kind)(("set/a.txt", b"a"), ("set/b/c.txt", b"c")), tmp_path / "out")
    files = {p.relative_to(tmp_path / "out").as_posix(): p.read_bytes() for p in
             (tmp_path / "out").rglob("*") if p.is_file()}  # fmt: skip
    assert files == {"set/a.txt": b"a", "set/b/c.txt": b"c"}


@both
@pytest.mark.parametrize(
    "name",
    ["../out.txt", "a/../../out.txt", "..\\out.txt", "/etc/out.txt", "\\out.txt", "C:\\out.txt",
     "C:out.txt", "a/..", "..", "a\nb"],
)  # fmt: skip
def test_a_name_that_leads_out_of_the_folder_is_refused(pack, refused, kind, name):
    refused(getattr(pack, kind)(("good.txt", b"1"), (name, b"2")), "outside of its folder")


def test_a_symlink_in_a_zip_is_refused(pack, refused):
    refused(pack.zip(("link", b"/etc/passwd"), mode=stat.S_IFLNK | 0o777), "link or a special")


@pytest.mark.parametrize(
    "fields",
    [
        {"type": tarfile.SYMTYPE, "linkname": "/etc"},
        {"type": tarfile.SYMTYPE, "linkname": "../.."},
        {"type": tarfile.LNKTYPE, "linkname": "/etc/passwd"},
        {"type": tarfile.LNKTYPE, "linkname": "good"},
        {"type": tarfile.FIFOTYPE},
        {"type": tarfile.CHRTYPE, "devmajor": 1, "devminor": 5},
    ],
    ids=["symlink", "symlink up", "hard link", "hard link inside", "fifo", "device"],
)
def test_a_link_or_a_special_file_in_a_tar_is_refused(pack, refused, fields):
    refused(pack.tar(("entry", b""), **fields), "link or a special file")


def test_a_file_written_through_a_symlink_is_refused(pack, refused, tmp_path):
    path = pack.folder / "a.tar"
    with tarfile.open(path, "w") as file:
        link = tarfile.TarInfo("dir")
        link.type, link.linkname = tarfile.SYMTYPE, str(tmp_path)
        file.addfile(link)
        inside = tarfile.TarInfo("dir/out.txt")
        inside.size = 1
        file.addfile(inside, io.BytesIO(b"x"))
    refused(path, "link or a special file")


@both
def test_two_files_of_one_name_are_refused(pack, refused, kind):
    entries = (("a.txt", b"1"), ("./a.txt", b"2"))
    refused(getattr(pack, kind)(*entries), r"two files in it are called a\.txt")


@both
def test_a_file_in_a_folders_place_is_refused(pack, refused, kind):
    entries = (("a", b"1"), ("a/b.txt", b"2"))
    refused(getattr(pack, kind)(*entries), "both a file and a folder")


def test_a_zip_bomb_is_refused(pack, refused):
    refused(pack.zip(("zeros", bytes(257_000_000))), "a bomb")


def test_a_tar_bomb_is_refused(pack, refused):
    refused(pack.tar(("zeros", bytes(257_000_000))), "a bomb")


def test_a_bomb_in_many_pieces_is_refused(pack, refused):
    piece = bytes(9_000_000)
    refused(pack.zip(*((f"{index}", piece) for index in range(30))), "a bomb")


def test_an_entry_that_is_larger_than_it_says_is_refused(pack, refused):
    """The sizes in the headers are what a stranger wrote."""
    path = pack.zip(("a.txt", b"x" * 5000))
    data = bytearray(path.read_bytes())
    directory = data.rindex(b"PK\x01\x02")
    data[directory + 24 : directory + 28] = (10).to_bytes(4, "little")
    path.write_bytes(data)
    refused(path, r"larger than it says|damaged")


@both
@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_truncated_archive_is_refused(pack, refused, kind, share):
    import numpy as np

    path = getattr(pack, kind)(("a.jpg", np.random.default_rng(0).bytes(60_000)))
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    refused(path, "truncated")


def test_damaged_content_is_refused(pack, refused):
    path = pack.zip(("a.txt", bytes(range(256)) * 40))
    data = bytearray(path.read_bytes())
    data[60] ^= 0xFF
    path.write_bytes(data)
    refused(path, "is damaged")


def test_an_encrypted_zip_is_refused(pack, refused):
    path = pack.zip(("a.txt", b"secret"))
    data = bytearray(path.read_bytes())
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    data[6] |= 1
    path.write_bytes(data)
    refused(path, "encrypted")


def test_what_is_no_archive_is_refused(pack, refused):
    (pack.folder / "a.zip").write_text("<html>")
    refused(pack.folder / "a.zip", "is no zip, tar or rar")
    refused(pack.folder / "b.zip", "not there")


def test_what_systems_leave_in_archives_is_left_out(pack, tmp_path):
    entries = (("__MACOSX/._a.jpg", b"1"), ("set/.DS_Store", b"2"), ("set/._a.jpg", b"3"))
    unpack(pack.zip(("set/a.jpg", b"0"), *entries), tmp_path / "out")
    files = [p.name for p in (tmp_path / "out").rglob("*") if p.is_file()]
    assert files == ["a.jpg"]


def test_a_folder_that_is_not_empty_is_refused(pack, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/mine.txt").write_text("mine")
    with pytest.raises(DataError, match="is not empty"):
        unpack(pack.zip(("a", b"1")), tmp_path / "out")
    assert (tmp_path / "out/mine.txt").read_text() == "mine"


def test_a_disk_without_room_is_said_first(pack, refused, monkeypatch):
    path = pack.zip(("a", bytes(1000)))
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 999}))
    refused(path, "needs 1 kB more")
