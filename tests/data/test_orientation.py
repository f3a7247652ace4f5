"""EXIF data turn a picture where they can be read, and never keep it from being read."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from PIL import Image

from rcrlib.data import image_size, read_image, read_mask


def exif(*entries: tuple[int, int, int, bytes], rest: bytes = b"") -> bytes:
    """Return EXIF data of entries (tag, kind, count, value of four bytes or offset)."""
    body = b"II*\0" + struct.pack("<IH", 8, len(entries))
    for tag, kind, count, value in entries:
        body += struct.pack("<HHI", tag, kind, count) + value
    return b"Exif\0\0" + body + struct.pack("<I", 0) + rest


def orientation(value: int) -> tuple[int, int, int, bytes]:
    return 0x112, 3, 1, struct.pack("<HH", value, 0)


RATIONAL = (0x11A, 10, 1, struct.pack("<I", 38))

BROKEN = {
    "orientation 9": exif(orientation(9)),
    "orientation 0": exif(orientation(0)),
    "bytes": exif((0x112, 1, 1, b"\x06\0\0\0")),
    "text": exif((0x112, 2, 2, b"6\0\0\0")),
    "no TIFF": b"Exif\0\0nonsense",
    "cut": exif(orientation(6))[:14],
}


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN)
def test_a_broken_orientation_is_none(data, tmp_path):
    path = tmp_path / "a.jpg"
    Image.fromarray(np.full((48, 64, 3), 90, np.uint8)).save(path, exif=data)
    assert image_size(path) == (48, 64)
    assert read_image(path).shape == (48, 64, 3)


def test_other_broken_tags_do_not_matter(tmp_path):
    path = tmp_path / "a.jpg"
    data = exif(orientation(6), RATIONAL, rest=struct.pack("<ii", -1, 0))
    Image.fromarray(np.full((48, 64, 3), 90, np.uint8)).save(path, exif=data)
    assert image_size(path) == (64, 48)
    assert read_image(path).shape == (64, 48, 3)


@pytest.mark.parametrize("value", range(1, 9))
def test_every_orientation_is_turned_upright(value, tmp_path):
    first = {1: "top left", 2: "top right", 3: "bottom right", 4: "bottom left",
             5: "top left", 6: "top right", 7: "bottom right", 8: "bottom left"}[value]  # fmt: skip
    pixels = np.zeros((6, 9), np.uint8)
    pixels[0, 0] = 255  # EXIF's words say where the first row and column are shown
    path = tmp_path / "a.png"
    Image.fromarray(pixels).save(path, exif=exif(orientation(value))[6:])
    mask = read_mask(path)
    assert mask.shape == ((9, 6) if value >= 5 else (6, 9))
    row, column = (0 if "top" in first else -1), (0 if "left" in first else -1)
    assert mask[row, column] == 1
    assert image_size(path) == mask.shape
