"""From the steps' files to an experiment's result."""

from __future__ import annotations

from dataclasses import fields

from rcrlib.experiments.catalogue import Experiment, Grid
from rcrlib.experiments.cells import Cell
from rcrlib.experiments.lab import Lab
from rcrlib.experiments.paper import paper_numbers
from rcrlib.experiments.provenance import Origin
from rcrlib.experiments.result import Result, Row, Run
from rcrlib.experiments.runner import in_order
from rcrlib.experiments.students import Score
from rcrlib.experiments.world import World
from rcrlib.runtime import pick_device, pick_precision

FORMS = {
    "residual": "says what to add to the warped labels",
    "paper": "draws the label anew",
}
"""What the two forms of the generator answer with."""

WITH_CURVES = ("fig5",)
"""Experiments whose figure needs every point of a curve."""


def gather(lab: Lab, experiment: Experiment, grid: Grid) -> Result:
    """Collect what is finished of an experiment's cells and seeds."""
    origins: dict[Origin, int] = {}
    runs = [
        _run(lab, experiment, cell, seed, score, origins)
        for cell in grid.cells
        for seed in lab.seeds
        for score in cell.scores(lab, experiment.measure, seed)
        if lab.finished(score)
    ]
    rows = [
        Row(
            cell.name, cell.says, cell.problem(lab),
            {test: paper_numbers(experiment.name, cell.name, test) for test in lab.tests},
        )
        for cell in grid.cells
    ]  # fmt: skip
    setup = _setup(lab)
    return Result(
        experiment=experiment.name, title=experiment.title, measure=experiment.measure,
        setup=setup, differs=_differs(lab, setup, grid), seeds=len(lab.config.wanted),
        rows=rows, pairs=list(grid.pairs), origins=list(origins), runs=runs,
        videos_by_seed=lab.config.data is None,
    )  # fmt: skip


def _run(
    lab: Lab, experiment: Experiment, cell: Cell, seed: int, score: Score,
    origins: dict[Origin, int],
) -> Run:  # fmt: skip
    student = score.maps.student
    stored, trained = lab.result(score), lab.result(student)
    way = [lab.stored(step)["made"] for step in in_order([score])]
    names = [field.name for field in fields(Origin)]
    made = [Origin(**{name: one[name] for name in names}) for one in way]
    used = {origins.setdefault(one, len(origins)) for one in made}
    quality = lab.result(student.source).get("quality")
    return Run(
        cell=cell.name, seed=seed, test=score.maps.test, protocol=score.protocol,
        scores=stored["scores"], per_video=stored["per_video"],
        labels=trained["labels"], pseudo_labels=trained["pseudo_labels"],
        steps=trained["steps"], passes=trained["passes"], loss=trained["loss"], quality=quality,
        seconds=round(sum(one["seconds"] for one in way), 1), origins=sorted(used),
        curves=stored["curves"] if experiment.name in WITH_CURVES else None,
    )  # fmt: skip


def _setup(lab: Lab) -> dict[str, str]:
    """Say what the numbers depend on."""
    config, preset = lab.config, lab.preset
    held = ", ".join(
        f"{name} ({len(data)} {'image' if data.flat else 'video'}{'s' * (len(data) > 1)})"
        for name, data in lab.tests.items()
    )
    image = "the cell's own kept labels, taken as images"
    if lab.images is not None:
        image = f"{lab.images.name} ({len(lab.images)} images)"
    elif config.start is not None:
        image = f"none: weights of {config.start.name}"
    videos = {}
    if config.data is None and lab.synthetic is not None:
        videos["videos"] = f"generated for each seed: {World(lab.synthetic).says}"
    precision = pick_precision(config.precision, pick_device(config.device))
    return {
        "trained on": f"{lab.train.name}: {len(lab.train)} videos,"
        f" {sum(len(video.annotated) for video in lab.train)} labels ({lab.said})",
        "judged on": held,
        **videos,
        "preset": f"{preset.name}: {preset.network.backbone}, {preset.size}x{preset.size},"
        f" T = {preset.clip}",
        "steps of the three stages": preset.lengths,
        "stage 1 learns from": image,
        "FGPLG": FORMS[config.generator],
        "precision": precision.removesuffix("-true").replace("-", ", "),
        "encoder weights": preset.encoder if preset.encoder in ("none", "imagenet") else "a file",
        "optical flow": config.flow.partition(":")[0]
        if config.flow.startswith("precomputed")
        else config.flow,
    }


def _differs(lab: Lab, setup: dict[str, str], grid: Grid) -> list[str]:
    """Say what is not as in the paper."""
    papers = {
        "trained on": "the training sets of VOS, DAVIS and FBMS",
        "preset": "ResNet-50, 448x448, T = 4",
        "stage 1 learns from": "MSRA-B and HKU-IS",
        "encoder weights": "ImageNet",
        "FGPLG": FORMS["paper"],
        "optical flow": "FlowNet 2.0",
    }
    same = {
        "preset": lab.preset.name == "paper",
        "FGPLG": lab.config.generator == "paper",
        "encoder weights": lab.preset.encoder == "imagenet",
        "optical flow": "flownet2" in lab.config.flow,
    }
    lines = [
        f"{name}: {setup[name]} (paper: {text})"
        for name, text in papers.items()
        if not same.get(name, False)
    ]
    if lab.config.name in ("table2", "table3", "table4", "fig7"):
        lines.append(f"judged on: {setup['judged on']} (paper: the test set of VOS)")
    if lab.config.name == "table4":
        labels, m = grid.cells[-1].labels, grid.cells[-1].m
        if (m, labels.l) != (7, 20):
            lines.append(f"m / l: {m}/{labels.l} (paper: 7/20)")
    return lines
