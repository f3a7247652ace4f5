"""One experiment, from its options to its table."""

from __future__ import annotations

import difflib
from collections.abc import Callable

from tqdm.auto import tqdm

from rcrlib.errors import OptionError
from rcrlib.experiments.catalogue import Grid, find_experiment
from rcrlib.experiments.cells import Cell
from rcrlib.experiments.config import ExperimentConfig
from rcrlib.experiments.gather import gather
from rcrlib.experiments.lab import Lab, claim, open_lab, places
from rcrlib.experiments.merge import merge_results
from rcrlib.experiments.report import write_result
from rcrlib.experiments.result import Result, split_setting
from rcrlib.experiments.runner import run_steps
from rcrlib.experiments.tables import text_table
from rcrlib.experiments.worker import process_count


def run_experiment(
    config: ExperimentConfig, *, say: Callable[[str], object] = tqdm.write
) -> Result:
    """Run an experiment's cells, or go on with them, and write its table, figure and JSON.

    What is finished in the folder is never run again, whichever experiment needed it first. The
    table has all finished cells of the experiment, whoever ran them: this call, an earlier one with
    other `only`, or another shard.

    Args:
        config: which experiment, on what, and where.
        say: takes a line for a person after every step.

    Raises:
        RcrError: an option or the data do not allow it, said in one line before anything runs.
    """
    experiment = find_experiment(config.name)
    number, of = config.part()
    results: list[Result] = []
    jobs = 0
    for place in places(config, experiment.knob):
        here = [seed for seed in place.seeds if seed in (config.seed or place.seeds)]
        if not here and not place.there:
            continue
        lab = open_lab(place)
        grid = experiment.grid(lab)
        chosen = _chosen(lab, grid)
        lab = claim(lab)
        todo = [(cell, seed) for seed in here for cell in chosen]
        mine = [job for place_in_all, job in enumerate(todo, jobs) if place_in_all % of == number]
        jobs += len(todo)
        run_steps(
            lab,
            [score for cell, seed in mine for score in cell.scores(lab, experiment.measure, seed)],
            say,
            processes=process_count(config),
        )
        results.append(gather(lab, experiment, grid))
    result = merge_results(results)
    folder = write_result(result, config.out / experiment.name)
    say(f"\n{text_table(result)}\n\n{folder}")
    return result


def _chosen(lab: Lab, grid: Grid) -> list[Cell]:
    """Return the cells to run: those named by --only, else all that the data allow.

    Where a knob is turned, "0/10" stands for "0/10 at 0.33" and at every other setting.
    """
    by_name = {cell.name: cell for cell in grid.cells}
    by_name |= {split_setting(cell.name)[0]: cell for cell in grid.cells}
    settings = find_experiment(lab.config.name).knob_settings
    for name in lab.config.only:
        known = name in by_name or split_setting(name)[1] in settings
        if not known or split_setting(name)[0] not in by_name:
            near = difflib.get_close_matches(name, by_name, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            names = ", ".join(cell.name for cell in grid.cells)
            raise OptionError(f"--only {name}: {lab.config.name} has the cells {names}{hint}")
    cells = list(grid.cells)
    if lab.config.only:
        cells = [by_name[name] for name in lab.config.only if name in by_name]
    problems = {cell.name: cell.problem(lab) for cell in cells}
    allowed = [cell for cell in cells if not problems[cell.name]]
    if cells and (lab.config.only or not allowed):
        for name, problem in problems.items():
            if problem:
                raise OptionError(f"{lab.train.root}: the data do not allow {name}: {problem}")
    return allowed
