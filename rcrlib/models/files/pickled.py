"""What a file of `torch.save` holds, told from its pickle without running anything in it."""

from __future__ import annotations

import pickle
import re
import zipfile
from pathlib import Path
from typing import IO, Any

ORDINARY = re.compile(
    r"collections\.(OrderedDict|defaultdict|Counter)|_codecs\.encode"
    r"|(__builtin__|builtins)\.(set|frozenset|bytearray|complex|slice|range)"
    r"|torch\.(Size|device|dtype|\w+Storage|\w*(float|int|complex|bool)\w*)"
    r"|torch\._utils\._rebuild_\w+|torch\._tensor\._rebuild_\w+|torch\.storage\.\w+"
    r"|torch\.nn\.parameter\.\w+|torch\.serialization\._get_layout"
)
"""What tensors and the containers of a state dict are pickled with."""

NUMPY = {"scalar": "numpy scalar", "_reconstruct": "numpy array", "_frombuffer": "numpy array"}
"""What the functions that numpy pickles its values with stand for."""

PARTS = re.compile(r"numpy\.(ndarray|dtype|dtypes\.\w+)")
"""What numpy names beside them."""


def foreign_objects(path: Path) -> list[str]:
    """Return the names of the objects in a file of `torch.save` that are neither tensors nor plain.

    Nothing of the file is run: each class and function that it names is replaced by an empty one.
    What cannot be read as a pickle has none.
    """
    found: dict[str, None] = {}
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                name = next(n for n in archive.namelist() if n.rpartition("/")[2] == "data.pkl")
                with archive.open(name) as file:
                    _Names(file, found).load()
        else:  # older than PyTorch 1.6: a magic number, a version, the machine, and the content
            with path.open("rb") as file:
                for _ in range(4):
                    _Names(file, found).load()
    except Exception:  # there is no end to what reading damaged bytes may raise
        pass  # what was named before it counts
    foreign = [name for name in found if not ORDINARY.fullmatch(name)]
    telling = [name for name in foreign if not PARTS.fullmatch(name)]
    return list(dict.fromkeys(map(_said, telling or foreign)))


def _said(name: str) -> str:
    """Return a name for a person."""
    module, _, last = name.rpartition(".")
    return NUMPY.get(last, name) if module.split(".")[0] == "numpy" else name


class _Inert:
    """Stands for any object of the file; takes what the pickle does to it and does nothing."""

    def __new__(cls, *args: Any, **options: Any) -> _Inert:
        return super().__new__(cls)

    def __init__(self, *args: Any, **options: Any) -> None:
        pass

    def __setstate__(self, state: Any) -> None:
        pass

    def __setitem__(self, key: Any, value: Any) -> None:
        pass

    def append(self, value: Any) -> None:
        """Take an entry of a list."""

    def extend(self, values: Any) -> None:
        """Take entries of a list."""


class _Names(pickle.Unpickler):
    """Collects the names of classes and functions that a pickle asks for, and gives it none."""

    def __init__(self, file: IO[bytes], found: dict[str, None]) -> None:
        super().__init__(file)
        self._found = found

    def find_class(self, module: str, name: str) -> Any:
        """Note a name, and return an inert class in its place."""
        self._found[f"{module}.{name}"] = None
        return _Inert

    def persistent_load(self, key: Any) -> Any:
        """Return an inert object for a tensor's values."""
        return _Inert()
