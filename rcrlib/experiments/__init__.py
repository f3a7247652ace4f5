"""The paper's tables and figures, its future work and its limits, each as one experiment.

plan.py, judge.py  which videos are held out; how good pseudo-labels are
config.py          options        lab.py        data, preset and folder that all steps share
labels.py, steps.py, labelling.py, students.py  the steps, each named by its settings
noise.py           flow and labels that are wrong by a known amount
cells.py           a cell of a table: a way through the steps
catalogue.py       the experiments        paper.py      the paper's numbers
runner.py          every step once, over kills and processes
gather.py, result.py, stats.py  from steps to means, deviations and differences
tables.py, figures.py, report.py  what people read; RESULTS.md
stored.py, results/  results that come with the package
"""

from rcrlib.experiments.catalogue import EXPERIMENTS
from rcrlib.experiments.config import ExperimentConfig
from rcrlib.experiments.report import results_page, write_results_page
from rcrlib.experiments.result import Result, load_result
from rcrlib.experiments.run import run_experiment
from rcrlib.experiments.stored import store, stored_results

__all__ = [
    "EXPERIMENTS",
    "ExperimentConfig",
    "Result",
    "load_result",
    "results_page",
    "run_experiment",
    "store",
    "stored_results",
    "write_results_page",
]
