"""Loading a data set, whatever the layout in which it was published."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rcrlib.data import readers
from rcrlib.data.dataset import Dataset
from rcrlib.data.listing import VIDEO_SUFFIXES, is_folder, list_files, list_folders, list_images
from rcrlib.data.names import folder_name
from rcrlib.data.problems import Problems
from rcrlib.data.readers import Request
from rcrlib.data.video import Video
from rcrlib.errors import DataError, OptionError


@dataclass(frozen=True)
class Layout:
    """A published arrangement of folders.

    Attributes:
        looks_like: the files by which a person recognises it.
        recognise: tells whether a path has this layout, as far as the layouts before it don't.
        read: makes its videos.
        flat: a set of images rather than of videos.
    """

    looks_like: str
    recognise: Callable[[Path], bool]
    read: Callable[[Request], tuple[Video, ...]]
    flat: bool = False


def load(
    path: str | Path,
    layout: str = "auto",
    split: str | None = None,
    resolution: str | None = None,
    problems: Problems = None,
) -> Dataset:
    """Load a data set. Frames and masks are read later, when they are asked for.

    Args:
        path: the data set's folder as published, a folder of images, or a video file.
        layout: one of `LAYOUTS`, or "auto" to recognise it; "davis2016:1080p" is that layout with
            that `resolution`.
        split: the part of it, such as "train", "val" or "test"; None is all of it.
        resolution: DAVIS only: the folder in JPEGImages, such as "480p" or "1080p"; None: 480p, or
            the only one that is there.
        problems: collects what is wrong with single videos and labels, which are left out;
            None: it is raised.

    Raises:
        OptionError: there is no such layout.
        DataError: nothing is there, no layout fits, files of the split are missing, a label has no
            frame, or a video is empty.
    """
    root = Path(path)
    name, _, named = layout.partition(":")
    resolution = named or resolution
    if name not in ("auto", *LAYOUTS) or (named and name not in WITH_RESOLUTION):
        raise OptionError(
            f"layout={layout!r}: expected auto, {', '.join(LAYOUTS)}, or a resolution of DAVIS such"
            " as davis2016:1080p"
        )
    if not is_folder(root) and not root.exists():
        raise DataError(f"{root}: not there; expected a data set's folder or a video file")
    name = _recognise(root) if name == "auto" else name
    with _hint_at_what_is_inside(root, name):
        videos = LAYOUTS[name].read(Request(root, split, resolution, problems))
    title = root.stem if root.is_file() else folder_name(root)
    full_name = f"{name}:{resolution}" if resolution and name in WITH_RESOLUTION else name
    return Dataset(title, root, full_name, videos, LAYOUTS[name].flat, split)


def _recognise(root: Path) -> str:
    name = _fitting(root)
    if name is not None:
        return name
    looked_for = "; ".join(f"{name}: {layout.looks_like}" for name, layout in LAYOUTS.items())
    remedy = _inside(root) or "name the layout if it is one of these"
    raise DataError(f"{root}: no known layout; {remedy} (looked for {looked_for})")


def _inside(root: Path, wanted: str | None = None) -> str | None:
    """Say which folder or film directly in `root` is a data set, of the layout `wanted` if any."""
    if not root.is_dir():
        return None
    for path in (*list_folders(root), *list_files(root, VIDEO_SUFFIXES)):
        name = _fitting(path)
        if name and wanted in (None, name):
            what = "file" if name == "video" else "folder"
            return f"{path.name} in it looks like {name}: give that {what}"
    return None


@contextmanager
def _hint_at_what_is_inside(root: Path, name: str) -> Iterator[None]:
    """Add to the error of a layout that was named, and is not that of `root`, where it is."""
    try:
        yield
    except DataError as error:
        hint = None if LAYOUTS[name].recognise(root) else _inside(root, name)
        if hint is None:
            raise
        raise DataError(f"{error}; {hint}") from error


def _fitting(root: Path) -> str | None:
    return next((name for name, layout in LAYOUTS.items() if layout.recognise(root)), None)


def _is_davis(root: Path) -> bool:
    """JPEGImages/480p/SEQ: two floors of folders, where the other layouts have one."""
    return any(list_folders(folder) for folder in _below(root / "JPEGImages")[:1])


def _is_vos(root: Path) -> bool:
    """VOS' videos are named by numbers."""
    names = [folder.name for folder in _below(root / "JPEGImages")]
    return bool(names) and all(name.isdecimal() for name in names)


def _is_fbms(root: Path) -> bool:
    return (
        bool(_below(root / "JPEGImages"))
        or any((root / name).is_dir() for name in readers.FBMS_FOLDERS.values())
        or any((folder / "GroundTruth").is_dir() for folder in _below(root))
    )


def _is_images(root: Path) -> bool:
    """A pair of folders directly in `root`: what lies deeper may be one data set among others."""
    pairs = [pair for pair in readers.IMAGE_PAIRS if "/" not in pair.images]
    if any((root / pair.images).is_dir() and (root / pair.masks).is_dir() for pair in pairs):
        return True
    return root.is_dir() and all(readers.flat_pair(root))


def _below(folder: Path) -> tuple[Path, ...]:
    return list_folders(folder) if is_folder(folder) else ()


LAYOUTS: Mapping[str, Layout] = {
    "video": Layout(
        f"a file ({', '.join(sorted(VIDEO_SUFFIXES))})",
        lambda root: root.is_file() and root.suffix.lower() in VIDEO_SUFFIXES,
        readers.read_video,
    ),
    "davis2017": Layout(
        "JPEGImages/480p/SEQ and ImageSets/2017",
        lambda root: _is_davis(root) and (root / "ImageSets" / "2017").is_dir(),
        readers.read_davis2017,
    ),
    "davis2016": Layout("JPEGImages/480p/SEQ", _is_davis, readers.read_davis2016),
    "segtrack": Layout(
        "JPEGImages/SEQ and GroundTruth/SEQ",
        lambda root: (root / "JPEGImages").is_dir() and (root / "GroundTruth").is_dir(),
        readers.read_segtrack,
    ),
    "vos": Layout("JPEGImages/NUMBER and Annotations/NUMBER", _is_vos, readers.read_vos),
    "fbms": Layout(
        "Trainingset/SEQ/GroundTruth or JPEGImages/SEQ and Annotations/SEQ",
        _is_fbms,
        readers.read_fbms,
    ),
    "images": Layout(
        "DUTS-TR-Image and DUTS-TR-Mask, imgs and gt, images and ground_truth_mask,"
        " or .jpg and .png side by side",
        _is_images,
        readers.read_images,
        flat=True,
    ),
    "generic": Layout(
        "SEQ/frames and SEQ/labels (DAVSOD: Imgs and GT_object_level)",
        lambda root: root.is_dir() and bool(readers.sequence_folders(root)),
        readers.read_generic,
    ),
    "folder": Layout(
        "images directly in the folder",
        lambda root: root.is_dir() and bool(list_images(root)),
        readers.read_folder,
    ),
}
"""The layouts by name, in the order in which "auto" tries them."""

WITH_RESOLUTION = ("davis2016", "davis2017")
"""Layouts that hold their frames in several resolutions."""
