"""Match predictions with masks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rcrlib.data import (
    Dataset,
    LabelFiles,
    NameTable,
    Video,
    list_folders,
    list_images,
    walk_files,
)
from rcrlib.errors import DataError, first_few
from rcrlib.evaluation.truth import MASKS

IMAGE = "IMAGE.png"
"""Where the map of an image lies in a folder of predictions."""

FOREIGN = (".npy", ".npz", ".mat", ".pt", ".h5")
"""Files that are no pictures and yet often hold maps."""


@dataclass(frozen=True)
class Pair:
    """A labelled frame and its prediction."""

    name: str
    """The frame's: VIDEO/FRAME, or IMAGE."""

    video: Video
    number: int
    """The frame's index in its video."""

    prediction: Path

    @property
    def label(self) -> LabelFiles:
        """The frame's mask."""
        return self.video.labels[self.number]


@dataclass(frozen=True)
class Pairs:
    """Predictions matched with the labelled frames of a data set."""

    pairs: tuple[Pair, ...]
    missing: tuple[str, ...]
    """Labelled frames without a prediction."""

    extra: tuple[str, ...]
    """Predictions for frames or videos that the data set has not."""


def find_pairs(dataset: Dataset, folder: str | Path) -> Pairs:
    """Find the prediction of every labelled frame: FOLDER/VIDEO/FRAME.png, or FOLDER/IMAGE.png.

    Predictions for frames without a label are neither used nor too much.

    Raises:
        DataError: the folder is missing or holds no picture.
    """
    folder = Path(folder)
    files = _files(dataset, folder)
    spelt = NameTable(files)
    pairs, missing, extra = [], [], []
    for video in dataset:
        there = files.pop(spelt.find(video.name) or video.name, {})
        names, paths = video.frame_names, NameTable(there)
        for index in video.annotated:
            path = paths.get(names[index])
            if path is None:
                missing.append(dataset.title(video, index))
            else:
                pairs.append(Pair(dataset.title(video, index), video, index, path))
        known = NameTable(dict.fromkeys(names, True))
        extra += [f"{video.name}/{name}" for name in there if not known.get(name)]
    extra += [name if dataset.flat else f"{name}/" for name in files]
    return Pairs(tuple(pairs), tuple(missing), tuple(extra))


def check_complete(folder: Path, found: Pairs, dataset: Dataset) -> None:
    """Raise `DataError` that lists what is missing and what is too much, if anything is."""
    lines = []
    if found.missing:
        lines.append(
            f"{len(found.missing)} predictions are missing: {first_few(list(found.missing))}"
        )
    if found.extra:
        of = "masks" if dataset.layout == MASKS else "frames"
        lines.append(
            f"{len(found.extra)} belong to no {of} of {dataset.name}:"
            f" {first_few(list(found.extra))}"
        )
    if lines:
        raise DataError(
            f"{folder}: {'; '.join(lines)}; complete the folder, name the split that was predicted,"
            " or go on without them by --allow-missing"
        )


def _files(dataset: Dataset, folder: Path) -> dict[str, dict[str, Path]]:
    """List the prediction files by video and frame."""
    here = list_images(folder)
    if dataset.flat:
        files = {path.stem: {path.stem: path} for path in here}
    elif here and len(dataset) == 1:  # of a single video, the frames may lie in the folder itself
        files = {dataset.videos[0].name: {path.stem: path for path in here}}
    else:
        inside = {part.name: list_images(part) for part in list_folders(folder)}
        files = {name: {p.stem: p for p in paths} for name, paths in inside.items() if paths}
    if not files:
        layout = IMAGE if dataset.flat else "VIDEO/FRAME.png"
        raise DataError(f"{folder}: holds no saliency maps; {_hint(folder, layout)}")
    return files


def _hint(folder: Path, layout: str) -> str:
    foreign = next((p for p in walk_files(folder) if p.suffix.lower() in FOREIGN), None)
    if foreign is not None:
        return f"{foreign.name} is no picture: save maps as 8-bit PNG, {layout}"
    if layout != IMAGE and list_images(folder):
        return f"expected {layout}, found pictures directly in it: sort them into folders of videos"
    for part in list_folders(folder):
        if any(list_images(p) for p in ((part,) if layout == IMAGE else list_folders(part))):
            return f"{part.name} in it holds {layout}: give that folder"
    return f"expected {layout}"
