"""Writing archives with any entries, and holding their unpacking to refusing them."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from rcrlib.data.fetch import unpack
from rcrlib.errors import DataError


class Packer:
    """Writes archives with any entries, the worst ones included."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def zip(self, *entries: tuple[str, bytes], name: str = "a.zip", mode: int = 0) -> Path:
        path = self.folder / name
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
            for entry, content in entries:
                info = zipfile.ZipInfo(entry)
                info.external_attr = mode << 16
                info.compress_type = zipfile.ZIP_DEFLATED
                file.writestr(info, content)
        return path

    def tar(self, *entries: tuple[str, bytes], name: str = "a.tar.gz", **fields: object) -> Path:
        path = self.folder / name
        with tarfile.open(path, "w" if name.endswith(".tar") else "w:gz") as file:
            for entry, content in entries:
                info = tarfile.TarInfo(entry)
                info.size = len(content)
                for field, value in fields.items():
                    setattr(info, field, value)
                file.addfile(info, io.BytesIO(content))
        return path


@pytest.fixture
def pack(tmp_path):
    (tmp_path / "archives").mkdir()
    return Packer(tmp_path / "archives")


@pytest.fixture
def refused(tmp_path):
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
