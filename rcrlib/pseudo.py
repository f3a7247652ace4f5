"""Pseudo-labels by FGPLG for frames in intervals between kept labels (paper 3.3)."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tqdm.auto import tqdm

from rcrlib.data import (
    MANIFEST,
    Dataset,
    Interval,
    Unit,
    Video,
    dataset_intervals,
    keep_labels,
    normalise,
    read_mask,
    read_void,
    resize,
    write_mask,
)
from rcrlib.errors import DataError, OptionError
from rcrlib.files import output_folder, write_json
from rcrlib.flow import FlowEstimator
from rcrlib.models import FGPLG, for_inference
from rcrlib.runtime import autocast, pick_device, pick_precision
from rcrlib.triplets import TripletReader, reader_for

__all__ = ["Target", "copy_kept", "generate", "predict_targets"]

MIN_SIZE = 16
"""Smallest side in pixels: one position of the networks' coarsest map."""


@dataclass(frozen=True)
class Target:
    """A frame k to be labelled from the kept labels of i and j, i < k < j."""

    video: Video
    i: int
    k: int
    j: int


def generate(
    dataset: Dataset,
    fgplg: FGPLG,
    out: str | Path,
    *,
    l: int,
    m: int,
    flow: FlowEstimator,
    size: int,
    flow_size: int,
    unit: Unit = "annotated",
    batch: int = 8,
    device: str = "auto",
    precision: str = "auto",
    force: bool = False,
) -> Path:
    """Keep one label in l, generate m pseudo-labels in each interval, and write both as PNGs.

    The folder holds `VIDEO/FRAME.png`: kept ground truth byte for byte as it was (labels that are
    not one PNG become one, without loss and with their void pixels), pseudo-labels as probabilities
    in 0..255 at the frame's own size; and `manifest.json`, which says which frame is which.
    Training takes the folder through `Dataset.with_label_folder`, as it does any other folder of
    masks.

    Args:
        dataset: videos with all labels that there are.
        fgplg: a trained generator.
        out: the folder to write.
        l: one annotated frame in l keeps its label.
        m: pseudo-labels per interval, at most l - 1 (`unit="annotated"`).
        flow: estimates the flow.
        size: side of the square that the generator works at.
        flow_size: side at which flow is estimated and labels are warped.
        unit: what l and m count; see `rcrlib.data.intervals`.
        batch: frames per forward pass.
        device: where to compute.
        precision: how exactly to compute.
        force: replace a folder that an earlier run wrote.

    Raises:
        OptionError: l or m is out of range, or `out` is not free.
        DataError: there is no frame to label between kept labels, or a frame, a label or a flow
            cannot be read; nothing is left under `out`.
        OSError: the disk is full; nothing is left under `out`.
    """
    for name, side in (("size", size), ("flow_size", flow_size)):
        if side < MIN_SIZE:
            raise OptionError(f"{name} is {side}; it must be at least {MIN_SIZE}")
    intervals = dataset_intervals(dataset, l, m, unit)
    kept = keep_labels(dataset, l)
    targets = [target for video in kept for target in _targets(video, intervals[video.name])]
    if not targets and m > 0:
        raise DataError(f"{dataset.root}: no frame lies between two kept labels; raise --l")
    made = {"l": l, "m": m, "unit": unit, "size": size, "flow_size": flow_size, "flow": flow.key}
    record = {"command": "pseudo-label", "data": dataset.name, **made, "fgplg": _digest(fgplg)}
    reader = reader_for(fgplg, flow, (size, size), (flow_size, flow_size))
    with output_folder(out, record, force=force) as folder:
        manifest = {video.name: copy_kept(video, folder) for video in kept}
        labels = predict_targets(
            fgplg, targets, reader, batch=batch, device=device, precision=precision
        )
        for target, label in tqdm(
            labels, "pseudo-labels", len(targets), unit="frame", disable=None, leave=False
        ):
            name = target.video.frame_names[target.k]
            write_mask(folder / target.video.name / f"{name}.png", label)
            manifest[target.video.name][name] = "pseudo"
        videos = {name: dict(sorted(frames.items())) for name, frames in manifest.items()}
        write_json(folder / MANIFEST, {**record, "videos": videos})
    return Path(out)


@torch.no_grad()
def predict_targets(
    fgplg: FGPLG,
    targets: Sequence[Target],
    reader: TripletReader,
    *,
    batch: int = 8,
    device: str = "auto",
    precision: str = "auto",
) -> Iterator[tuple[Target, np.ndarray]]:
    """Yield each target with its pseudo-label, (H, W) float32 in [0, 1] at the frame's own size.

    Raises:
        DataError: a frame, a label or a flow cannot be read.
    """
    where = pick_device(device)
    cast = pick_precision(precision, where)
    ready = for_inference(fgplg).to(where)
    for start in range(0, len(targets), batch):
        chunk = targets[start : start + batch]
        read = [reader(t.video, t.i, t.k, t.j) for t in chunk]
        rgb = normalise(torch.stack([frame for frame, _ in read])).to(where)
        guide = torch.stack([channels for _, channels in read]).to(where)
        with autocast(where, cast):
            logits = ready(rgb, guide)
        for target, probability in zip(chunk, logits.float().sigmoid().cpu(), strict=True):
            yield target, resize(probability[None], target.video.size)[0, 0].numpy()


def _targets(video: Video, intervals: Sequence[Interval]) -> Iterator[Target]:
    for interval in intervals:
        for k in interval.targets:
            yield Target(video, interval.i, k, interval.j)


def copy_kept(video: Video, folder: Path) -> dict[str, str]:
    """Copy a video's labels to FOLDER/VIDEO/FRAME.png; return their entries of the manifest."""
    (folder / video.name).mkdir(parents=True, exist_ok=True)
    for index, files in video.labels.items():
        label = video.label(index)
        copy = folder / video.name / f"{video.frame_names[index]}.png"
        void = video.void(index)
        if len(files.paths) == 1 and _is_plain(files.paths[0], label, void):
            shutil.copyfile(files.paths[0], copy)
        else:
            write_mask(copy, label, void)
    return {video.frame_names[index]: "label" for index in video.annotated}


def _is_plain(path: Path, label: np.ndarray, void: np.ndarray | None) -> bool:
    """Return whether a PNG reads as `label` without its data set's own rule for masks."""
    if path.suffix.lower() != ".png":
        return False
    try:
        same_void = np.array_equal(_all_known(read_void(path), label), _all_known(void, label))
        return same_void and np.array_equal(read_mask(path), label)
    except DataError:
        return False


def _all_known(void: np.ndarray | None, label: np.ndarray) -> np.ndarray:
    return np.zeros(label.shape, bool) if void is None else void


def _digest(fgplg: FGPLG) -> str:
    """Return a short digest of the generator's weights for the manifest."""
    digest = hashlib.sha256()
    for tensor in fgplg.state_dict().values():
        digest.update(tensor.cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]
