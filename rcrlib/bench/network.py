"""`rcr bench network` and `rcr bench training`: the plain network beside the accelerated one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import Tensor

from rcrlib.bench.machine import device_name, large_matmul, machine, synchronise
from rcrlib.bench.memory import peak_memory
from rcrlib.bench.report import Report
from rcrlib.bench.subject import Subject, inference, operations, training
from rcrlib.bench.timing import DEFAULT_ROUNDS, Times, in_turn
from rcrlib.runtime import free_memory

MATMUL = "matrix product"


def bench_network(
    subject: Subject,
    clips: Sequence[int] = (4,),
    *,
    paths: Sequence[str] = ("plain", "fast"),
    rounds: int = DEFAULT_ROUNDS,
) -> Report:
    """Measure inference: time, memory, operations and difference, for each clip length.

    Args:
        subject: device, backbone, size and batch; its path, precision and clip are varied.
        clips: values of T.
        paths: "plain", "fast" or both.
        rounds: runs of each variant, taken in turn.
    """
    variants = _variants(subject, clips, paths)
    device = subject.torch_device
    fitting = {name: one for name, one in variants.items() if one.fits(free_memory(device))}
    runs: dict[str, Callable[[], object]] = {n: inference(one) for n, one in fitting.items()}
    matrix, product = large_matmul(device, torch.float32)
    times = in_turn(
        {**runs, MATMUL: lambda: matrix @ matrix}, rounds, synchronise=partial(synchronise, device)
    )
    best = product / times[MATMUL].median / 1e12
    rows = []
    for name, one in variants.items():
        row: dict[str, Any] = {"path": one.path, "T": one.clip, "precision": one.precision_name}
        if name not in fitting:
            rows.append({**row, "ms/frame": "too large"})
            continue
        tera = operations(one) / times[name].median / 1e12
        row |= _times(times[name], one.frames) | {"TFLOP/s": tera, "of matmul": tera / best}
        reference = f"plain {one.clip} float32"
        if reference in runs:
            row |= {"times as fast": times[reference].over(times[name])}
            row |= _difference(runs[reference](), runs[name]())
        rows.append(row)
    del runs
    for row, one in zip(rows, variants.values(), strict=True):
        if "seconds" in row:
            row["peak MiB"] = peak_memory(inference, one)
    note = f"{MATMUL}: {best:.3g} TFLOP/s in float32; ms/frame is the median of {rounds} runs"
    return Report(_title("inference", subject), machine(device), rows, [note])


def bench_training(subject: Subject, *, rounds: int = DEFAULT_ROUNDS) -> Report:
    """Measure a training step: forward, backward and Adam, and compare all gradients."""
    device = subject.torch_device
    variants = _variants(subject, [subject.clip], ("plain", "fast"))
    steps = {name: training(one) for name, one in variants.items()}
    first = {name: step() for name, step in steps.items()}  # from the same weights
    reference, *_ = first
    differences = {name: _relative(first[reference], gradient) for name, gradient in first.items()}
    first.clear()
    times = in_turn(steps, rounds, warm_up=0, synchronise=partial(synchronise, device))
    rows: list[dict[str, Any]] = []
    steps.clear()
    for name, one in variants.items():
        row: dict[str, Any] = {"path": one.path, "T": one.clip, "precision": one.precision_name}
        row |= _times(times[name], one.frames)
        row |= {"times as fast": times[reference].over(times[name])}
        row |= {"gradients differ": differences[name], "peak MiB": peak_memory(training, one)}
        rows.append(row)
    note = f"forward, backward and Adam; ms/frame is the median of {rounds} steps"
    return Report(_title("a training step", subject), machine(device), rows, [note])


def _variants(subject: Subject, clips: Sequence[int], paths: Sequence[str]) -> dict[str, Subject]:
    """Return each path at float32, and the fast one at the device's best precision too."""
    chosen = [(path, "32") for path in paths]
    best = subject.best_precision
    if "fast" in paths and replace(subject, precision=best).precision_name != "float32":
        chosen.append(("fast", best))
    ones = [
        replace(subject, path=path, precision=precision, clip=clip)  # type: ignore[arg-type]
        for clip in clips
        for path, precision in chosen
    ]
    return {f"{one.path} {one.clip} {one.precision_name}": one for one in ones}


def _times(times: Times, frames: int) -> dict[str, Any]:
    per_frame = [1000 * seconds / frames for seconds in times.seconds]
    middle = 1000 * times.median / frames
    return {
        "ms/frame": middle,
        "low": min(per_frame),
        "high": max(per_frame),
        "frames/s": 1000 / middle,
        "seconds": list(times.seconds),
    }


def _difference(reference: object, found: object) -> dict[str, float]:
    assert isinstance(reference, Tensor)
    assert isinstance(found, Tensor)
    shift = (reference.float().sigmoid() - found.float().sigmoid()).abs().mean().item()
    return {"logits differ": _relative(reference, found), "probabilities": shift}


def _relative(reference: Tensor, found: Tensor) -> float:
    reference, found = reference.double(), found.double()
    return ((found - reference).norm() / (reference - reference.mean()).norm()).item()


def _title(what: str, subject: Subject) -> str:
    return (
        f"{what}: RCRNet+NER, {subject.backbone}, {subject.size}x{subject.size},"
        f" batch {subject.batch}, seed {subject.seed}, on {device_name(subject.torch_device)}"
    )
