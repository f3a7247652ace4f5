"""Archives with any entries."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path


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
