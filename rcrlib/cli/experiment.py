"""`rcr experiment NAME`: the paper's tables and figures; `rcr experiment report`: RESULTS.md."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from rcrlib.cli import options as o
from rcrlib.cli.command import Command, Group

EXPERIMENTS = {
    "table1": """Table 1: our row, on each test set.

    Trains the method at the paper's main setting (1/5: one label in five, one pseudo-label in each
    interval) and scores it.""",
    "table2": """Table 2: labels kept, pseudo-labels made.

    The cells are named m/l: one label in l is kept, m pseudo-labels are made in each interval: 0/1
    0/2 0/5 1/5 4/5 0/20 7/20 19/20, as far as the data have enough labels.""",
    "table3": """Table 3: the parts of NER.

    Ra has none of them, Re has all.""",
    "table4": """Table 4: what the generator sees.

    Ga makes no pseudo-labels; Gb's FGPLG sees RGB, Gc's the labels, too, Gd's also the flow. At
    7/20, or at 1/5 where the data have too few labels.""",
    "table5": """Table 5: J and F, without post-processing.

    The network of table1, its maps cut at one half.""",
    "fig5": """Fig. 5: precision-recall curves.

    The network of table1, a curve for each test set.""",
    "fig7": """Fig. 7: scores over the share of labels.

    The cells of table2, and 0/10 and 9/10.""",
    "demo": """The demo for many seeds: few labels, pseudo-labels, all.

    One label in ten alone (0/10), with pseudo-labels on all frames in between (9/10), and all true
    labels (0/1). Every seed generates its own videos.""",
    "appearance": """How much must change for pseudo-labels to help?

    The demo's cells over the appearance change of the generated videos, from none up to the
    demo's.""",
    "keyframes": """Which frames to label, at the same cost.

    The paper's future work: even spacing against the policies of rcr data label, judged by the
    pseudo-labels between them and by the network that learns from these.""",
    "noise": """When do pseudo-labels help, when mislead?

    Flow and labels are bent by known amounts (of synthetic data the true flow is known), and the
    student's error is drawn over that of its pseudo-labels.""",
}
"""Name -> help. The library's names, whose import would cost seconds."""

settings = o.bundle(
    o.option("Data", "--data DATA", "A set of videos.", show_default="synthetic videos"),
    o.layout,
    o.option(
        "Data", "--test tests DATA", "Set to judge on; may be given repeatedly.", multiple=True,
        show_default="what DATA holds out",
    ),
    o.option("Cells", "--seeds N", "Run every cell with the seeds 0 to N-1.", default=3),
    o.option("Cells", "--seed N", "Only this seed; may be given repeatedly.", multiple=True),
    o.option("Cells", "--only NAME", "Only this cell; may be given repeatedly.", multiple=True),
    o.option("Cells", "--shard PART", "I/N: every N-th cell and seed, from the I-th on."),
    o.option("Labels", "-l --l N", "Keep one annotated frame in N.", show_default="as the paper"),
    o.option("Labels", "-m --m N", "Pseudo-labels per interval.", show_default="as the paper"),
    o.flow,
    o.stages,
    o.option("Training", "--start FILE", "Weights of stage 1, instead of training it."),
    o.option(
        "Measures", "--protocol NAME",
        "paper, davsod or sod; or one of them changed as by rcr eval saliency: davsod+keep-ends.",
        default="paper",
    ),
    o.device,
    o.workers,
    o.processes,
    o.option("Output", "-o --out DIR", "Folder to work in.", default=Path("rcr-experiments")),
)  # fmt: skip


@click.group(cls=Group)
def experiment() -> None:
    """Repeat the paper's tables and figures.

    Everything is kept in a folder that experiments share: a cell that is finished is never run
    again, and the same command goes on with a grid that was stopped. Several processes or machines
    may work in one folder (--shard). DIR/NAME then holds the table, the figure and every number.

    \b
      rcr experiment table2 --only 0/5 --only 1/5
      rcr experiment table4 --data DAVIS2016 --preset small
    """


def _make(name: str, text: str) -> Command:
    """Return the command of one experiment."""

    def run(**given: Any) -> None:
        from rcrlib.experiments import ExperimentConfig, run_experiment

        run_experiment(ExperimentConfig(name=name, **given))

    run.__doc__ = text
    command = click.command(name, cls=Command)(settings(run))
    assert isinstance(command, Command)
    return command


for _name, _text in EXPERIMENTS.items():
    experiment.add_command(_make(_name, _text))


@experiment.command()
@click.argument("results", type=o.PATH, metavar="RESULT", nargs=-1)
@o.option("Output", "-o --out FILE", "Page to write.", default=Path("RESULTS.md"))
def report(results: tuple[Path, ...], out: Path) -> None:
    """Write a page about stored results.

    Each RESULT is a folder that an experiment wrote, or its result.json under any name.

    \b
      rcr experiment report rcr-experiments/table2 rcr-experiments/table4
      rcr experiment report rcrlib/experiments/results/*.json -o RESULTS.md
    """
    from rcrlib.experiments import write_results_page

    click.echo(write_results_page(results, out))
