"""The paper's tables and figures, its future work and its limits, each as one experiment.

experiment.py      one experiment, from its options to its table
catalogue.py       the experiments, and the cells that each compares
cells.py           a cell of a table: a way through the steps
config.py          options
lab.py             data, preset and folder that all steps share
held_out.py        which videos are learned from, and which are held out
world.py           the videos that are generated where none are given
kept_labels.py     a step: which labels are kept
steps.py           what a step is; stage 1 (RCRNet) and stage 2 (FGPLG)
pseudo_labels.py   steps that make what a student learns from
students.py        stage 3 (RCRNet+NER), its maps and their scores
noise.py           flow and labels that are wrong by a known amount
work.py            how much work a step is
runner.py          every step once, over kills and processes
worker.py          a second process that takes steps, too
provenance.py      which code made a number, where
gather.py          from the steps' files to a result
result.py          a result: runs, means, differences
merge.py           one result from several places
stats.py           means over seeds, and intervals of differences
paper.py           the paper's numbers
tables.py          results as tables
figures.py         results as figures, and the same in words
report.py          an experiment's page; RESULTS.md
stored.py          results that come with the package
results/           their files
"""

from rcrlib.experiments.catalogue import DEMO, EXPERIMENTS, demo_cells
from rcrlib.experiments.cells import Cell
from rcrlib.experiments.config import ExperimentConfig, GeneratorForm
from rcrlib.experiments.experiment import run_experiment
from rcrlib.experiments.figures import figure_with_alt
from rcrlib.experiments.held_out import split_parts, without_kept
from rcrlib.experiments.kept_labels import KeptLabels
from rcrlib.experiments.lab import Lab, Place, check_options, claim, open_lab, places
from rcrlib.experiments.noise import smooth_field
from rcrlib.experiments.paper import PAPER_CELLS
from rcrlib.experiments.pseudo_labels import PseudoLabels
from rcrlib.experiments.report import results_page, write_results_page
from rcrlib.experiments.result import Result, load_result, split_setting
from rcrlib.experiments.runner import run_steps
from rcrlib.experiments.stats import Difference, over_seeds
from rcrlib.experiments.steps import Generator, ImageStage, Step
from rcrlib.experiments.stored import store, stored_results
from rcrlib.experiments.students import Maps, SaliencyScore, Student
from rcrlib.experiments.tables import main_table, markdown_table, table_heading
from rcrlib.experiments.worker import process_count

__all__ = [
    "DEMO",
    "EXPERIMENTS",
    "PAPER_CELLS",
    "Cell",
    "Difference",
    "ExperimentConfig",
    "Generator",
    "GeneratorForm",
    "ImageStage",
    "KeptLabels",
    "Lab",
    "Maps",
    "Place",
    "PseudoLabels",
    "Result",
    "SaliencyScore",
    "Step",
    "Student",
    "check_options",
    "claim",
    "demo_cells",
    "figure_with_alt",
    "load_result",
    "main_table",
    "markdown_table",
    "open_lab",
    "over_seeds",
    "places",
    "process_count",
    "results_page",
    "run_experiment",
    "run_steps",
    "smooth_field",
    "split_parts",
    "split_setting",
    "store",
    "stored_results",
    "table_heading",
    "without_kept",
    "write_results_page",
]
