"""The check of an exercise: it runs a student's function and says what it found.

A student's mistake is never an error of the notebook: "run all" goes on to the end. Only with
`RCR_STRICT` in the environment does a check raise: `1` wants every exercise PASSED (solutions, CI),
`stubs` wants every one NOT ATTEMPTED (the notebooks that students are given).
"""

from __future__ import annotations

import inspect
import linecache
import os
import traceback
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch

from rcrlib.course.compare_answers import changed, describe, difference, snapshot
from rcrlib.course.exercise import YOUR_TURN, Draw, Exercise, Function, Mistake, Property
from rcrlib.course.exercises import find
from rcrlib.course.result import Lines, NotPassed, Outcome, Result

SEEDS = range(5)
DTYPES = (torch.float32, torch.float64)
STRICT, SEED = "RCR_STRICT", "RCR_SEED"
"""Names in the environment; the seed is added to those of all checks, for grading."""

_LIBRARIES = (str(Path(__file__).parents[1]), str(Path(os.__file__).parent))
_WANTED = {"1": Outcome.PASSED, "stubs": Outcome.NOT_ATTEMPTED}


def check(function: Function) -> Result:
    """Try a student's function on everything that its exercise asks of it.

    Args:
        function: the student's; its name is the exercise's.

    Raises:
        RcrError: there is no exercise of that name.
        NotPassed: only where `RCR_STRICT` is set; says what was found.
    """
    result = judge(find(getattr(function, "__name__", repr(function))), function, seeds())
    wanted = _WANTED.get(os.environ.get(STRICT, ""))
    if wanted is not None and result.outcome is not wanted:
        raise NotPassed(f"{STRICT}: {wanted.value} was wanted\n{result}")
    return result


def use(*functions: Function) -> Any:
    """Return each function where it passes its check, else the library's; print which.

    Returns:
        A function for one, a tuple for several.
    """
    chosen = []
    for function in functions:
        exercise = find(getattr(function, "__name__", repr(function)))
        result = judge(exercise, function, seeds())
        whose = "yours" if result.passed else f"the library's (yours: {result.outcome.value})"
        print(f"{exercise.name}: {whose}")
        chosen.append(function if result.passed else exercise.reference)
    return chosen[0] if len(chosen) == 1 else tuple(chosen)


def replay(name: str, number: int, seed: int, dtype: str = "float32") -> tuple[Any, ...]:
    """Return the arguments that a check called a function with, to try them by hand.

    Args:
        name: of the exercise.
        number: of the property, counted from 1.
        seed: as the check said it.
        dtype: "float32" or "float64".

    Example:
        >>> z, new, h = replay("blend", 1, seed=0)
        >>> z.shape == new.shape == h.shape
        True
    """
    return find(name).properties[number - 1].inputs(Draw(seed, getattr(torch, dtype)))


def seeds() -> Iterable[int]:
    """Return the seeds of this process's checks."""
    first = int(os.environ.get(SEED, 0))
    return [first + seed for seed in SEEDS]


def judge(exercise: Exercise, function: Function, seeds: Iterable[int] = SEEDS) -> Result:
    """Try a function on all properties, with all seeds, in float32 and float64.

    Never raises for what the function does, but for Ctrl-C.
    """
    if not callable(function):
        lines = (("expected", "a function"), ("got", describe(function)))
        return Result(exercise.name, Outcome.NOT_YET, lines)
    seeds = tuple(seeds)
    for number, wanted in enumerate(exercise.properties, start=1):
        for dtype in DTYPES:
            for seed in seeds:
                found = _try(exercise, function, number, wanted, Draw(seed, dtype))
                if found is not None:
                    return found
    held = tuple(("holds", wanted.says) for wanted in exercise.properties)
    return Result(exercise.name, Outcome.PASSED, held)


def _try(
    exercise: Exercise, function: Function, number: int, wanted: Property, draw: Draw
) -> Result | None:
    """Try one property on one draw; None where it holds."""
    arguments = wanted.inputs(draw)
    given = snapshot(arguments)
    dtype = str(draw.dtype).removeprefix("torch.")
    again = f"{exercise.name}(*replay({exercise.name!r}, {number}, {draw.seed}, {dtype!r}))"
    where = (("try again", f"from rcrlib.course import replay; {again}"),)
    misfit = _misfit(function, arguments)
    if misfit is not None:
        return Result(exercise.name, Outcome.NOT_YET, misfit)
    try:
        answer = _call(function, given, draw.seed)
    except (Exception, SystemExit) as error:
        if isinstance(error, NotImplementedError) and str(error).startswith(YOUR_TURN):
            return _not_attempted(exercise)
        line = (("error", f"{type(error).__name__}: {error}"), *place(error))
        return Result(exercise.name, Outcome.CRASHED, line + where)
    if answer is Ellipsis:
        return _not_attempted(exercise)
    expected = _expected(exercise, wanted, arguments)
    try:
        found = difference(expected, wanted.of(answer))
    except Exception:  # an answer that `of` cannot be taken of
        found = describe(exercise.reference(*snapshot(arguments))), describe(answer)
    if found is not None:
        mistake = _known(exercise, function, draw)
        lines: Lines = (("it must", wanted.says), ("expected", found[0]), ("got", found[1]))
        lines += (("hint", mistake.hint),) if mistake else ()
        name = mistake.name if mistake else None
        return Result(exercise.name, Outcome.NOT_YET, lines + where, name)
    written = changed(arguments, given)
    if written is not None:
        says = (
            f"leave its arguments as they are; number {written + 1} has changed (work on a copy,"
            " `.clone()`)"
        )
        return Result(exercise.name, Outcome.NOT_YET, (("it must", says), *where))
    return None


def _expected(exercise: Exercise, wanted: Property, arguments: tuple[Any, ...]) -> Any:
    if wanted.expected is not None:
        return wanted.expected(*snapshot(arguments))
    return wanted.of(exercise.reference(*snapshot(arguments)))


def _not_attempted(exercise: Exercise) -> Result:
    todo = "write your lines, delete the line that raises NotImplementedError, run the cell again"
    return Result(exercise.name, Outcome.NOT_ATTEMPTED, (("to do", todo),))


def _call(function: Function, arguments: tuple[Any, ...], seed: int) -> Any:
    """Call a function without gradients; chance and global state are its own."""
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        return function(*arguments)


def _known(exercise: Exercise, function: Function, draw: Draw) -> Mistake | None:
    """Return the known mistake that a function makes: it agrees with it on every property."""
    for mistake in exercise.mistakes:
        if all(_same(function, mistake.function, p, draw) for p in exercise.properties):
            return mistake
    return None


def _same(function: Function, other: Function, of: Property, draw: Draw) -> bool:
    """Tell whether two functions answer alike, or both not at all."""
    answers = []
    for one in (other, function):
        again = Draw(draw.seed, draw.dtype)
        try:
            answers.append(_call(one, of.inputs(again), draw.seed))
        except (Exception, SystemExit):
            answers.append(None)
    try:
        return difference(*answers) is None
    except Exception:  # an answer that cannot be compared is not that of a mistake
        return False


def _misfit(function: Function, arguments: tuple[Any, ...]) -> Lines | None:
    """Say how a function's arguments differ from those that it will be called with."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # built in: the call itself will tell
        return None
    try:
        signature.bind(*arguments)
    except TypeError:
        what = f"a function that takes {len(arguments)} arguments"
        return (("expected", what), ("got", f"{getattr(function, '__name__', '?')}{signature}"))
    return None


def place(error: BaseException) -> Lines:
    """Say the line of the student's code that went wrong: the innermost outside libraries."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not _is_library(frame.filename)]
    if not own:
        return ()
    frame = own[-1]
    text = (frame.line or linecache.getline(frame.filename, frame.lineno or 0)).strip()
    return (("line", f"{frame.lineno} of the cell, in {frame.name}: {text}"),)


def _is_library(file: str) -> bool:
    return file.startswith(_LIBRARIES) or "-packages" in file  # site- and dist-packages
