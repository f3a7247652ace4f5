"""Files and folders are there whole or not at all."""

from __future__ import annotations

import errno
import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

import rcrlib
from helpers.disks import small_disk
from rcrlib.errors import OptionError
from rcrlib.files import (
    PARTIAL,
    RECORD,
    atomic_file,
    check_output,
    full_disk_names,
    output_folder,
    remove_partial,
    remove_stale,
    write_json,
)

ROOT = Path(rcrlib.__file__).parents[1]


class Stop(Exception):
    """Whatever goes wrong in the middle."""


def write(path: Path, text: str, *, stop: bool = False) -> None:
    with atomic_file(path) as temporary:
        temporary.write_text(text)
        if stop:
            raise Stop


def write_folder(path: Path, *names: str, size: int = 0, stop: bool = False) -> None:
    with output_folder(path, {}, force=True) as folder:
        for name in names:
            (folder / name).write_bytes(bytes(size))
        if stop:
            raise Stop


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such locks")
@pytest.mark.parametrize("make", [partial(write, text="new"), write_folder])
def test_a_file_that_another_writer_took_for_stale_is_made_once_more(tmp_path, monkeypatch, make):
    """It deletes what it finds between the making of a temporary file and the lock on it."""
    opened, taken = os.open, []

    def open_late(path, flags, *rest):
        if flags == os.O_RDONLY and PARTIAL in str(path) and not taken:
            taken.append(path)
            Path(path).rmdir() if Path(path).is_dir() else Path(path).unlink()
        return opened(path, flags, *rest)

    monkeypatch.setattr("rcrlib.files.os.open", open_late)
    make(tmp_path / "kept")
    assert len(taken) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_a_file_appears_under_its_name_when_it_is_whole(tmp_path):
    with atomic_file(tmp_path / "deep" / "curve.csv") as temporary:
        assert temporary.parent == tmp_path / "deep"
        assert temporary.suffix == ".csv"
        temporary.write_text("1")
        assert not (tmp_path / "deep" / "curve.csv").exists()
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["curve.csv"]


def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path):
    write(tmp_path / "x.txt", "old")
    with pytest.raises(Stop):
        write(tmp_path / "x.txt", "half of the n", stop=True)
    assert (tmp_path / "x.txt").read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1


def test_files_and_folders_have_ordinary_permissions(tmp_path):
    mask = os.umask(0o022)
    try:
        write(tmp_path / "x", "")
        write_folder(tmp_path / "maps")
    finally:
        os.umask(mask)
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == 0o644
    assert stat.S_IMODE((tmp_path / "maps").stat().st_mode) == 0o755


def test_a_folder_appears_with_its_record_when_it_is_whole(tmp_path):
    with output_folder(tmp_path / "deep" / "maps", {"command": "predict"}) as folder:
        (folder / "a.png").touch()
        assert not (tmp_path / "deep" / "maps").exists()
    assert {path.name for path in (tmp_path / "deep" / "maps").iterdir()} == {"a.png", RECORD}
    record = json.loads((tmp_path / "deep" / "maps" / RECORD).read_text())
    assert record == {"command": "predict"}
    assert len(list((tmp_path / "deep").iterdir())) == 1


def test_an_error_leaves_the_old_folder_and_nothing_else(tmp_path):
    write_folder(tmp_path / "maps", "old.png")
    with pytest.raises(Stop):
        write_folder(tmp_path / "maps", "new.png", stop=True)
    assert (tmp_path / "maps" / "old.png").is_file()
    assert len(list(tmp_path.iterdir())) == 1


def test_force_replaces_a_folder_of_ours_whole(tmp_path):
    write_folder(tmp_path / "maps", "old.png")
    write_folder(tmp_path / "maps", "new.png")
    assert {path.name for path in (tmp_path / "maps").iterdir()} == {"new.png", RECORD}
    assert len(list(tmp_path.iterdir())) == 1


def test_an_old_folder_comes_back_when_the_new_one_cannot_take_its_place(tmp_path, monkeypatch):
    write_folder(tmp_path / "maps", "old.png")
    rename = Path.rename

    def refuse(path, target):
        if path.name.startswith(f"{PARTIAL}maps-") and "-old-" not in path.name:
            raise PermissionError("no")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(PermissionError):
        write_folder(tmp_path / "maps", "new.png")
    assert (tmp_path / "maps" / "old.png").is_file()
    assert len(list(tmp_path.iterdir())) == 1


def test_what_exists_is_not_touched_without_force(tmp_path):
    write_folder(tmp_path / "maps")
    with pytest.raises(OptionError, match=r"exists and is not empty; .* --force"):
        check_output(tmp_path / "maps")
    check_output(tmp_path / "maps", force=True)


def test_what_we_did_not_write_is_not_touched_with_force_either(tmp_path):
    (tmp_path / "thesis.txt").touch()
    with pytest.raises(OptionError, match=f"holds no {RECORD}"):
        check_output(tmp_path, force=True)
    with pytest.raises(OptionError, match="a file is in the way"):
        check_output(tmp_path / "thesis.txt", force=True)


def test_missing_and_empty_folders_are_free_and_so_are_those_a_kill_left(tmp_path):
    check_output(tmp_path / "new")
    check_output(tmp_path)
    (tmp_path / f"{PARTIAL}rcr-abc.json").touch()
    check_output(tmp_path)
    remove_partial(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_linked_folder_is_replaced_where_it_is(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "link").symlink_to("disk")
    write_folder(tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "disk" / RECORD).is_file()


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.ENOSPC, "No space left on device", "/somewhere/else.png"),
        RuntimeError("Error while serializing: I/O error: No space left (os error 28)"),
    ],
)
def test_a_full_disk_is_said_by_the_name_of_what_was_being_written(error, tmp_path):
    with pytest.raises(OSError, match="No space left") as caught, full_disk_names(Path("run/x")):
        raise error
    assert (caught.value.errno, caught.value.filename) == (errno.ENOSPC, "run/x")


def test_a_full_disk_is_found_under_another_error():
    hiding = RuntimeError("unexpected pos 721344 vs 721296")  # as PyTorch raises it
    hiding.__context__ = OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(OSError, match="No space left") as caught, full_disk_names(Path("x")):
        raise hiding
    assert caught.value.filename == "x"


def test_other_errors_stay_as_they_are():
    with pytest.raises(PermissionError, match="no"), full_disk_names(Path("x")):
        raise PermissionError("no")


WRITE = """
import sys, time
from pathlib import Path
from rcrlib.files import atomic_file, output_folder
out = Path(sys.argv[1])
with output_folder(out / "maps", {}) as folder, atomic_file(out / "scores.csv") as file:
    (folder / "half.png").touch()
    file.write_text("half")
    print("writing", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Start another process that is writing a folder and a file into `tmp_path`."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITE, str(tmp_path)], stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline().strip() == b"writing"
    yield process
    process.kill()
    process.communicate()


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_what_a_living_process_writes_stays_and_what_a_killed_one_left_is_removed(writer, tmp_path):
    being_written = names(tmp_path)
    assert len(being_written) == 2
    foreign = {".partial-mine", ".partial-notes.txt", f"{PARTIAL}x-ABCDEFGH"}
    for name in foreign:
        (tmp_path / name).touch()
    check_output(tmp_path / "maps")
    assert names(tmp_path) == being_written | foreign
    writer.kill()
    writer.wait()
    assert names(tmp_path) == being_written | foreign
    check_output(tmp_path / "maps")
    assert names(tmp_path) == foreign


def test_the_first_file_that_a_process_writes_removes_what_a_killed_one_left(tmp_path):
    (tmp_path / f"{PARTIAL}scores-0123abcd.csv").write_text("half")
    (tmp_path / f"{PARTIAL}maps-0123abcd").mkdir()
    write(tmp_path / "other.txt", "whole")
    assert names(tmp_path) == {"other.txt"}


def test_what_was_put_aside_when_a_kill_came_is_put_back(tmp_path):
    """Between the two renames of a replacement, when the name is nobody's."""
    write_folder(tmp_path / "maps", "old.png")
    aside = tmp_path / f"{PARTIAL}old~maps-0123abcd"
    aside.mkdir()
    (tmp_path / "maps").rename(aside / "maps")
    remove_stale(tmp_path)
    assert names(tmp_path) == {"maps"}
    assert (tmp_path / "maps" / "old.png").is_file()


@pytest.mark.parametrize("moment", [1, 2])
def test_stopping_between_the_renames_of_a_replacement_loses_nothing(tmp_path, monkeypatch, moment):
    write_folder(tmp_path / "maps", "old.png")
    rename, calls = Path.rename, []

    def stop_after(path, target):
        rename(path, target)
        calls.append(path)
        if len(calls) == moment:
            raise KeyboardInterrupt

    monkeypatch.setattr(Path, "rename", stop_after)
    with pytest.raises(KeyboardInterrupt):
        write_folder(tmp_path / "maps", "new.png")
    assert names(tmp_path) == {"maps"}
    assert names(tmp_path / "maps") == {("old.png", "new.png")[moment - 1], RECORD}


def test_where_there_are_no_locks_nothing_is_removed(tmp_path, monkeypatch):
    left = tmp_path / f"{PARTIAL}maps-0123abcd"
    left.mkdir()
    monkeypatch.setattr("rcrlib.files.fcntl", None)
    write_folder(tmp_path / "maps")
    assert left.is_dir()


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", "64k") as disk:
        yield disk


def test_a_disk_that_is_really_full_keeps_the_old_file_and_leaves_no_half(tiny_disk):
    write_json(tiny_disk / "x.json", "old")
    with pytest.raises(OSError, match="No space left") as caught:
        write_json(tiny_disk / "x.json", "new" * 50_000)
    assert caught.value.filename == str(tiny_disk / "x.json")
    assert json.loads((tiny_disk / "x.json").read_text()) == "old"
    assert len(list(tiny_disk.iterdir())) == 1


def test_a_disk_that_is_really_full_leaves_no_half_folder(tiny_disk):
    with pytest.raises(OSError, match="No space left") as caught:
        write_folder(tiny_disk / "maps", *"abcde", size=20_000)
    assert caught.value.filename == str(tiny_disk / "maps")
    assert list(tiny_disk.iterdir()) == []
