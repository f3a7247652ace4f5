"""`rcr demo`: the experiment "demo" for one seed, with pictures and files for a person."""

from __future__ import annotations

import json
import platform
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path

import torch

from rcrlib import __version__
from rcrlib.data import dataset_intervals, keep_labels
from rcrlib.demo.plan import Plan, make_plan
from rcrlib.demo.report import TITLES, Report, Row, judged_before, write_report
from rcrlib.demo.sheet import draw_sheet
from rcrlib.errors import OptionError
from rcrlib.evaluation import PseudoQuality
from rcrlib.experiments import (
    DEMO,
    Cell,
    ExperimentConfig,
    Generator,
    GeneratorForm,
    ImageStage,
    KeptLabels,
    Lab,
    Maps,
    Place,
    PseudoLabels,
    SaliencyScore,
    Step,
    Student,
    check_options,
    claim,
    demo_cells,
    open_lab,
    places,
    process_count,
    run_steps,
    without_kept,
)
from rcrlib.files import RECORD, atomic_file, output_folder
from rcrlib.runtime import pick_device
from rcrlib.triplets import reader_for
from rcrlib.work_folder import WorkFolder

STEPS = "steps"
"""The folder in the demo's own that holds every step, as an experiment's does."""

PROTOCOL = "paper"

FREE = ("device", "workers", "processes")
"""Options that may differ when a demo is resumed."""

FOLDERS = ("maps-labels", "maps-pseudo", "maps-all-labels")
"""Where the saliency maps of the rows (a), (b) and (c) are put."""


@dataclass(frozen=True)
class DemoConfig:
    """What a demo works on and with; see `rcr demo --help` and `ExperimentConfig`."""

    out: Path
    data: Path | None = None
    layout: str = "auto"
    images: Path | None = None
    preset: str = "tiny"
    generator: GeneratorForm = "residual"
    size: int | None = None
    l: int | None = None
    m: int | None = None
    flow: str = "dis"
    flow_checkpoint: Path | None = None
    encoder: str | None = None
    steps: int | tuple[int, int, int] | None = None
    seed: int = 0
    device: str = "auto"
    precision: str = "auto"
    workers: int | None = None
    processes: int | None = None

    def experiment(self) -> ExperimentConfig:
        """Return the same as options of an experiment."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        values |= {"out": self.out / STEPS, "seeds": 1, "seed": (self.seed,)}
        return ExperimentConfig("demo", **values)


@dataclass(frozen=True)
class _Demo:
    """What the parts of a demo share."""

    config: DemoConfig
    lab: Lab
    plan: Plan
    cells: tuple[Cell, ...]

    def students(self) -> list[Student]:
        return [cell.student(self.lab, self.config.seed) for cell in self.cells]

    def maps(self) -> list[Maps]:
        return [Maps(student, name) for student in self.students() for name in self.lab.tests]

    def pseudo_labels(self) -> PseudoLabels:
        source = self.students()[1].source
        assert isinstance(source, PseudoLabels)
        return source


def run_demo(
    config: DemoConfig,
    *,
    resume: bool = False,
    force: bool = False,
    say: Callable[[str], None] = print,
) -> Report:
    """Go the paper's whole way and leave a report, a contact sheet and all that was made.

    Trains RCRNet on single images; keeps one label in l of the videos, trains FGPLG on their
    triplets and writes pseudo-labels; trains RCRNet+NER on the kept labels alone, on labels and
    pseudo-labels, and (where labels were held back) on all true labels; predicts the held-out
    videos with each, and compares.

    Args:
        config: what to work on and with.
        resume: go on with the demo in `config.out`; finished steps are not run again.
        force: start over.
        say: takes a line for a person at every step.

    Raises:
        RcrError: the data, the labels or an option do not allow it, said in one line.
    """
    begin = time.perf_counter()
    if config.m == 0:
        raise OptionError(f"m={config.m}: the demo compares with pseudo-labels; give at least 1")
    (place,) = places(config.experiment())
    # Whatever can be wrong is said before anything is written.
    check_options(place.config)
    if config.data is not None:
        make_plan(config.data, config.layout, config.l, _default_one(config.m))
    _claim(config, resume=resume, force=force)
    if config.data is None:
        say("data            generating videos, and single images for stage 1")
    demo = _open(config, place)
    _introduce(demo, say)
    goals: list[Step] = list(demo.maps())
    if _has_labels(demo):
        goals = [SaliencyScore(maps, PROTOCOL) for maps in demo.maps()]
    run_steps(
        demo.lab, goals, say=lambda line: None, begun=lambda step: say(_title(demo, step)),
        processes=process_count(demo.lab.config),
    )  # fmt: skip
    _hand_out(demo)
    report = _report(demo, (time.perf_counter() - begin) / 60)
    write_report(report, config.out)
    say(f"\n{report.table()}\n")
    say(f"report          {config.out / 'report.md'}")
    say(f"contact sheet   {config.out / 'sheet.png'}")
    return report


def _default_one(m: int | None) -> int:
    """Return m, or what it is where data are given."""
    return 1 if m is None else m


def _open(config: DemoConfig, place: Place) -> _Demo:
    """Load the data, and choose the labels that are kept."""
    lab = claim(open_lab(place, one_video=True))
    (test,) = lab.tests.values()
    if config.data is None:
        l = DEMO[1] if config.l is None else config.l
        m = max(1, min(DEMO[0], l - 1)) if config.m is None else config.m
        plan = Plan(lab.train, test, l, m, "annotated", lab.said)
        dataset_intervals(plan.train, plan.l, plan.m, plan.unit)  # raises where l or m cannot be
    else:
        plan = make_plan(config.data, config.layout, config.l, _default_one(config.m))
    if test is lab.train or len(lab.train) == len(test) == 1:
        held_back = without_kept(lab.train, keep_labels(lab.train, plan.l))
        lab = replace(lab, tests={test.name: held_back})
        plan = replace(plan, test=held_back)
    return _Demo(config, lab, plan, demo_cells(plan.l, plan.m, plan.unit).cells)


def _introduce(demo: _Demo, say: Callable[[str], None]) -> None:
    plan = demo.plan
    say(
        f"data            {plan.train.name}: {len(plan.train)} videos to train on,"
        f" {len(plan.test)} to predict ({plan.said})"
    )
    kept, annotated = _labels(plan)
    say(f"labels          {kept} of {annotated} kept: one in {plan.l}")


def _labels(plan: Plan) -> tuple[int, int]:
    """Count the labels that are kept, and all that there are."""
    kept, every = (
        sum(len(video.annotated) for video in dataset)
        for dataset in (keep_labels(plan.train, plan.l), plan.train)
    )
    return kept, every


def _has_labels(demo: _Demo) -> bool:
    return any(video.annotated for video in demo.plan.test)


def _title(demo: _Demo, step: Step) -> str:
    """Say what a step does."""
    letters = dict(zip(demo.students(), "abc", strict=False))
    if isinstance(step, ImageStage):
        images = (
            "the kept labels as images" if step.labels else f"{len(demo.lab.images or ())} images"
        )
        return f"RCRNet          stage 1, on {images}"
    if isinstance(step, Generator):
        return "FGPLG           stage 2, on triplets of kept labels"
    if isinstance(step, PseudoLabels):
        return f"pseudo-labels   {step.m} in each interval"
    if isinstance(step, Student):
        row = demo.cells["abc".index(letters[step])].says
        return f"RCRNet+NER ({letters[step]})  stage 3: {row}"
    if isinstance(step, Maps):
        return f"saliency maps   of {step.weight(demo.lab)} frames, by ({letters[step.student]})"
    if isinstance(step, SaliencyScore):
        return f"numbers         of ({letters[step.maps.student]})"
    if isinstance(step, KeptLabels):
        return f"labels          {'all' if step.l == 1 else f'one in {step.l}'} written down"
    raise AssertionError(step)


def _hand_out(demo: _Demo) -> None:
    """Put what a person looks for beside the report, under names of its own."""
    lab, out = demo.lab, demo.config.out
    for maps, name in zip(demo.maps(), FOLDERS, strict=False):
        _copy(lab.out / maps.folder / "maps", out / name)
    pseudo = demo.pseudo_labels()
    _copy(lab.out / pseudo.folder / "labels", out / "pseudo-labels")
    weights: dict[str, Step] = {"rcrnet-ner": demo.students()[1], "fgplg": pseudo.generator}
    for name, step in weights.items():
        with atomic_file(out / f"{name}.safetensors") as temporary:
            shutil.copyfile(lab.out / step.folder / "run" / "model.safetensors", temporary)
    fgplg = pseudo.generator.network(lab)
    reader = reader_for(fgplg, lab.flow, lab.reader().size, lab.reader().flow_size)
    draw_sheet(demo.plan, fgplg, reader, out / FOLDERS[1], out / "sheet.png")


def _copy(source: Path, target: Path) -> None:
    """Copy a folder that is finished, unless it was copied before."""
    if (target / RECORD).is_file():
        return
    record = json.loads((source / RECORD).read_text(encoding="utf-8"))
    with output_folder(target, record) as folder:
        shutil.copytree(source, folder, dirs_exist_ok=True)


def _report(demo: _Demo, minutes: float) -> Report:
    lab, plan, config = demo.lab, demo.plan, demo.config
    scores: list[dict[str, float] | None] = [None] * len(demo.cells)
    if _has_labels(demo):
        scores = [lab.result(SaliencyScore(maps, PROTOCOL))["scores"] for maps in demo.maps()]
    quality = lab.result(demo.pseudo_labels())["quality"]
    passes = [lab.result(student)["passes"] for student in demo.students()]
    rows = [
        Row(title, one, round(seen, 1))
        for title, one, seen in zip(TITLES, scores, passes, strict=False)
    ]
    kept, annotated = _labels(plan)
    free = {name: getattr(config, name) for name in ("out", "seed", *FREE)}
    return Report(
        data=f"{plan.train.name} ({plan.said})", preset=lab.preset.name, seed=config.seed,
        steps=lab.preset.lengths, encoder=Path(lab.preset.encoder).name, size=lab.preset.size,
        images=lab.images.name if lab.images else "the kept labels",
        generator=config.generator, flow=lab.flow.key, l=plan.l, m=plan.m, unit=plan.unit,
        kept=kept, annotated=annotated, videos=len(plan.test), protocol=PROTOCOL, rows=rows,
        pseudo=PseudoQuality(**quality) if quality else None,
        before=judged_before() if config == DemoConfig(**free) else "",
        minutes=minutes, machine=_machine(config), version=__version__,
    )  # fmt: skip


def _claim(config: DemoConfig, *, resume: bool, force: bool) -> None:
    """Begin the demo's folder, go on in it, or take one over that an earlier demo wrote."""
    settings = {name: str(value) for name, value in vars(config).items() if name != "out"}
    folder = WorkFolder(config.out, "demo", "a demo", free=FREE)
    if resume and folder.begun:
        folder.check(settings, "resume with the same ones, or start over with --force")
    else:
        folder.begin(settings, force=force)


def _machine(config: DemoConfig) -> str:
    device = pick_device(config.device)
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
    return f"{platform.machine()}, {torch.get_num_threads()} threads, {name}"
