"""Miniatures of data sets and of archives, small enough to write in every test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from helpers.archive_packer import Packer
from rcrlib.data.fetch import unpack
from rcrlib.errors import DataError


class Miniature:
    """Writes tiny frames and masks; frame i is recognised by its red value, 10 i modulo 250."""

    size = (12, 16)

    def __init__(self, root: Path) -> None:
        self.root = root

    def frame(self, name: str, number: int = 0, size: tuple[int, int] | None = None) -> Path:
        pixels = np.full((*(size or self.size), 3), 90, np.uint8)
        pixels[..., 0] = 10 * number % 250
        return self.image(name, pixels)

    def mask(
        self, name: str, columns: slice = slice(0, 4), size: tuple[int, int] | None = None
    ) -> Path:
        grey = np.zeros(size or self.size, np.uint8)
        grey[:, columns] = 255
        return self.image(name, grey)

    def palette(self, name: str, ids: np.ndarray) -> Path:
        image = Image.fromarray(ids.astype(np.uint8), "P")
        image.putpalette([0, 0, 0, 128, 0, 0, 0, 128, 0, 128, 128, 0])  # dark: grey would be < 128
        image.save(self.path(name))
        return self.root / name

    def image(self, name: str, pixels: np.ndarray) -> Path:
        Image.fromarray(pixels).save(self.path(name))
        return self.root / name

    def text(self, name: str, content: str) -> Path:
        self.path(name).write_text(content, encoding="utf-8")
        return self.root / name

    def video(self, frames: str, labels: str | None = None, count: int = 3, every: int = 1) -> None:
        """Write COUNT frames FRAMES/00000.png, ... and a mask for one in `every`."""
        for index in range(count):
            self.frame(f"{frames}/{index:05d}.png", index)
            if labels is not None and index % every == 0:
                self.mask(f"{labels}/{index:05d}.png")

    def video_file(self, name: str, count: int = 12) -> Path:
        height, width = 32, 48
        writer = cv2.VideoWriter(
            str(self.path(name)), cv2.VideoWriter.fourcc(*"MJPG"), 10, (width, height)
        )
        for index in range(count):
            writer.write(np.full((height, width, 3), (0, 0, 20 * index), np.uint8))
        writer.release()
        return self.root / name

    def path(self, name: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


@pytest.fixture
def mini(tmp_path: Path) -> Miniature:
    """Return a writer of miniatures into an empty folder `set`."""
    return Miniature(tmp_path / "set")


@pytest.fixture
def pack(tmp_path: Path) -> Packer:
    """Return a writer of archives into `tmp_path/archives`."""
    (tmp_path / "archives").mkdir()
    return Packer(tmp_path / "archives")


@pytest.fixture
def refused(tmp_path: Path) -> Callable[[Path, str], None]:
    """Return the unpacking of an archive that must be refused with nothing written anywhere."""

    def run(path: Path, says: str) -> None:
        before = sorted(tmp_path.rglob("*"))
        with pytest.raises(DataError, match=says) as raised:
            unpack(path, tmp_path / "deep" / "out")
        after = [p for p in sorted(tmp_path.rglob("*")) if p not in before]
        assert [p for p in after if p not in (tmp_path / "deep", tmp_path / "deep/out")] == []
        assert "\n" not in str(raised.value)
        assert path.name in str(raised.value)

    return run
