"""`rcr bench data`: does reading and augmenting keep up with a training step?"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice

import torch
from torch import nn

from rcrlib.bench.machine import machine, synchronise
from rcrlib.bench.report import Report
from rcrlib.bench.timing import DEFAULT_ROUNDS, Times, in_turn
from rcrlib.data import Dataset
from rcrlib.errors import OptionError
from rcrlib.models import NERConfig, RCRNet, RCRNetNER, for_training
from rcrlib.runtime import mix_seed, pick_device
from rcrlib.train import ClipSamples, Preset, Sample, StepSampler, frame_loss, read_steps


def bench_data(
    dataset: Dataset,
    preset: Preset,
    *,
    workers: int = 2,
    steps: int = 6,
    rounds: int = DEFAULT_ROUNDS,
    device: str = "auto",
) -> Report:
    """Measure the reading of stage 3's clips, and how long a training step waits for them.

    Each variant takes `steps` steps a round: decoding the clips' frames and labels and nothing
    else; reading them as training does (resized, augmented, normalised, stacked) in this process
    and in 1 to `workers` others; a training step on clips that are in memory; and training from
    each of these readers. What starting the readers takes is not counted.

    Args:
        dataset: videos with labels.
        preset: its clips, batch and resolution are read, its network is trained (from random
            weights: only time is of interest).
        workers: processes to read ahead, at most.
        steps: of a variant in a round.
        rounds: of which the median is taken.
        device: where the step is taken, by name.

    Returns:
        Frames per second of each variant, in all and per reading process; readers as shares of
        decoding alone; training as a share of the step alone; and the part of training's time in
        which the step waits.

    Raises:
        OptionError: `workers`, `steps` or `rounds` is out of range.
        DataError: the data set has no label.
    """
    if workers < 0 or steps < 1:
        raise OptionError(f"workers={workers}, steps={steps}: expected 0 or more, 1 or more")
    bench = _Bench(dataset, preset, steps, pick_device(device))
    counts = range(workers + 1)
    variants: dict[str, Callable[[], None]] = {"decoding": bench.decode}
    variants |= {f"reading {n}": lambda n=n: bench.read(n) for n in counts}  # type: ignore[misc]
    variants["step"] = bench.step_alone
    variants |= {f"training {n}": lambda n=n: bench.train(n) for n in counts}  # type: ignore[misc]
    in_turn(variants, rounds, synchronise=lambda: synchronise(bench.device))
    times = {name: Times(tuple(taken[-rounds:])) for name, taken in bench.seconds.items()}
    waits = {name: Times(tuple(taken[-rounds:])) for name, taken in bench.waits.items()}
    rows = [_row("decoding alone", bench.frames, times["decoding"], readers=1)]
    for n in counts:
        row = _row(f"reading, {_where(n)}", bench.frames, times[f"reading {n}"], readers=max(n, 1))
        rows.append({**row, "of decoding": times["decoding"].over(times[f"reading {n}"])})
    rows.append(_row("training step alone", bench.frames, times["step"]))
    for n in counts:
        row = _row(f"training, read {_where(n)}", bench.frames, times[f"training {n}"])
        rows.append(
            {
                **row,
                "of the step": times["step"].over(times[f"training {n}"]),
                "waits %": 100 * waits[f"training {n}"].over(times[f"training {n}"]),
            }
        )
    height, width = dataset[0].size
    title = (
        f"reading {dataset.name} ({width}x{height}) for the preset {preset.name}: clips of"
        f" {preset.clip} at {preset.size}x{preset.size}, {preset.video.batch} a step"
    )
    return Report(title, machine(bench.device), rows)


@dataclass
class _Bench:
    """The variants; each adds to `seconds` what its steps took once they were under way."""

    dataset: Dataset
    preset: Preset
    steps: int
    device: torch.device
    seconds: dict[str, list[float]] = field(default_factory=dict)
    waits: dict[str, list[float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        preset, video = self.preset, self.preset.video
        self.samples = ClipSamples(
            self.dataset, preset.clip, preset.clip_stride, (preset.size,) * 2, augment=True,
            reverse=video.reverse,
        )  # fmt: skip
        self.sampler = StepSampler(len(self.samples), video.batch, self.steps + 1, seed=0)
        keys = [key for step in range(1, self.steps + 1) for key in self.sampler.at(step)]
        self.clips = [self.samples.clips[key.sample] for key in keys]
        self.frames = sum(len(clip) for _, clip in self.clips)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(mix_seed(0))
            network = RCRNetNER.from_rcrnet(RCRNet(preset.network), NERConfig())
        network = for_training(network, preset.size, self.device)
        self.network: nn.Module = network.to(self.device).train()
        self.optimiser = torch.optim.Adam(self.network.parameters(), lr=video.lr)
        self.held = next(self._reader(0))

    def decode(self) -> None:
        """Decode frames and labels, in this process, and do nothing with them."""
        start = time.perf_counter()
        for video, clip in self.clips:
            for index in clip:
                video.frame(index)
                video.label(index)
        self._took("decoding", start)

    def read(self, workers: int) -> None:
        """Read every step; the first one, with which the readers start, is not timed."""
        reader = self._reader(workers)
        next(reader)
        start = time.perf_counter()
        for _ in reader:
            pass
        self._took(f"reading {workers}", start)

    def step_alone(self) -> None:
        """Take the steps on one step's clips, which are in memory."""
        start = time.perf_counter()
        for _ in range(self.steps):
            self._step(self.held)
        self._took("step", start)

    def train(self, workers: int) -> None:
        """Take the steps on clips as they are read, and time the waiting for them."""
        reader = self._reader(workers)
        self._step(next(reader))
        start = time.perf_counter()
        waited = 0.0
        for _ in range(self.steps):
            before = time.perf_counter()
            groups = next(reader)
            waited += time.perf_counter() - before
            self._step(groups)
        self._took(f"training {workers}", start)
        self.waits.setdefault(f"training {workers}", []).append(waited)
        for _ in islice(reader, 1):  # the reader's end, so that its processes end too
            pass

    def _reader(self, workers: int) -> Iterator[list[Sample]]:
        pin = self.device.type == "cuda"
        return read_steps(self.samples, self.sampler, workers=workers, pin_memory=pin)

    def _step(self, groups: list[Sample]) -> None:
        self.optimiser.zero_grad(set_to_none=True)
        for group in groups:
            frames, _, labels = (part.to(self.device, non_blocking=True) for part in group)
            frame_loss(self.network(frames), labels).backward()
        self.optimiser.step()
        synchronise(self.device)

    def _took(self, name: str, start: float) -> None:
        self.seconds.setdefault(name, []).append(time.perf_counter() - start)


def _row(
    name: str, frames: int, times: Times, readers: int | None = None
) -> dict[str, str | float | None]:
    rate = frames / times.median
    per_reader = None if readers is None else rate / readers
    return {"what": name, "frames/s": rate, "per process": per_reader}


def _where(workers: int) -> str:
    return "in this process" if workers == 0 else f"in {workers} more"
