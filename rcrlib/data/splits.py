"""Which videos belong to "train", "val" and "test": the lists in a data set's folder, or published.

FBMS-59 and VOS have no list files in their `JPEGImages/` form. Theirs are written out here: FBMS'
is the one of its archives (Trainingset and Testset), VOS' the one that the paper's numbers stand
for, from the authors' configuration (Kinpzz/RCRNet-Pytorch), which names 199 of the 200 videos.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath

from rcrlib.data.listing import is_folder, list_files
from rcrlib.data.names import read_text
from rcrlib.errors import DataError, first_few


def _table(**lists: str) -> Mapping[str, tuple[str, ...]]:
    return {split: tuple(names.split()) for split, names in lists.items()}


FBMS_SPLITS = _table(
    train="""
        bear01 bear02 cars2 cars3 cars6 cars7 cars8 cars9 cats02 cats04 cats05 cats07 ducks01
        horses01 horses03 horses06 lion02 marple1 marple3 marple5 marple8 marple10 marple11 marple13
        meerkats01 people04 people05 rabbits01 rabbits05
    """,
    test="""
        camel01 cars1 cars4 cars5 cars10 cats01 cats03 cats06 dogs01 dogs02 farm01 giraffes01
        goats01 horses02 horses04 horses05 lion01 marple2 marple4 marple6 marple7 marple9 marple12
        people1 people2 people03 rabbits02 rabbits03 rabbits04 tennis
    """,
)

VOS_SPLITS = _table(
    train="""
        1 2 4 6 9 11 12 15 17 20 22 23 25 26 27 30 32 33 34 35 38 40 44 45 46 48 50 51 52 53 55
        61 64 66 67 69 70 71 73 78 80 81 83 87 88 90 96 99 102 103 104 107 111 112 114 115 117 118
        119 123 124 125 126 127 130 131 143 145 146 147 156 164 171 176 192 197 198 199 200 201 202
        205 206 207 212 215 216 217 220 221 222 225 226 229 230 231 233 235 236 250 251 252 255 256
        257 258 259 261 262 263 265 267 268 270 271 272 273 275 276
    """,
    val="""
        5 7 10 13 14 18 24 28 31 37 39 57 62 72 77 84 92 94 95 97 101 105 109 113 120 133 148 158
        180 196 203 204 208 209 213 219 223 228 260 269
    """,
    test="""
        3 8 16 19 21 29 36 42 43 47 49 58 65 68 74 76 85 93 98 100 106 108 110 121 132 134 172
        189 194 195 210 211 214 224 227 232 254 264 266 274
    """,
)


def split_names(
    root: Path,
    split: str,
    folders: Sequence[str],
    published: Mapping[str, Sequence[str]] | None = None,
    others: Iterable[str] = (),
) -> tuple[str, ...]:
    """Read the names (of videos or images) that belong to `split`, in the list's order.

    Args:
        root: the data set's folder.
        split: "train", "val", ...
        folders: where in `root` a list SPLIT.txt may be; the first one found is used.
        published: lists to use where `root` has none.
        others: splits that are no lists but folders, for the error message.

    Raises:
        DataError: there is no such list, it is no text, or files that it names are missing.
    """
    for folder in folders:
        path = root / folder / f"{split}.txt"
        if path.is_file():
            return _read_list(root, path)
    if published and split in published:
        return tuple(published[split])
    lists = [root / folder for folder in folders if is_folder(root / folder)]
    found = {path.stem for folder in lists for path in list_files(folder, {".txt"})}
    choices = first_few(sorted(found.union(published or (), others))) or "none"
    looked_for = " and ".join(f"{folder}/{split}.txt" for folder in folders)
    raise DataError(
        f"{root}: has no split {split!r} (looked for {looked_for});"
        f" splits found: {choices}; give one of them, or none for all videos"
    )


def _read_list(root: Path, path: Path) -> tuple[str, ...]:
    """Read a list of names, or (DAVIS 2016) of the files, frame and mask, of the split."""
    lines = [line for line in read_text(path).split("\n") if line.strip()]
    names = dict.fromkeys(_name(line) for line in lines)
    files = [root / word.lstrip("/") for line in lines for word in _paths(line)]
    missing = [file for file in files if not _is_file(file)]
    if missing:
        gone = set(missing)
        there = {file.parent.name for file in files if file not in gone}
        whole = [name for name in names if name not in there]
        what = (
            f"the sequences {first_few(whole)}"
            if whole
            else f"{len(missing)} files, {missing[0].relative_to(root)} first"
        )
        raise DataError(f"{path}: lists {what}, missing in {root}; unpack the data set again")
    if not names:
        raise DataError(f"{path}: lists nothing; unpack the data set again")
    return tuple(names)


def _is_file(path: Path) -> bool:
    """Whether a file exists; False for what cannot be a file name, such as 300 letters."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _name(line: str) -> str:
    """Return SEQ from `/JPEGImages/480p/SEQ/00000.jpg ...`, `*SEQ` (SegTrack v2) or `SEQ`."""
    paths = _paths(line)
    return PurePosixPath(paths[0]).parent.name if paths else line.lstrip().lstrip("*") or line


def _paths(line: str) -> list[str]:
    """Return the files of a line of DAVIS 2016, whose names may hold blanks; else nothing."""
    line = line.strip()
    return re.split(r"\s+(?=/)", line) if line.startswith("/") else []
