"""What two processes of Fabric run in test_metrics_torchmetrics.py: a loop that measures.

usage: metrics_with_fabric.py OUT PROCESSES
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import torch
from lightning_fabric import Fabric

from rcrlib.metrics.torchmetrics import SaliencyMetric, SegmentationMetric

VIDEOS = {"cat": range(5), "dog": range(4), "a video of one process": range(3)}


def batches() -> list[dict]:
    """Return all batches: two videos in turn in one batch, and one alone."""
    together = [(v, n) for n in range(5) for v in ("cat", "dog") if n in VIDEOS[v]]
    pairs = [together[start : start + 2] for start in range(0, len(together), 2)]
    pairs.insert(2, [("a video of one process", number) for number in range(3)])
    return [batch(pair) for pair in pairs]


def batch(pair: list[tuple[str, int]]) -> dict:
    parts = []
    for video, number in pair:
        generator = torch.Generator().manual_seed(100 * len(video) + number)
        mask = torch.rand(1, 9, 11, generator=generator) > 0.6
        noise = torch.rand(1, 9, 11, generator=generator)
        parts.append((0.4 * mask + 0.6 * noise, mask, noise > 0.9))
    preds, target, void = map(torch.stack, zip(*parts, strict=True))
    videos, frames = zip(*pair, strict=True)
    return {
        "preds": preds, "target": target, "void": void, "video": list(videos),
        "frames": list(frames),
    }  # fmt: skip


def metrics() -> dict:
    return {
        "davsod": SaliencyMetric("davsod"),
        "sod": SaliencyMetric("sod", weighted=False),
        "davis16": SegmentationMetric(),
    }


def main(out: Path, processes: int) -> None:
    fabric = Fabric(accelerator="cpu", devices=processes, strategy="ddp")
    fabric.launch()
    measured, empty = metrics(), SaliencyMetric("sod")
    for number, one in enumerate(batches()):
        if number % fabric.world_size == fabric.global_rank:
            for metric in measured.values():
                metric.update(**one)
            if fabric.global_rank:  # the other process has no frame of this one
                empty.update(**one)
    numbers = {name: plain(metric) for name, metric in measured.items()}
    numbers["only the second process"] = plain(empty)
    # All processes know the same; what each has is its own again, so that more may follow.
    assert numbers == {name: plain(metric) for name, metric in (measured | {
        "only the second process": empty}).items()}  # fmt: skip
    (out / f"{fabric.global_rank}.json").write_text(json.dumps(numbers))


def plain(metric: SaliencyMetric | SegmentationMetric) -> dict[str, float]:
    return {name: float(value) for name, value in metric.compute().items()}


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
