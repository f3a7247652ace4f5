"""A cache of optical flow on the disk."""

from __future__ import annotations

import hashlib
from pathlib import Path

import torch
from torch import Tensor

from rcrlib.errors import DataError, OptionError
from rcrlib.flow.estimator import FlowEstimator, Names, check_frames
from rcrlib.flow.precomputed import PrecomputedFlow
from rcrlib.flow.storage import read_flow, round_to_kitti, write_flow


class FlowCache:
    """A flow estimator with a cache on the disk.

    The cache key is a hash of both frames' bytes and the estimator's key, not of file names, so
    that an entry is never out of date. Files are 16-bit PNGs in KITTI's encoding
    (rcrlib.flow.storage), written whole or not at all; a damaged one is replaced. Results are
    always rounded as in those files, to 1/64 pixel within ±512 pixels: a fresh flow and a cached
    one agree bit for bit, and so do runs with and without a folder.

    Args:
        estimator: what estimates the flow. A precomputed flow is on disk already and is not stored
            a second time.
        folder: where the files go; None: no cache, results are only rounded. Several processes may
            share it.

    Raises:
        OptionError: the folder cannot be made.
    """

    def __init__(self, estimator: FlowEstimator, folder: str | Path | None) -> None:
        self.estimator = estimator
        stored_already = isinstance(estimator, PrecomputedFlow)
        self.folder = None if folder is None or stored_already else Path(folder)
        if self.folder is not None:
            try:
                self.folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise OptionError(
                    f"{folder}: cannot keep optical flow there ({error.strerror}); name a folder"
                ) from error

    @property
    def key(self) -> str:
        """The estimator's key: caching changes a flow by rounding only."""
        return self.estimator.key

    def __call__(self, a: Tensor, b: Tensor, names: Names | None = None) -> Tensor:
        """Look the flow up and estimate what is missing; see `FlowEstimator`."""
        check_frames(a, b)
        if self.folder is None:
            return round_to_kitti(self.estimator(a, b, names))
        paths = [self._path(self.folder, i, j) for i, j in zip(a, b, strict=True)]
        flows = [_read(path, a.shape[2:]) for path in paths]
        missing = [index for index, flow in enumerate(flows) if flow is None]
        if missing:
            chosen = None if names is None else [names[index] for index in missing]
            fresh = round_to_kitti(self.estimator(a[missing], b[missing], chosen))
            for index, flow in zip(missing, fresh.split(1), strict=True):
                write_flow(paths[index], flow)
                flows[index] = flow
        return torch.cat([flow for flow in flows if flow is not None])

    def _path(self, folder: Path, a: Tensor, b: Tensor) -> Path:
        digest = hashlib.sha256(f"{self.key} {tuple(a.shape)}".encode())
        for frame in (a, b):
            digest.update(frame.contiguous().numpy().tobytes())
        name = digest.hexdigest()[:40]
        return folder / name[:2] / f"{name}.png"  # 256 folders keep each of them short


def _read(path: Path, size: torch.Size) -> Tensor | None:
    """Return the stored flow, or None where there is none of this size that can be read."""
    try:
        flow = read_flow(path)
    except DataError:
        return None
    return flow if flow.shape[2:] == size else None
