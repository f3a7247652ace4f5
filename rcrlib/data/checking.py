"""Check a data set and report all of its problems, not only the first."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from tqdm.auto import tqdm

from rcrlib.data.dataset import Dataset, NoVideoError
from rcrlib.data.frames import VideoFileFrames
from rcrlib.data.layouts import load
from rcrlib.data.listing import walk_files
from rcrlib.data.problems import collecting
from rcrlib.data.video import Video
from rcrlib.errors import DataError, DataWarning, first_few

SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class CheckResult:
    """Result of `check`.

    Attributes:
        dataset: the part that can be read; None if there is none.
        problems: what is wrong, a line each, in the order of the videos.
        notes: what is no problem but worth knowing.
    """

    dataset: Dataset | None
    problems: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _FileCheck:
    """Result of reading one file."""

    problem: str | None = None
    empty: bool = False
    grey: bool = False


def check(
    path: str | Path, layout: str = "auto", split: str | None = None, *, files: bool = True
) -> CheckResult:
    """Read every frame and every label of a data set, and its lists.

    Args:
        path: as in `rcrlib.data.load`.
        layout: likewise.
        split: check this part only.
        files: read the files too, not just their names.

    Raises:
        OptionError: there is no such layout.
    """
    with warnings.catch_warnings():  # what is warned of is among the problems
        warnings.simplefilter("ignore", DataWarning)
        return _check(path, layout, split, files)


def _check(path: str | Path, layout: str, split: str | None, files: bool) -> CheckResult:
    problems: list[str] = []
    dataset = None
    with collecting(problems):
        try:
            dataset = load(path, layout, split, problems=problems)
        except NoVideoError:
            if not problems:  # else it holds some, and what is wrong with each has been said
                raise
    if dataset is None:
        return CheckResult(None, tuple(problems), ())
    if split is None:
        problems += _list_problems(dataset)
    empty: list[str] = []
    grey = 0
    for name, found in _read_all(dataset) if files else ():
        if found.problem:
            problems.append(found.problem)
        if found.empty:
            empty.append(name)
        grey += found.grey
    notes = _notes(dataset, empty, grey)
    return CheckResult(dataset, tuple(dict.fromkeys(problems)), notes)


def _list_problems(dataset: Dataset) -> Iterator[str]:
    """Yield what is wrong with the lists of the data set's splits, where it has them."""
    for split in SPLITS:
        try:
            load(dataset.root, dataset.layout, split)
        except DataError as error:
            lists = dataset.root / "ImageSets"
            names = (path.name for path in walk_files(lists)) if lists.is_dir() else ()
            has_list = f"{split}.txt" in set(names)
            if has_list and "has no split" not in str(error):
                yield str(error)


def _read_all(dataset: Dataset) -> Iterator[tuple[str, _FileCheck]]:
    """Yield what reading each frame and each label found, in the order of the videos."""
    jobs: list[tuple[str, Callable[[], _FileCheck | None]]] = []
    for video in dataset:
        jobs += _jobs(dataset, video)
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        results = pool.map(lambda job: _check_file(job[1]), jobs)
        bar = tqdm(
            results, total=len(jobs), desc=f"check {dataset.name}", unit="file", disable=None,
            leave=False, dynamic_ncols=True,
        )  # fmt: skip
        try:
            yield from zip((name for name, _ in jobs), bar, strict=True)
        except BaseException:  # Ctrl-C does not wait for the files that are still to be read
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _jobs(dataset: Dataset, video: Video) -> Iterator[tuple[str, Callable[[], _FileCheck | None]]]:
    """Yield the name and the reading of every file of a video."""
    if isinstance(video.frames, VideoFileFrames):
        yield video.name, partial(_read_video_file, video)
    else:
        for index in range(len(video)):
            yield dataset.title(video, index), partial(_read_frame, video, index)
    for index in video.annotated:
        yield dataset.title(video, index), partial(_read_label, video, index)


def _check_file(read: Callable[[], _FileCheck | None]) -> _FileCheck:
    """Read a file; its `DataError`, if any, becomes the problem."""
    try:
        return read() or _FileCheck()
    except DataError as error:
        return _FileCheck(str(error))


def _read_video_file(video: Video) -> None:
    for _ in video.stream():
        pass
    loss = video.frames.loss if isinstance(video.frames, VideoFileFrames) else None
    if loss is not None:
        raise DataError(loss)


def _read_frame(video: Video, index: int) -> None:
    video.frame(index)


def _read_label(video: Video, index: int) -> _FileCheck:
    label = video.label(index, soft=True).astype(np.float32)
    return _FileCheck(empty=not (label >= 0.5).any(), grey=bool(((label > 0) & (label < 1)).any()))


def _notes(dataset: Dataset, empty: list[str], grey: int) -> tuple[str, ...]:
    bare = [video.name for video in dataset if not video.annotated]
    notes = []
    if bare:
        notes.append(f"without any label: {first_few(bare)}")
    if empty:
        notes.append(f"labels without an object ({len(empty)}): {first_few(empty)}")
    if grey:
        notes.append(f"labels with grey edges, cut at 128: {grey}")
    return tuple(notes)
