"""The training loop of all three stages, on Lightning Fabric.

The loss is the sigmoid cross-entropy, a mean over all frames and pixels of a step. The authors'
code sums it over the T frames of its one clip, which multiplies the gradient by T. Adam divides
the gradient by its own running size, so their learning rates carry over unchanged; with plain SGD
theirs would have to be multiplied by T.
"""

from __future__ import annotations

import math
import os
import signal
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from rcrlib.errors import OptionError, StoppedError
from rcrlib.models import Network, save_weights
from rcrlib.runtime import mix_seed, pick_device, pick_precision
from rcrlib.signals import catch_signals
from rcrlib.train.checkpoint import COMMAND, Checkpoint, RunFolder
from rcrlib.train.config import TrainConfig
from rcrlib.train.loader import read_steps
from rcrlib.train.progress import Log
from rcrlib.train.sampler import StepSampler
from rcrlib.train.samples import Sample, SampleSet
from rcrlib.train.state import restore_checkpoint, save_checkpoint

if TYPE_CHECKING:
    from lightning_fabric import Fabric

Forward = Callable[[nn.Module, Sample], Tensor]


def fit(
    network: Network,
    samples: SampleSet,
    forward: Forward,
    config: TrainConfig,
    out: str | Path,
    *,
    record: dict[str, Any],
    resume: bool = False,
    force: bool = False,
) -> Path:
    """Train `network` on `samples` and return the path of the weights file.

    Args:
        network: what to train; its final weights are also left in place.
        samples: what it learns from.
        forward: `(network, sample) -> logits (B, T, 1, H, W)`.
        config: the settings.
        out: the run folder.
        record: what else defines the run (stage, data, start weights); stored with the settings,
            and compared on resume.
        resume: continue the run in `out`; start one where there is none.
        force: start over although `out` holds a run.

    Raises:
        OptionError: `out` holds a run and neither `resume` nor `force` is given, or the run in it
            had other settings; the batch cannot be shared by the processes, or is too small for
            batch normalisation; the loss is no longer a number.
        DataError: a sample cannot be read.
        StoppedError: stopped by Ctrl-C, SIGTERM or SIGHUP, after writing a checkpoint.
        RcrError: a worker process has ended by itself or hangs; the last checkpoint stays.
        OSError: the disk is full; the last checkpoint stays.
    """
    run, fabric, steps = RunFolder(Path(out)), _fabric(config), config.length(len(samples))
    rank, world = fabric.global_rank, fabric.world_size
    _check_batch(network.train(), config.batch, world)
    sampler = StepSampler(len(samples), config.batch, steps, config.seed, rank=rank, world=world)
    settings = {"command": COMMAND, **record, **asdict(config), "processes": world}
    checkpoint = _open(run, fabric, settings, resume=resume, force=force)
    torch.manual_seed(mix_seed(config.seed, rank, 2))
    trainable = [p for p in network.parameters() if p.requires_grad]
    # One pass over memory for all of Adam: a tenth of a step's time with preset tiny on a CPU.
    fused = fabric.device.type in ("cpu", "cuda")
    adam = torch.optim.Adam(trainable, lr=config.lr, fused=fused)
    model, optimiser = fabric.setup(network, adam)
    first = restore_checkpoint(fabric, model, optimiser, checkpoint) if checkpoint else 0
    if first == steps and run.weights.is_file():
        return run.weights  # finished: later stages know this very file
    loader = read_steps(
        samples, sampler.starting_at(first), workers=config.workers,
        pin_memory=fabric.device.type == "cuda",
    )  # fmt: skip
    with (
        catch_signals() as signals,
        Log(run, fabric, first, steps) as log,
        closing(loader),
    ):
        for done, groups in enumerate(loader, start=first + 1):
            rate = config.rate(done - 1, steps)
            for parameters in optimiser.param_groups:
                parameters["lr"] = rate
            frames = sum(samples.frames(key.sample) for key in sampler.at(done - 1))
            loss = _step(fabric, model, optimiser, forward, groups, frames)
            if not math.isfinite(loss):
                raise OptionError(f"{out}: the loss is {loss} at step {done}; lower lr ({rate:g})")
            log.step(done, loss, rate, frames)
            stop = _any_process(fabric, bool(signals))
            if stop or done % config.checkpoint_every == 0 or done == steps:
                save_checkpoint(run, fabric, model, optimiser, done, settings)
            if stop and done < steps:
                raise _stopped(out, done, steps, signals)
        if fabric.is_global_zero:
            save_weights(network, run.weights, **settings)
        fabric.barrier()
        if _any_process(fabric, bool(signals)):  # in the last step: what comes next is stopped
            raise _stopped(out, steps, steps, signals)
    return run.weights


def _stopped(out: str | Path, done: int, steps: int, signals: list[int]) -> StoppedError:
    """Return the error that says where a run was stopped; the signal may have come elsewhere."""
    number = signals[0] if signals else signal.SIGTERM
    return StoppedError(f"{out}: stopped at step {done} of {steps}; --resume goes on", number)


def _step(
    fabric: Fabric,
    model: nn.Module,
    optimiser: torch.optim.Optimizer,
    forward: Forward,
    groups: list[Sample],
    frames: int,
) -> float:
    """Take one optimiser step; return its loss, a mean over all processes' `frames` frames."""
    total = torch.zeros((), device=fabric.device)
    optimiser.zero_grad(set_to_none=True)
    for number, group in enumerate(groups):
        last = number == len(groups) - 1
        with fabric.no_backward_sync(model, enabled=not last):  # type: ignore[arg-type]
            sample = Sample(*(part.to(fabric.device, non_blocking=True) for part in group))
            loss = frame_loss(forward(model, sample), sample.labels) / frames
            # Gradients are averaged over processes, the loss is a sum over them.
            fabric.backward(loss * fabric.world_size)
        total += loss.detach()
    optimiser.step()
    summed = fabric.all_reduce(total, reduce_op="sum")
    assert isinstance(summed, Tensor)
    return summed.item()


def frame_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the sigmoid cross-entropy (paper 4.2): a mean over pixels, summed over frames.

    Void pixels are left out of the mean; a frame of nothing else counts as 0.

    Args:
        logits: (B, T, 1, H, W), any float type.
        labels: (B, T, 1, H, W) in [0, 1]; below 0 (`rcrlib.triplets.VOID_TARGET`) where void.
    """
    known = labels >= 0
    targets = labels.clamp(min=0)
    losses = F.binary_cross_entropy_with_logits(logits.float(), targets, reduction="none") * known
    pixels = known.sum(dim=(-3, -2, -1)).clamp(min=1)
    return (losses.sum(dim=(-3, -2, -1)) / pixels).sum()


def _fabric(config: TrainConfig) -> Fabric:
    """Set up Fabric for this process, which is alone or one of those that `torchrun` started."""
    from lightning_fabric import Fabric

    device = pick_device(config.device)
    precision = pick_precision(config.precision, device)
    world = int(os.environ.get("WORLD_SIZE", 1))
    local = int(os.environ.get("LOCAL_WORLD_SIZE", 1))
    if world > 1:
        fabric = Fabric(
            accelerator=device.type, devices=local, num_nodes=world // local, strategy="ddp",
            precision=precision,
        )  # fmt: skip
    else:
        one = [device.index or 0] if device.type == "cuda" else 1
        fabric = Fabric(accelerator=device.type, devices=one, precision=precision)
    fabric.launch()
    return fabric


def _open(
    run: RunFolder, fabric: Fabric, settings: dict[str, Any], *, resume: bool, force: bool
) -> Checkpoint | None:
    """Make the run folder, or return the checkpoint in it; the first process decides."""
    there, problem = False, ""
    if fabric.is_global_zero:
        try:
            there = run.open(settings, resume=resume, force=force)
        except OptionError as error:
            problem = str(error)
    there, problem = fabric.broadcast((there, problem))
    if problem:
        raise OptionError(problem)
    return run.load() if there else None


def _check_batch(network: nn.Module, batch: int, world: int) -> None:
    """Raise `OptionError` where batch normalisation would see one value per channel.

    That is so in ASPP's pooled branch, which has one value per image: with one image per process
    the "normalised" value is 0 whatever the image.
    """
    trained = (m for m in network.modules() if isinstance(m, nn.BatchNorm2d) and m.training)
    if batch < 2 * world and any(trained):
        raise OptionError(
            f"batch is {batch} for {world} process(es); batch normalisation is trained in this"
            " stage and needs at least 2 images in each"
        )


def _any_process(fabric: Fabric, flag: bool) -> bool:
    """Return whether `flag` is set in any process, so that all of them stop at the same step."""
    if fabric.world_size == 1:
        return flag
    total = fabric.all_reduce(torch.tensor(float(flag), device=fabric.device), reduce_op="sum")
    assert isinstance(total, Tensor)
    return total.item() > 0
