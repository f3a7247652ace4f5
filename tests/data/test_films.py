"""Films of any name, mirrored ones, ones that are cut off, ones whose rate varies."""

from __future__ import annotations

import os
import shutil
import struct
import tempfile
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
import pytest

from rcrlib.data import check, load, write_times
from rcrlib.data.mp4 import read_track
from rcrlib.errors import DataError, DataWarning

FRAMES = 12


def film(path: Path, code: str = "mp4v", frames: int = FRAMES) -> Path:
    """Write a film of 25 frames a second; a white square is near its upper left corner."""
    path.parent.mkdir(parents=True, exist_ok=True)
    plain = Path(tempfile.mkdtemp()) / f"plain{path.suffix}"  # OpenCV dies of some names
    writer = cv2.VideoWriter(str(plain), cv2.VideoWriter.fourcc(*code), 25, (48, 32))
    noise = np.random.default_rng(0)
    for index in range(frames):
        picture = np.full((32, 48, 3), 10 * index, np.uint8)
        picture[4:12, 4:16] = 255
        picture[16:] = noise.integers(256, size=(16, 48, 3))
        writer.write(picture)
    writer.release()
    shutil.move(plain, path)
    return path


@pytest.mark.parametrize(
    "name", [b"vid\xe9o.mp4", "vidéo.mp4".encode(), b"2024-05-11T10:30:00.mp4"]
)
def test_a_film_of_any_name_is_read(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = film(Path(os.fsdecode(name)))
    assert check(path).problems == ()
    assert load(path)[0].name == path.stem
    in_such_a_folder = film(Path(os.fsdecode(b"d\xe9/" + name)))
    assert len(load(in_such_a_folder)[0]) == FRAMES


@pytest.mark.parametrize(
    ("matrix", "turn"),
    [
        ((-1, 0, 0, 1), lambda frame: frame[:, ::-1]),
        ((1, 0, 0, -1), lambda frame: frame[::-1]),
        ((0, 1, 1, 0), lambda frame: frame.swapaxes(0, 1)),
        ((0, -1, -1, 0), lambda frame: frame[::-1, ::-1].swapaxes(0, 1)),
        ((-1, 0, 0, -1), lambda frame: frame[::-1, ::-1]),
        ((0, 1, -1, 0), lambda frame: np.rot90(frame, -1)),
        ((1, 0, 0, 1), lambda frame: frame),
    ],
)
def test_frames_are_turned_and_mirrored_as_the_header_says(matrix, turn, tmp_path):
    path = film(tmp_path / "a.mp4")
    plain = load(path)[0].frame(3)
    data = bytearray(path.read_bytes())
    at = data.find(b"tkhd") + 4 + 40
    for place, value in zip((0, 4, 12, 16), matrix, strict=True):
        data[at + place : at + place + 4] = struct.pack(">i", 65536 * value)
    path.write_bytes(data)
    assert (load(path)[0].frame(3) == turn(plain)).all()


@pytest.mark.parametrize(("suffix", "code"), [(".avi", "MJPG"), (".mkv", "mp4v")])
def test_a_film_that_is_cut_off_says_how_much_is_left(suffix, code, tmp_path):
    path = film(tmp_path / f"whole{suffix}", code)
    assert check(path).problems == ()
    assert load(path)[0].frames.loss is None
    cut = tmp_path / f"cut{suffix}"
    cut.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
    video = load(cut)[0]
    with pytest.warns(DataWarning, match=rf"cut\{suffix}: \d+ of {FRAMES} frames can be decoded"):
        left = len(video)
    assert 0 < left < FRAMES
    (problem,) = check(cut).problems
    assert f"{left} of {FRAMES} frames" in problem


def test_an_mp4_file_that_is_cut_off_says_how_much_is_left(tmp_path):
    path = film(tmp_path / "cut.mp4")
    _move_header_to_the_front(path)
    assert check(path).problems == ()
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 7 // 10])
    (problem,) = check(path).problems
    assert f"of {FRAMES} frames can be decoded" in problem


def test_frames_keep_the_times_that_are_written(tmp_path):
    path = film(tmp_path / "a.mp4")
    times = [0.04 * index if index < 6 else 0.2 + 0.3 * (index - 5) for index in range(FRAMES)]
    assert write_times(path, times)
    frames = load(path)[0].frames
    assert len(frames) == FRAMES
    assert frames.times == pytest.approx(times, abs=1e-3)
    assert frames.loss is None
    assert check(path).problems == ()


def test_times_are_known_after_one_pass(tmp_path, monkeypatch):
    frames = load(film(tmp_path / "a.mp4"))[0].frames
    list(frames.stream())
    monkeypatch.setattr("rcrlib.data.frames.open_upright", None)
    assert frames.times == pytest.approx([0.04 * index for index in range(FRAMES)])


def test_times_that_do_not_ascend_are_not_written(tmp_path):
    path = film(tmp_path / "a.mp4")
    before = path.read_bytes()
    assert not write_times(path, [0.0] * FRAMES)
    assert path.read_bytes() == before


def test_damaged_headers_only_raise_the_documented_error(tmp_path):
    whole = film(tmp_path / "a.mp4").read_bytes()
    generator = np.random.default_rng(0)
    header = whole.find(b"moov")
    path = tmp_path / "b.mp4"
    for _ in range(60):
        data = bytearray(whole)
        for place in generator.integers(header, len(data), 3):
            data[place] = generator.integers(256)
        path.write_bytes(data[: generator.integers(header, len(data) + 1)])
        read_track(path)
        with suppress(DataError):
            load(path)


def _move_header_to_the_front(path: Path) -> None:
    """Put `moov` before `mdat`, as in films that are made to be played from the net."""
    data = path.read_bytes()
    start = data.find(b"moov") - 4
    first = struct.unpack(">I", data[:4])[0]
    header = bytearray(data[start:])
    at = header.find(b"stco")
    (count,) = struct.unpack_from(">I", header, at + 8)
    for index in range(count):
        place = at + 12 + 4 * index
        (offset,) = struct.unpack_from(">I", header, place)
        struct.pack_into(">I", header, place, offset + len(header))
    path.write_bytes(data[:first] + bytes(header) + data[first:start])
