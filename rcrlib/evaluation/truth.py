"""The masks that predictions are compared with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rcrlib.data import (
    Dataset,
    ImageFrames,
    LabelFiles,
    Video,
    folder_name,
    list_folders,
    list_images,
    load,
)
from rcrlib.errors import DataError

MASKS = "masks"
"""The layout of a plain folder of masks, VIDEO/FRAME.png or IMAGE.png. Its masks stand in for the
frames, too: names and sizes are all that an evaluation needs of these."""


def load_truth(path: str | Path, layout: str = "auto", split: str | None = None) -> Dataset:
    """Load a data set for its labels, in any layout, or a plain folder of masks.

    Args:
        path: the data set, or a folder VIDEO/FRAME.png or IMAGE.png.
        layout: one of `rcrlib.data.LAYOUTS`, `masks`, or "auto".
        split: the part of the data set.

    Raises:
        DataError: no mask is there.
    """
    root = Path(path)
    if layout == MASKS:
        return _mask_folder(root)
    try:
        dataset = load(root, layout, split)
    except DataError:
        if layout != "auto" or split is not None or not _holds_masks(root):
            raise
        return _mask_folder(root)
    if any(video.labels for video in dataset):
        return dataset
    if layout == "auto" and split is None and _holds_masks(root):
        return _mask_folder(root)
    raise DataError(
        f"{root}: the {dataset.layout} data set has no masks; give one with annotations,"
        " or a folder VIDEO/FRAME.png of masks"
    )


def true_mask(labels: LabelFiles, size: tuple[int, int] | None = None) -> NDArray[np.bool_]:
    """Read a mask as the field's metrics do: what is above 128 of 255 is the object.

    That is one level more than where `Video.label` begins, which matters for masks with grey edges.

    Raises:
        DataError: the file cannot be read, or is of another size.
    """
    return labels.read_grey(size=size) > 128


def true_void(labels: LabelFiles, size: tuple[int, int] | None = None) -> NDArray[np.bool_] | None:
    """Read which pixels of a mask are void and not to be scored; None where none is.

    Raises what `true_mask` raises.
    """
    return labels.read_void(size=size)


def _holds_masks(root: Path) -> bool:
    return root.is_dir() and bool(_mask_files(root))


def _mask_folder(root: Path) -> Dataset:
    files = _mask_files(root) if root.is_dir() else {}
    if not files:
        raise DataError(f"{root}: holds no masks; expected VIDEO/FRAME.png or IMAGE.png")
    flat = "" in files
    if flat:
        files = {path.stem: (path,) for path in files[""]}
    videos = tuple(
        Video(name, ImageFrames(paths), {i: LabelFiles((path,)) for i, path in enumerate(paths)})
        for name, paths in files.items()
    )
    return Dataset(folder_name(root), root, MASKS, videos, flat)


def _mask_files(root: Path) -> dict[str, tuple[Path, ...]]:
    """List the images of each folder in `root`; images directly in it, if any, are under ""."""
    here = list_images(root)
    if here:
        return {"": here}
    inside = {folder.name: list_images(folder) for folder in list_folders(root)}
    return {name: paths for name, paths in inside.items() if paths}
