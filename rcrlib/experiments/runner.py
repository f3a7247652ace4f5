"""Running steps: each once, whoever needs it, whatever was killed on the way."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict

import torch
from tqdm.auto import tqdm

from rcrlib.errors import RcrError
from rcrlib.experiments.lab import RESULT, Lab
from rcrlib.experiments.provenance import origin
from rcrlib.experiments.steps import Step
from rcrlib.experiments.worker import worker
from rcrlib.files import remove_partial, write_json
from rcrlib.lock import try_lock

POLL_SECONDS = 0.2
"""Time between two looks whether another process has finished its step."""


def in_order(goals: Iterable[Step]) -> list[Step]:
    """Return the goals and all that they need, each once, and after all that it needs itself."""
    order: dict[Step, None] = {}

    def add(step: Step) -> None:
        if step not in order:
            for need in step.needs:
                add(need)
            order[step] = None

    for goal in goals:
        add(goal)
    return list(order)


def run_steps(
    lab: Lab,
    goals: Sequence[Step],
    say: Callable[[str], object] = tqdm.write,
    begun: Callable[[Step], object] = lambda step: None,
    processes: int = 1,
) -> None:
    """Run what is not finished of the goals and of all that they need.

    The bar counts work, about the frames that go through a network, so that its time left holds for
    the whole grid. Several processes may share the folder: none does a step that another one is at,
    but takes another that can be done, and waits only where there is none.

    Args:
        lab: where they work.
        goals: what to finish.
        say: takes a line for a person after every step.
        begun: takes each step before it is run; from a thread, if another process runs it.
        processes: how many take steps at the same time, this one included. They share the threads.

    Raises:
        RcrError: what a step raises; steps that are finished stay so.
    """
    steps = in_order(goals)
    weights = {step: step.weight(lab) for step in steps}
    todo = [step for step in steps if not lab.finished(step)]
    total = sum(weights.values())
    before = total - sum(weights[step] for step in todo)
    begin, worked = time.perf_counter(), 0
    with tqdm(
        total=total, initial=before, desc="grid", unit="frame", unit_scale=True, disable=None,
        leave=False, dynamic_ncols=True,
    ) as bar, _workers(lab, todo, begun, processes):  # fmt: skip
        while todo:
            step, seconds = _run_one(lab, todo, bar, say, begun)
            todo.remove(step)
            worked += weights[step]
            bar.update(weights[step])
            left = (time.perf_counter() - begin) / worked * (total - before - worked)
            say(
                f"{len(steps) - len(todo):>4}/{len(steps)}  {step.folder!s:<60} {seconds:6.1f} s"
                f"   about {left / 60:.0f} min left"
            )


@contextmanager
def _workers(
    lab: Lab, goals: Sequence[Step], begun: Callable[[Step], object], processes: int
) -> Iterator[None]:
    """Let other processes take steps, too, and share this one's threads with them."""
    before = torch.get_num_threads()
    threads = max(1, before // processes)
    with ExitStack() as stack:
        for _ in range(processes - 1 if goals else 0):
            stack.enter_context(worker(lab, goals, begun, threads=threads))
        torch.set_num_threads(threads)
        stack.callback(torch.set_num_threads, before)
        yield


def _run_one(
    lab: Lab,
    todo: Sequence[Step],
    bar: tqdm,
    say: Callable[[str], object],
    begun: Callable[[Step], object],
) -> tuple[Step, float]:
    """Run the first step that can be done and that no other process is at; return its seconds."""
    waiting = False
    while True:
        for step in todo:
            if not all(map(lab.finished, step.needs)):
                continue
            lock = lab.out / "locks" / f"{str(step.folder).replace('/', '~')}.lock"
            with try_lock(lock) as held:
                if held and lab.finished(step):  # by another process, meanwhile
                    return step, 0.0
                if held:
                    bar.set_postfix_str(str(step.folder))
                    begun(step)
                    return step, _run(lab, step)
        if not waiting:
            say(f"{todo[0].folder}: another rcr is at it; waiting")
            waiting = True
        time.sleep(POLL_SECONDS)


def _run(lab: Lab, step: Step) -> float:
    """Run a step; return the seconds that this took."""
    folder = lab.out / step.folder
    begin = time.perf_counter()
    remove_partial(folder)
    try:
        result = step.run(lab, folder)
    except RcrError as error:  # a grid has no --resume: it always goes on
        if lab.config.name == "demo" and lab.config.seeds == 1:
            raise
        error.args = (str(error).replace("--resume goes on", "the same command goes on"),)
        raise
    seconds = time.perf_counter() - begin
    made = asdict(origin(lab.config.command(), lab.config.device))
    content = {
        "step": type(step).__name__,
        "settings": asdict(step),  # type: ignore[call-overload]
        "lab": lab.config.fixed(),
        "result": result,
        "made": {**made, "seconds": round(seconds, 1)},
    }
    write_json(folder / RESULT, content)
    # Weights stay; with Adam's state beside them a grid would take four times the space.
    (folder / "run" / "checkpoint.pt").unlink(missing_ok=True)
    return seconds
