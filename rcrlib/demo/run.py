"""The steps of `rcr demo`, in the order in which data flows."""

from __future__ import annotations

import json
import platform
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch

from rcrlib import __version__
from rcrlib.data import dataset_intervals, keep_labels, write_synthetic
from rcrlib.demo.report import Report, judge_maps, write_report
from rcrlib.demo.sheet import draw_sheet
from rcrlib.errors import OptionError
from rcrlib.evaluation import judge_pseudo_labels
from rcrlib.experiments.plan import (
    SYNTHETIC,
    SYNTHETIC_TEST_VIDEOS,
    Plan,
    make_plan,
    without_kept,
)
from rcrlib.files import RECORD, check_output, write_json
from rcrlib.flow import FlowCache, FlowEstimator, get_flow
from rcrlib.models import FGPLG, RCRNetNER
from rcrlib.predict import PredictConfig, predict
from rcrlib.pseudo import generate
from rcrlib.runtime import pick_device, pick_precision
from rcrlib.train import Preset, get_preset, load_as, train_fgplg, train_image, train_video
from rcrlib.triplets import reader_for

FIVE_MINUTES = 120
"""Steps of each stage where nothing is given: the first thing that a user runs is to end within
five minutes on two cores, which the steps that preset `tiny` has for experiments do not."""


@dataclass(frozen=True)
class DemoConfig:
    """What a demo works on and with; see `rcr demo --help`."""

    out: Path
    data: Path | None = None
    layout: str = "auto"
    preset: str = "tiny"
    l: int | None = None
    m: int = 1
    flow: str = "dis"
    flow_checkpoint: Path | None = None
    encoder: str | None = None
    steps: int | None = None
    seed: int = 0
    device: str = "auto"
    precision: str = "auto"
    workers: int | None = None


@dataclass(frozen=True)
class _Demo:
    """The folders and settings that the steps share."""

    config: DemoConfig
    preset: Preset
    plan: Plan
    flow: FlowEstimator
    resume: bool
    say: Callable[[str], None]

    @property
    def out(self) -> Path:
        return self.config.out


def run_demo(
    config: DemoConfig,
    *,
    resume: bool = False,
    force: bool = False,
    say: Callable[[str], None] = print,
) -> Report:
    """Go the paper's whole way and leave a report, a contact sheet and all that was made.

    Keeps one label in l, trains RCRNet on the kept labels as images and FGPLG on their triplets,
    writes pseudo-labels, trains RCRNet+NER once on the kept labels alone and once with the
    pseudo-labels, predicts the held-out videos with both, and compares.

    Args:
        config: what to work on and with.
        resume: go on with the demo in `config.out`; finished steps are not run again.
        force: start over.
        say: takes a line for a person at every step.

    Raises:
        RcrError: the data, the labels or an option do not allow it, said in one line.
    """
    begin = time.perf_counter()
    quick = config.steps is None and config.data is None and config.preset == "tiny"
    steps = FIVE_MINUTES if quick else config.steps
    preset = get_preset(
        config.preset, config.encoder, steps=steps, seed=config.seed, device=config.device,
        precision=config.precision, workers=config.workers,
    )  # fmt: skip
    # Whatever can be wrong is said before anything is written.
    device = pick_device(config.device)
    pick_precision(config.precision, device)
    estimator = get_flow(config.flow, checkpoint=config.flow_checkpoint, device=str(device))
    data = config.data or config.out / "data"
    if config.data is not None:
        make_plan(data, config.layout, config.l, config.m)
    _claim(config, resume=resume, force=force)
    if config.data is None and not data.is_dir():
        say(f"data            making {SYNTHETIC.videos} synthetic videos")
        write_synthetic(SYNTHETIC, data, val_videos=SYNTHETIC_TEST_VIDEOS)
    plan = make_plan(data, config.layout, config.l, config.m)
    flow = FlowCache(estimator, config.out / "flow")
    demo = _Demo(config, preset, plan, flow, resume, say)
    report = _steps(demo, begin)
    write_report(report, config.out)
    say("")
    say(report.table())
    say("")
    say(f"report          {config.out / 'report.md'}")
    say(f"contact sheet   {config.out / 'sheet.png'}")
    return report


def _steps(demo: _Demo, begin: float) -> Report:
    """Run what follows the data; give the numbers."""
    plan, out, again = demo.plan, demo.out, demo.resume
    kept = keep_labels(plan.train, plan.l)
    labels = sum(len(video.annotated) for video in kept)
    annotated = sum(len(video.annotated) for video in plan.train)
    demo.say(
        f"data            {plan.train.name}: {len(plan.train)} videos to train on,"
        f" {len(plan.test)} to predict ({plan.said})"
    )
    demo.say(f"labels          {labels} of {annotated} kept: one in {plan.l}")
    with _timed(demo, "RCRNet", "on the kept labels as images"):
        image = train_image(kept, demo.preset, out / "image", resume=again)
    with _timed(demo, "FGPLG", "on triplets of kept labels"):
        fgplg_file = train_fgplg(
            kept, demo.preset, out / "fgplg", start=image, flow=demo.flow, resume=again
        )
    fgplg = load_as(FGPLG, fgplg_file)
    size, flow_size = demo.preset.size, demo.preset.flow_size
    reader = reader_for(fgplg, demo.flow, (size, size), (flow_size, flow_size))
    with _timed(demo, "pseudo-labels", f"{plan.m} in each interval"):
        pseudo = _pseudo_labels(demo, fgplg)
        quality = judge_pseudo_labels(
            plan.train, dataset_intervals(plan.train, plan.l, plan.m, plan.unit), pseudo, reader
        )
    with _timed(demo, "RCRNet+NER (a)", "on the kept labels alone"):
        alone = train_video(kept, demo.preset, out / "video-labels", start=image, resume=again)
    both_labels = plan.train.with_label_folder(pseudo)
    with _timed(demo, "RCRNet+NER (b)", "on labels and pseudo-labels"):
        both = train_video(
            both_labels, demo.preset, out / "video-pseudo", start=image, resume=again
        )
    test = without_kept(plan.test, kept) if plan.test is plan.train else plan.test
    with _timed(demo, "saliency maps", f"of {sum(len(v) for v in test)} frames, twice"):
        maps = [
            _maps(demo, weights, out / folder)
            for weights, folder in ((alone, "maps-labels"), (both, "maps-pseudo"))
        ]
        results = [judge_maps(test, folder) for folder in maps]
    draw_sheet(plan, fgplg, reader, maps[1], out / "sheet.png")
    return Report(
        data=f"{plan.train.name} ({plan.said})", preset=demo.preset.name, seed=demo.config.seed,
        steps=demo.preset.lengths,
        encoder=Path(demo.preset.encoder).name, size=size, flow=demo.flow.key,
        l=plan.l, m=plan.m, unit=plan.unit, kept=labels, annotated=annotated,
        labels_alone=results[0], with_pseudo=results[1], pseudo=quality,
        minutes=(time.perf_counter() - begin) / 60,
        machine=f"{platform.machine()}, {torch.get_num_threads()} threads, {_device(demo)}",
        version=__version__,
    )  # fmt: skip


def _pseudo_labels(demo: _Demo, fgplg: FGPLG) -> Path:
    folder = demo.out / "pseudo-labels"
    if demo.resume and (folder / RECORD).is_file():
        return folder
    plan, preset = demo.plan, demo.preset
    return generate(
        plan.train, fgplg, folder, l=plan.l, m=plan.m, unit=plan.unit, flow=demo.flow,
        size=preset.size, flow_size=preset.flow_size,
        device=demo.config.device, precision=demo.config.precision,
    )  # fmt: skip


def _maps(demo: _Demo, weights: Path, folder: Path) -> Path:
    if demo.resume and (folder / RECORD).is_file():
        return folder
    settings = PredictConfig(
        clip=demo.preset.clip, size=demo.preset.size, device=demo.config.device,
        precision=demo.config.precision,
    )  # fmt: skip
    return predict(load_as(RCRNetNER, weights), demo.plan.test, folder, settings)


def _claim(config: DemoConfig, *, resume: bool, force: bool) -> None:
    """Make the demo's folder, or take one over that an earlier demo wrote."""
    free = ("out", "device", "workers")
    settings = {name: str(value) for name, value in vars(config).items() if name not in free}
    record = {"command": "demo", **settings}
    file = config.out / RECORD
    if resume and file.is_file():
        if json.loads(file.read_text(encoding="utf-8")) != record:
            raise OptionError(
                f"{config.out}: was started with other options (see {file});"
                " resume with the same ones, or start over with --force"
            )
        return
    check_output(config.out, force=force)
    if config.out.is_dir():
        _clear(config.out)
    write_json(file, record)


def _clear(folder: Path) -> None:
    """Remove what an earlier demo left; `check_output` has seen that it is ours."""
    for entry in folder.iterdir():
        if entry.is_dir():
            shutil.rmtree(entry)
        else:
            entry.unlink()


@contextmanager
def _timed(demo: _Demo, what: str, how: str) -> Iterator[None]:
    """Say what begins, and how long it took."""
    demo.say(f"{what:<15} {how}")
    begin = time.perf_counter()
    yield
    demo.say(f"{'':<15} {time.perf_counter() - begin:.0f} s")


def _device(demo: _Demo) -> str:
    device = pick_device(demo.config.device)
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
