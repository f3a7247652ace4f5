"""The experiments: which cells each has, and which of them are compared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from rcrlib.data import Unit, intervals
from rcrlib.errors import OptionError
from rcrlib.experiments.cells import Cell, Measure
from rcrlib.experiments.kept_labels import KeptLabels
from rcrlib.experiments.lab import Knob, Lab
from rcrlib.experiments.result import at_setting
from rcrlib.experiments.steps import FlowError
from rcrlib.keyframes import POLICIES

MAIN = (1, 5)
"""m and l of the paper's main setting."""

DEMO = (9, 10)
"""m and l of the demo: a tenth of the labels, and pseudo-labels on all frames in between."""

APPEARANCE = Knob("appearance_change", (0.0, 0.33, 0.67, 1.0))
"""From videos in which the light stays as it is to the demo's."""

AMOUNTS = (0.0, 0.02, 0.04, 0.08)
"""Errors of `noise`, as shares of the frame's side. An object's radius is a tenth to a quarter."""


@dataclass(frozen=True)
class Grid:
    """An experiment's cells on given data."""

    cells: tuple[Cell, ...]
    pairs: tuple[tuple[str, str], ...] = ()
    """Cells whose difference (first less second) is reported."""


@dataclass(frozen=True)
class Experiment:
    """A table or a figure."""

    name: str
    title: str
    grid: Callable[[Lab], Grid]
    measure: Measure = "saliency"
    knob: Knob | None = None
    """What of the generated videos is changed from setting to setting."""

    @property
    def knob_settings(self) -> tuple[str, ...]:
        """The knob's settings as the names of cells have them."""
        return tuple(f"{setting:g}" for setting in self.knob.settings) if self.knob else ()


def _ours(lab: Lab) -> Grid:
    m, l = _setting(lab, MAIN)
    return Grid((_mixed("ours", m, l),))


def _table2(lab: Lab, names: tuple[str, ...] = ()) -> Grid:
    for option in ("l", "m"):
        if getattr(lab.config, option) is not None:
            raise OptionError(
                f"{lab.config.name}: its cells are named m/l; use --only, not -{option}"
            )
    names = names or ("0/1", "0/2", "0/5", "1/5", "4/5", "0/20", "7/20", "19/20")
    pairs = (("1/5", "0/5"), ("4/5", "0/5"), ("1/5", "0/1"), ("0/1", "0/5"), ("7/20", "0/20"),
             ("19/20", "0/20"))  # fmt: skip
    split = [[int(number) for number in name.split("/")] for name in names]
    cells = (_mixed(name, m, l) for name, (m, l) in zip(names, split, strict=True))
    return Grid(tuple(cells), pairs)


def _fig7(lab: Lab) -> Grid:
    names = ("0/1", "0/2", "0/5", "1/5", "4/5", "0/10", "9/10", "0/20", "7/20", "19/20")
    grid = _table2(lab, names)
    return replace(grid, pairs=(*grid.pairs, ("9/10", "0/10")))


def _table3(lab: Lab) -> Grid:
    m, l = _setting(lab, MAIN)
    rows = {
        "Ra": "no NER: each frame alone",
        "Rb": "the first non-local block",
        "Rc": "first non-local block and DB-ConvGRU",
        "Rd": "both non-local blocks, one-way ConvGRU",
        "Re": "the whole NER",
    }
    cells = (replace(_mixed(name, m, l), says=says, ner=name) for name, says in rows.items())
    return Grid(tuple(cells), (("Re", "Ra"), ("Rb", "Ra"), ("Re", "Rc"), ("Re", "Rd")))


def _table4(lab: Lab) -> Grid:
    m, l = _setting(lab, (7, 20))
    paper = replace(_mixed("Gd", m, l), residual=False)
    cells = [
        replace(_mixed("Ga", 0, l), says=f"no pseudo-labels (0/{l})"),
        replace(paper, name="Gb", says=f"FGPLG sees RGB only ({m}/{l})", inputs="rgb"),
        replace(paper, name="Gc", says="and the labels as they are", inputs="rgb+labels"),
        replace(paper, says="and flow: labels warped, magnitudes"),
    ]
    pairs = [("Gd", "Ga"), ("Gd", "Gc"), ("Gc", "Gb"), ("Gb", "Ga")]
    if lab.config.generator == "residual":
        says = "the same, and FGPLG says what to add to the warped labels (not the paper's)"
        cells.append(replace(paper, name="Gd+", says=says, residual=True))
        pairs += [("Gd+", "Gd"), ("Gd+", "Ga")]
    return Grid(tuple(cells), tuple(pairs))


def demo_cells(l: int, m: int, unit: Unit = "annotated") -> Grid:
    """Return the demo's rows: labels alone, labels + pseudo-labels, all labels (where l > 1)."""
    few, both = _mixed(f"0/{l}", 0, l, unit), _mixed(f"{m}/{l}", m, l, unit)
    if l == 1:
        return Grid((few, both), ((both.name, few.name),))
    every = _mixed("0/1", 0, 1)
    pairs = ((both.name, few.name), (every.name, few.name), (both.name, every.name))
    return Grid((few, both, every), pairs)


def _demo(lab: Lab) -> Grid:
    m, l = _setting(lab, DEMO)
    return demo_cells(l, m)


def _appearance(lab: Lab) -> Grid:
    grid = _demo(lab)
    assert lab.synthetic is not None  # it takes no other data
    setting = lab.synthetic.appearance_change
    cells = tuple(replace(cell, name=at_setting(cell.name, setting)) for cell in grid.cells)
    pairs = ((at_setting(a, setting), at_setting(b, setting)) for a, b in grid.pairs)
    return Grid(cells, tuple(pairs))


def _keyframes(lab: Lab) -> Grid:
    m, l = _setting(lab, (4, 5))
    filled = None if lab.config.m is None else m
    cells = tuple(
        Cell(
            policy,
            f"as many labels as one in {l}, chosen by {policy}",
            KeptLabels(l, policy),
            filled,
        )
        for policy in POLICIES
    )
    return Grid(cells, tuple((policy, "even") for policy in POLICIES if policy != "even"))


def _noise(lab: Lab) -> Grid:
    m, l = _setting(lab, (4, 5))
    alone, plain = _mixed(f"0/{l}", 0, l), _mixed(f"{m}/{l}", m, l)
    flow = "the true flow" if lab.synthetic else f"flow by {lab.config.flow}"
    cells = [alone, plain]
    for amount in AMOUNTS:
        error = f"bent by {amount:.0%} of the side" if amount else "as it is"
        cells.append(
            replace(
                plain, name=f"flow-{amount:.0%}", says=f"{flow}, {error}", error=FlowError(amount)
            )
        )
    for amount in AMOUNTS:
        error = f"bent by {amount:.0%} of the side" if amount else "as they are"
        says = f"true labels for pseudo-labels, {error}"
        cells.append(replace(plain, name=f"labels-{amount:.0%}", says=says, bent=amount))
    return Grid(tuple(cells), tuple((cell.name, alone.name) for cell in cells[1:]))


def _mixed(name: str, m: int, l: int, unit: Unit = "annotated") -> Cell:
    kept = f"one label in {l}" if l > 1 else "all labels"
    says = f"{kept}, {m} pseudo-label{'s' * (m > 1)} in each interval" if m else f"{kept} alone"
    return Cell(name, says, KeptLabels(l, unit=unit), m)


def _setting(lab: Lab, paper: tuple[int, int]) -> tuple[int, int]:
    """Return m and l: those asked for, else the paper's if the data allow, else 1 and 5.

    Raises:
        OptionError: m is not below l.
    """
    m, l = paper
    if lab.config.l is not None:
        l = lab.config.l
        m = min(m, l - 1)
    elif _mixed("", m, l).problem(lab):
        m, l = MAIN
    if lab.config.m is not None:
        m = lab.config.m
    if m < 1:
        raise OptionError(
            f"m={m}, l={l}: {lab.config.name} needs pseudo-labels; give m from 1 to l - 1"
        )
    intervals(range(l + 1), l, m)  # raises where m is out of range
    return m, l


EXPERIMENTS = {
    experiment.name: experiment
    for experiment in (
        Experiment("table1", "Table 1: our row on each test set", _ours),
        Experiment("fig5", "Fig. 5: precision-recall curves", _ours),
        Experiment("table5", "Table 5: J and F without post-processing", _ours, "segmentation"),
        Experiment("table2", "Table 2: labels kept and pseudo-labels made, m / l", _table2),
        Experiment("fig7", "Fig. 7: the share of labels", _fig7),
        Experiment("table3", "Table 3: the parts of NER", _table3),
        Experiment("table4", "Table 4: what FGPLG sees", _table4),
        Experiment("demo", "The demo: few labels, pseudo-labels, all labels", _demo),
        Experiment(
            "appearance", "How much changes between two labels", _appearance, knob=APPEARANCE
        ),
        Experiment("keyframes", "Which frames to label", _keyframes),
        Experiment("noise", "Pseudo-labels that are wrong by a known amount", _noise),
    )
}
"""By name."""


def find_experiment(name: str) -> Experiment:
    """Return the experiment of that name; `OptionError` where there is none."""
    if name not in EXPERIMENTS:
        raise OptionError(f"experiment {name!r}: unknown; use one of {', '.join(EXPERIMENTS)}")
    return EXPERIMENTS[name]
