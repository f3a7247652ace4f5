"""Evaluate a folder of predictions on all cores, in constant memory."""

from __future__ import annotations

import heapq
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm.auto import tqdm

from rcrlib.data import Dataset, folder_name, read_map, resize
from rcrlib.errors import DataError, first_few
from rcrlib.evaluation.pairs import Pair, check_complete, find_pairs
from rcrlib.evaluation.truth import true_mask, true_void
from rcrlib.metrics import (
    SaliencyMetrics,
    SaliencyProtocol,
    SaliencyResult,
    SegmentationMetrics,
    SegmentationResult,
)

CHUNK = 8
"""Frames that one thread measures in one go."""

Result = TypeVar("Result", SaliencyResult, SegmentationResult)
Metrics = SaliencyMetrics | SegmentationMetrics


@dataclass(frozen=True)
class WorstFrame:
    """A frame of low score: S of a saliency map, J of a segmentation."""

    score: float
    pair: Pair


@dataclass(frozen=True)
class Evaluation(Generic[Result]):
    """A method's result, and which of its predictions were resized, missing or unusable."""

    method: str
    data: str
    result: Result
    resized: int
    """Predictions of another size than their mask, resized in memory."""

    missing: tuple[str, ...]
    extra: tuple[str, ...]
    unreadable: tuple[str, ...]
    worst: tuple[WorstFrame, ...]
    """From the worst up."""

    highest: int = 255
    """The greatest level of all predictions, of 255."""

    @property
    def remarks(self) -> list[str]:
        """Caveats to print with the numbers, one line each."""
        counts = {
            "resized to the mask (bilinear, in memory)": self.resized,
            "missing and left out": len(self.missing),
            "unreadable and left out": len(self.unreadable),
            "(or folders of them) without a frame, not looked at": len(self.extra),
        }
        remarks = [f"{self.method}: {n} predictions {what}" for what, n in counts.items() if n]
        if self.highest < 128:
            remarks.append(
                f"{self.method}: no prediction exceeds {self.highest} of 255; maps go from 0 to 255"
                " (were these saved without * 255?)"
            )
        return remarks


@dataclass
class _Chunk:
    """Results of a few frames, from one thread."""

    metrics: Any
    scores: list[tuple[float, Pair]] = field(default_factory=list)
    resized: int = 0
    highest: int = 0
    unreadable: list[str] = field(default_factory=list)


def evaluate_saliency(
    dataset: Dataset,
    folder: str | Path,
    *,
    protocol: str | SaliencyProtocol = "paper",
    method: str | None = None,
    allow_missing: bool = False,
    worst: int = 0,
    weighted: bool = True,
) -> Evaluation[SaliencyResult]:
    """Score a folder of saliency maps.

    Args:
        dataset: what to compare with, see `rcrlib.evaluation.load_truth`.
        folder: VIDEO/FRAME.png (IMAGE.png for a set of images), grey, 8 bits; another size than the
            mask's is resized bilinearly in memory.
        protocol: one of `rcrlib.metrics.PROTOCOLS`, or what `rcrlib.metrics.get_protocol` makes.
        method: its name in tables; the folder's by default.
        allow_missing: go on without predictions that are missing or cannot be read.
        worst: how many of the worst frames, by S, to remember.
        weighted: the weighted F, too, which takes most of the time.

    Raises:
        DataError: predictions are missing, too many, or unreadable (without `allow_missing`), or
            the masks are.
    """

    def measure(metrics: SaliencyMetrics, pair: Pair) -> tuple[float, _Read]:
        read = _read(pair, read_map)
        (frame,) = metrics.update(
            read.levels, read.mask, pair.video.name, [pair.number], void=read.void
        )
        return frame.s, read

    make = partial(SaliencyMetrics, protocol, weighted=weighted)
    return _evaluate(dataset, Path(folder), make, measure, method, allow_missing, worst)


def evaluate_segmentation(
    dataset: Dataset,
    folder: str | Path,
    *,
    protocol: str = "davis16",
    threshold: float = 0.5,
    method: str | None = None,
    allow_missing: bool = False,
    worst: int = 0,
) -> Evaluation[SegmentationResult]:
    """Score a folder of masks, or of saliency maps that are cut at a threshold.

    Args:
        dataset, folder, method, allow_missing, worst: as for `evaluate_saliency`; masks may also be
            palettes of object ids, and the worst frames are those of lowest J.
        protocol: one of `rcrlib.metrics.SEGMENTATION_PROTOCOLS`.
        threshold: of the object, in (0, 1].

    Raises:
        DataError: as `evaluate_saliency`.
    """

    def read(path: Path) -> NDArray[np.uint8]:
        levels = read_map(path, palette_ids=True)
        if levels.max() == 1:
            raise DataError(f"{path}: holds 0 and 1 of 255; save masks as 0 and 255")
        return levels

    def measure(metrics: SegmentationMetrics, pair: Pair) -> tuple[float, _Read]:
        found = _read(pair, read)
        ((j, _),) = metrics.update(
            found.levels / 255, found.mask, pair.video.name, [pair.number], void=found.void
        )
        return j, found

    make = partial(SegmentationMetrics, protocol, threshold)
    return _evaluate(dataset, Path(folder), make, measure, method, allow_missing, worst)


def _evaluate(
    dataset: Dataset, folder: Path, make: Callable[[], Any], measure: Callable[..., Any],
    method: str | None, allow_missing: bool, worst: int,
) -> Evaluation[Any]:  # fmt: skip
    metrics = make()  # first of all, for it checks the protocol
    found = find_pairs(dataset, folder)
    if not allow_missing:
        check_complete(folder, found, dataset)
    resized, highest, unreadable = 0, 0, []
    lowest: list[tuple[float, int, Pair]] = []
    numbers = count()
    for chunk in _in_threads(partial(_measure_chunk, make, measure), found.pairs, folder.name):
        metrics.merge(chunk.metrics)
        resized += chunk.resized
        highest = max(highest, chunk.highest)
        unreadable += chunk.unreadable
        for score, pair in chunk.scores:
            # A heap whose first is the best of the worst; numbers keep it from comparing pairs.
            heapq.heappush(lowest, (-score, -next(numbers), pair))
            if len(lowest) > worst:
                heapq.heappop(lowest)
    if unreadable and not allow_missing:
        raise DataError(
            f"{folder}: {len(unreadable)} predictions cannot be used: {first_few(unreadable, 3)};"
            " mend them, or go on without them by --allow-missing"
        )
    if len(unreadable) == len(found.pairs):
        lost = unreadable or list(found.missing)
        raise DataError(f"{folder}: no prediction can be used; not there: {first_few(lost, 3)}")
    return Evaluation(
        method=method or folder_name(folder), data=dataset.name, result=metrics.compute(),
        resized=resized, missing=found.missing, extra=found.extra, unreadable=tuple(unreadable),
        worst=tuple(WorstFrame(-s, pair) for s, _, pair in sorted(lowest, reverse=True)),
        highest=highest,
    )  # fmt: skip


def _in_threads(
    work: Callable[[Sequence[Pair]], _Chunk], pairs: Sequence[Pair], title: str
) -> Iterator[_Chunk]:
    """Work on chunks in threads; yield the results in the order of the frames."""
    chunks = [pairs[start : start + CHUNK] for start in range(0, len(pairs), CHUNK)]
    with (
        ThreadPoolExecutor(os.cpu_count()) as pool,
        tqdm(total=len(pairs), desc=title, unit="frame", disable=None, leave=False) as bar,
    ):
        try:
            for chunk, done in zip(chunks, pool.map(work, chunks), strict=True):
                bar.update(len(chunk))
                yield done
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _measure_chunk(
    make: Callable[[], Metrics], measure: Callable[..., Any], pairs: Sequence[Pair]
) -> _Chunk:
    chunk = _Chunk(make())
    for pair in pairs:
        try:
            score, read = measure(chunk.metrics, pair)
        except _UnreadableError as error:
            chunk.unreadable.append(str(error))
        else:
            chunk.resized += read.resized
            chunk.highest = max(chunk.highest, int(read.levels.max()))
            chunk.scores.append((score, pair))
    return chunk


class _UnreadableError(Exception):
    """A prediction that cannot be read; a mask that cannot be read is a `DataError`."""


@dataclass(frozen=True)
class _Read:
    """A prediction and what it is compared with, all (H, W)."""

    levels: NDArray[np.uint8]
    mask: NDArray[np.bool_]
    void: NDArray[np.bool_] | None
    """Pixels that are not scored."""

    resized: bool
    """Whether the prediction was resized to the mask."""


def _read(pair: Pair, read: Callable[[Path], NDArray[np.uint8]]) -> _Read:
    """Read prediction and mask."""
    mask, void = true_mask(pair.label), true_void(pair.label)
    if void is not None and void.all():
        raise DataError(
            f"{pair.video.name}, frame {pair.number}: its label is all void; delete that label"
        )
    try:
        levels = read(pair.prediction)
    except DataError as error:
        raise _UnreadableError(str(error)) from error
    if levels.shape == mask.shape:
        return _Read(levels, mask, void, False)
    height, width = mask.shape
    smooth = resize(torch.from_numpy(levels)[None], (height, width))[0].numpy()
    return _Read(smooth, mask, void, True)
