"""Several forms of a computation: which is faster, and whether they give the same."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from torch import Tensor, nn

from rcrlib.bench import in_turn
from rcrlib.course.profiling import largest_tensor

CLOCKS = {"wall": time.perf_counter, "processor": time.process_time}
"""The processor's counts what it did for this process, on all threads, and no other's load."""


def compare(
    forms: Mapping[str, Callable[..., Any]],
    *given: Any,
    rounds: int = 5,
    clock: str = "processor",
    ratio: Callable[[Any, Any], float] | None = None,
) -> None:
    """Run several forms of a computation in turn, and print how each compares with the first.

    Args:
        forms: under their names; the first is what the others are held against.
        given: what each is called with.
        rounds: timed runs of each; one run before them, for the largest tensor, warms up.
        clock: one of `CLOCKS`.
        ratio: says how many times as fast, from the seconds of the first and of another; the
            median of the rounds' ratios by default.
    """
    sizes = {name: largest_tensor(form, *given) / 1e6 for name, form in forms.items()}
    runs = {name: partial(form, *given) for name, form in forms.items()}
    times = in_turn(runs, rounds, warm_up=0, clock=CLOCKS[clock])
    (name, first), *others = times.items()
    took = f"{1000 * first.median:.1f} ms of {clock} time"
    print(f"{name}: {took}; largest tensor {sizes[name]:.1f} MB")
    for name, one in others:
        each = [s / f for s, f in zip(first.seconds, one.seconds, strict=True)]
        said = first.over(one) if ratio is None else ratio(first.seconds, one.seconds)
        won = sum(value > 1 for value in each)
        print(
            f"{name}: {said:.2f} times as fast (rounds: {min(each):.2f} to {max(each):.2f}, faster"
            f" in {won} of {rounds}); largest tensor {sizes[name]:.1f} MB"
        )


def apart(one: Tensor, other: Tensor) -> float:
    """Return the largest difference of two tensors, as a share of the first's largest value."""
    return float((one - other).abs().max() / one.abs().max())


def prove(forms: Mapping[str, Callable[..., Tensor]], *given: Any) -> None:
    """Print how far the forms of a computation are `apart` from the first, in both precisions.

    Args:
        forms: under their names.
        given: what each is called with; tensors and modules, float32, become float64 in a copy.
    """
    doubled = [
        copy.deepcopy(one).double() if isinstance(one, Tensor | nn.Module) else one for one in given
    ]
    first, *others = forms
    for name in others:
        found = (
            apart(forms[first](*given), forms[name](*given)),
            apart(forms[first](*doubled), forms[name](*doubled)),
        )
        print(f"{name}: {found[0]:.0e} apart in float32, {found[1]:.0e} in float64")
