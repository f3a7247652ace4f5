"""Label your own video: write frames to draw on, make a data set of the drawn labels."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from tqdm.auto import tqdm

from rcrlib.data.annotations import PICTURES_FOLDER, DrawnLabels, write_empty_labelme
from rcrlib.data.frames import ImageFrames
from rcrlib.data.masks import write_mask
from rcrlib.data.video import Video
from rcrlib.errors import DataError, OptionError, first_few
from rcrlib.files import output_folder

JPEG_QUALITY = 95
"""Of the frames' JPEG files: high enough that a network sees no artefacts."""


def write_for_labelling(
    video: Video, indices: Sequence[int], out: str | Path, *, force: bool = False
) -> Path:
    """Write some frames of a video, each with an empty label, for a person to draw on.

    OUT gets pictures/NAME.jpg with an empty labelme file NAME.json beside each, and labels/NAME.png
    all black. Any of them, or an export of another tool, is read by `read_annotations`. OUT is no
    data set: `rcrlib.data.load` does not take these empty labels for labels.

    Raises:
        OptionError: `out` holds something and `force` is not given.
        DataError: a frame cannot be read.
    """
    record = {
        "command": "data label",
        "video": video.name,
        "frames": [video.frame_names[index] for index in indices],
    }
    with output_folder(out, record, force=force) as folder:
        (folder / PICTURES_FOLDER).mkdir()
        for index in indices:
            name = video.frame_names[index]
            picture = folder / PICTURES_FOLDER / f"{name}.jpg"
            Image.fromarray(video.frame(index)).save(picture, quality=JPEG_QUALITY)
            write_empty_labelme(picture.with_suffix(".json"), picture.name, video.size)
            write_mask(folder / "labels" / f"{name}.png", np.zeros(video.size, np.uint8))
    return Path(out)


def write_own_set(
    video: Video,
    drawn: DrawnLabels,
    out: str | Path,
    *,
    keep_empty: bool = False,
    force: bool = False,
) -> Path:
    """Write a video and its labels as OUT/VIDEO/{frames,labels}; OUT may hold other videos.

    Frames that are image files are copied as they are, those of a video file are written as JPEG.

    Args:
        video: the video.
        drawn: its labels.
        out: the folder of the data set.
        keep_empty: frames with an empty label are labelled as frames without an object; else they
            stay unlabelled.
        force: replace what was written for this video before.

    Returns:
        OUT.

    Raises:
        DataError: a label cannot be used, or nothing was drawn at all.
        OptionError: OUT/VIDEO exists.
    """
    labels: dict[str, NDArray[np.generic]] = dict(drawn.masks)
    if drawn.problems:
        raise DataError(f"{len(drawn.problems)} label(s) cannot be used: {drawn.problems[0]}")
    if not labels:
        raise DataError(
            f"{video.name}: nothing was drawn on {first_few(drawn.empty)};"
            " draw what is salient there"
        )
    if keep_empty:
        labels |= {name: np.zeros(video.size, np.uint8) for name in drawn.empty}
    out = Path(out)
    if out.is_file():
        raise OptionError(f"{out}: a file is in the way; name another folder")
    record = {"command": "data label", "video": video.name, "labels": sorted(labels)}
    with output_folder(out / video.name, record, force=force) as folder:
        _write_frames(video, folder / "frames")
        for name, mask in labels.items():
            write_mask(folder / "labels" / f"{name}.png", mask, drawn.voids.get(name))
    return out


def summarise_drawn(video: Video, drawn: DrawnLabels, *, keep_empty: bool = False) -> str:
    """Summarise in a line which labels were used and what happened to empty ones."""
    shares: Mapping[str, float] = {name: float(mask.mean()) for name, mask in drawn.masks.items()}
    least, most = (100 * pick(shares.values(), default=0.0) for pick in (min, max))
    line = f"{len(shares)} labels (object {least:.1f} to {most:.1f} % of the frame)"
    if not drawn.empty:
        return line
    taken = "taken as frames without an object" if keep_empty else (
        "not taken as labels; --keep-empty takes them as frames without an object"
    )  # fmt: skip
    return f"{line}; nothing drawn on {first_few(drawn.empty)}: {taken}"


summary = summarise_drawn  # the name that lesson 09 imports


def _write_frames(video: Video, folder: Path) -> None:
    folder.mkdir()
    bar = tqdm(
        total=len(video), desc=video.name, unit="frame", disable=None, leave=False,
        dynamic_ncols=True,
    )  # fmt: skip
    with bar:
        if isinstance(video.frames, ImageFrames):
            for path in video.frames.paths:
                shutil.copyfile(path, folder / path.name)
                bar.update()
            return
        for name, frame in zip(video.frame_names, video.stream(), strict=True):
            Image.fromarray(frame).save(folder / f"{name}.jpg", quality=JPEG_QUALITY)
            bar.update()
