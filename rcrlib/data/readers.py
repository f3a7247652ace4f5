"""One reader per published layout: from a folder to its videos."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from rcrlib.data.frames import ImageFrames, VideoFileFrames
from rcrlib.data.listing import is_folder, list_files, list_folders, list_images
from rcrlib.data.matching import labelled_video, names_there, paired_videos
from rcrlib.data.names import NameTable, folder_name
from rcrlib.data.problems import Problems, collecting
from rcrlib.data.splits import FBMS_SPLITS, VOS_SPLITS, split_names
from rcrlib.data.video import LabelFiles, Video
from rcrlib.errors import DataError, first_few


class Request(NamedTuple):
    """Arguments of a reader: the folder, the split, the resolution (DAVIS).

    `problems` collects what is wrong with single videos and labels; None: it is raised.
    """

    root: Path
    split: str | None
    resolution: str | None = None
    problems: Problems = None


class ImagePair(NamedTuple):
    """An image set's folders of images and of masks, and which split they are, if they are one."""

    images: str
    masks: str
    split: str | None = None


DAVIS_RESOLUTION = "480p"
"""The folder in DAVIS' JPEGImages that is read where several are there and none is named."""

FBMS_FOLDERS = {"train": "Trainingset", "test": "Testset"}
IMAGE_PAIRS = (
    ImagePair("DUTS-TR-Image", "DUTS-TR-Mask", "train"),
    ImagePair("DUTS-TR/DUTS-TR-Image", "DUTS-TR/DUTS-TR-Mask", "train"),
    ImagePair("DUTS-TE-Image", "DUTS-TE-Mask", "test"),
    ImagePair("DUTS-TE/DUTS-TE-Image", "DUTS-TE/DUTS-TE-Mask", "test"),
    ImagePair("imgs", "gt"),  # HKU-IS
    ImagePair("images", "ground_truth_mask"),  # ECSSD
)
JPEG = frozenset({".jpg", ".jpeg"})


def read_davis2016(request: Request) -> tuple[Video, ...]:
    """Read JPEGImages/480p/SEQ, Annotations/480p/SEQ, ImageSets/480p/SPLIT.txt."""
    resolution = _resolution(request)
    return _read_davis(request, resolution, (f"ImageSets/{resolution}", "ImageSets/2016"))


def read_davis2017(request: Request) -> tuple[Video, ...]:
    """Read the same folders with ImageSets/2017; masks are palettes of object ids."""
    return _read_davis(request, _resolution(request), ("ImageSets/2017",))


def _read_davis(request: Request, resolution: str, lists: tuple[str, ...]) -> tuple[Video, ...]:
    root, split, _, problems = request
    names = None if split is None else split_names(root, split, lists)
    frames, masks = (root / part / resolution for part in ("JPEGImages", "Annotations"))
    return paired_videos(frames, masks, names, problems)


def _resolution(request: Request) -> str:
    """Return the folder in JPEGImages to read: the one that is wanted, 480p, or the only one."""
    wanted, images = request.resolution, request.root / "JPEGImages"
    found = [path.name for path in list_folders(images)] if is_folder(images) else []
    for name in (wanted,) if wanted is not None else (DAVIS_RESOLUTION, *found[: len(found) == 1]):
        if name in found:
            return name
    raise DataError(
        f"{images / (wanted or DAVIS_RESOLUTION)}: not there; JPEGImages holds"
        f" {first_few(found) or 'nothing'}; name one of these in the layout, as davis2016:1080p, or"
        " another layout"
    )


def read_vos(request: Request) -> tuple[Video, ...]:
    """Read JPEGImages/SEQ and Annotations/SEQ; one frame in 15 has a mask."""
    root, split, _, problems = request
    names = None if split is None else split_names(root, split, ("ImageSets",), VOS_SPLITS)
    return paired_videos(root / "JPEGImages", root / "Annotations", names, problems)


def read_fbms(request: Request) -> tuple[Video, ...]:
    """Read Trainingset/SEQ with SEQ/GroundTruth (and Testset), or JPEGImages/ and Annotations/."""
    root, split, _, problems = request
    if is_folder(root / "JPEGImages"):
        names = None if split is None else split_names(root, split, ("ImageSets",), FBMS_SPLITS)
        return paired_videos(root / "JPEGImages", root / "Annotations", names, problems)
    if split is not None and split not in FBMS_FOLDERS:
        raise DataError(f"{root}: FBMS has no split {split!r}; give train, test, or none for both")
    wanted = FBMS_FOLDERS.values() if split is None else (FBMS_FOLDERS[split],)
    parts = [root / name for name in wanted if is_folder(root / name)]
    if not parts and split is not None:
        raise DataError(f"{root / FBMS_FOLDERS[split]}: not there; unpack this part of FBMS")
    sequences = [folder for part in parts or [root] for folder in list_folders(part)]
    videos = []
    for folder in sequences:
        with collecting(problems):
            videos.append(_fbms_video(folder, problems))
    return tuple(videos)


def _fbms_video(folder: Path, problems: Problems) -> Video:
    """Read one sequence; its masks are colours on white (.ppm) or greys on 0 (.pgm).

    Some sequences have both. PROB_* files are not masks of objects.
    """
    truth = folder / "GroundTruth"
    files = list_files(truth, {".ppm", ".pgm"}) if is_folder(truth) else ()
    masks = sorted(path for path in files if "PROB" not in path.name)
    coloured = [path for path in masks if path.suffix.lower() == ".ppm"]
    grey = [path for path in masks if path.suffix.lower() == ".pgm"]
    if coloured:
        return labelled_video(folder.name, folder, coloured, "on-white", problems)
    return labelled_video(folder.name, folder, grey, "ids", problems)


def read_segtrack(request: Request) -> tuple[Video, ...]:
    """Read JPEGImages/SEQ and GroundTruth/SEQ, or GroundTruth/SEQ/OBJECT where several."""
    root, split, _, problems = request
    names = None if split is None else split_names(root, split, ("ImageSets",))
    return paired_videos(root / "JPEGImages", root / "GroundTruth", names, problems)


def read_generic(request: Request) -> tuple[Video, ...]:
    """Read SEQ/frames and SEQ/labels; `split` is a folder around them or ImageSets/SPLIT.txt."""
    root, split, _, problems = request
    if split is not None and is_folder(root / split):
        root, split = root / split, None
    folders = {path.name: path for path in sequence_folders(root)}
    names = list(folders) if split is None else split_names(root, split, ("ImageSets",))
    videos = []
    for name in names_there(root, names, folders, problems):
        with collecting(problems):
            videos.append(_generic_video(folders[name], problems))
    return tuple(videos)


def sequence_folders(root: Path) -> tuple[Path, ...]:
    """Find the folders that hold `frames`: `root` itself, its folders, or theirs."""
    if _generic_pair(root):
        return (root,)
    below = list_folders(root)
    near = tuple(path for path in below if _generic_pair(path))
    nested = [path for folder in below for path in list_folders(folder)] if not near else []
    return near or tuple(path for path in nested if _generic_pair(path))


def _generic_pair(folder: Path) -> tuple[Path, Path] | None:
    """Return a video's frame and label folders, by either name (DAVSOD has the second)."""
    pairs = (("frames", "labels"), ("Imgs", "GT_object_level"))
    found = (pair for pair in pairs if is_folder(folder / pair[0]))
    return next(((folder / frames, folder / labels) for frames, labels in found), None)


def _generic_video(folder: Path, problems: Problems) -> Video:
    pair = _generic_pair(folder)
    assert pair is not None  # it is one of `sequence_folders`
    frames, labels = pair
    masks = list_images(labels) if is_folder(labels) else ()
    return labelled_video(folder_name(folder), frames, masks, problems=problems)


def read_images(request: Request) -> tuple[Video, ...]:
    """Read a set of images: DUTS, HKU-IS, ECSSD, or MSRA-B's .jpg and .png side by side.

    A split is a pair of folders (DUTS: train, test) or a list of names, ImageSets/SPLIT.txt.
    """
    root, split = request.root, request.split
    pairs = [pair for pair in IMAGE_PAIRS if is_folder(root / pair.images)]
    chosen = [pair for pair in pairs if split is not None and pair.split == split]
    images: list[Path] = []
    masks: list[Path] = []
    for pair in chosen or pairs:
        images += list_images(root / pair.images)
        masks += list_images(root / pair.masks) if is_folder(root / pair.masks) else ()
    if not pairs:
        images, masks = flat_pair(root)
    names = None
    if split is not None and not chosen:
        folders = [pair.split for pair in pairs if pair.split is not None]
        names = split_names(root, split, ("ImageSets",), others=folders)
    return _image_videos(request, images, masks, names)


def flat_pair(folder: Path) -> tuple[list[Path], list[Path]]:
    """List images and masks that lie side by side, .jpg and .png, or images alone."""
    photographs = list(list_images(folder, JPEG))
    if not photographs:
        return list(list_images(folder)), []
    return photographs, list(list_images(folder, frozenset({".png"})))


def _image_videos(
    request: Request, images: Sequence[Path], masks: Sequence[Path], names: Sequence[str] | None
) -> tuple[Video, ...]:
    """Make a video of one frame of each image; a mask has its image's name."""
    by_name = {path.stem: path for path in images}
    table = NameTable(by_name)
    labels: dict[str, dict[int, LabelFiles]] = {}
    for path in masks:
        with collecting(request.problems):
            name = table.find(path.stem)
            if name is None:
                remedy = "complete the images or remove it"
                raise DataError(f"{path}: a mask without an image; {remedy}")
            labels[name] = {0: LabelFiles((path,))}
    chosen = list(by_name) if names is None else [Path(name.strip()).stem for name in names]
    return tuple(
        Video(name, ImageFrames((by_name[name],)), labels.get(name, {}))
        for name in names_there(request.root, chosen, by_name, request.problems)
    )


def read_folder(request: Request) -> tuple[Video, ...]:
    """Read a plain folder of images as one video without labels."""
    _refuse_split(request)
    frames = ImageFrames.from_folder(request.root)
    return (Video(folder_name(request.root), frames),)


def read_video(request: Request) -> tuple[Video, ...]:
    """Read a video file as one video without labels."""
    _refuse_split(request)
    return (Video(request.root.stem, VideoFileFrames(request.root)),)


def _refuse_split(request: Request) -> None:
    if request.split is not None:
        raise DataError(
            f"{request.root}: is one video, without a split {request.split!r}; give none"
        )
