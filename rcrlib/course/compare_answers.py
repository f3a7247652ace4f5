"""Whether two answers agree, and if not, where: in words that a student can act on."""

from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

TOLERANCE = {torch.float32: (1e-4, 1e-5), torch.float64: (1e-8, 1e-10)}
"""Relative and absolute; another order of summation stays within, another formula does not."""


def difference(expected: Any, got: Any) -> tuple[str, str] | None:
    """Say what was expected and what was found instead; None where the answers agree.

    Tensors and arrays agree in shape, type and values (see `TOLERANCE`); tuples and lists in length
    and in each part; plain numbers as if they were float64, everything else by `==`.
    """
    if isinstance(expected, (tuple, list)):
        return _difference_of_parts(expected, got)
    if isinstance(expected, np.ndarray) and isinstance(got, np.ndarray):
        return difference(torch.as_tensor(expected), torch.as_tensor(got))
    if isinstance(expected, Tensor):
        return _difference_of_tensors(expected, got)
    if isinstance(expected, (bool, str)) or not isinstance(expected, (int, float)):
        agree = type(got) is type(expected) and bool(got == expected)
        return None if agree else (describe(expected), describe(got))
    if isinstance(got, (Tensor, np.ndarray, np.generic)) and np.prod(got.shape) == 1:
        got = got.item()  # a number in a tensor's clothes is a number
    if isinstance(got, bool) or not isinstance(got, (int, float)):
        return describe(expected), describe(got)
    close = math.isclose(expected, got, rel_tol=1e-6, abs_tol=1e-9)
    return None if close or expected == got else (f"{expected:.6g}", f"{got:.6g}")


def _difference_of_parts(expected: Any, got: Any) -> tuple[str, str] | None:
    count = len(expected)
    if not isinstance(got, (tuple, list)) or len(got) != count:
        return f"{count} values", describe(got)
    for index, (one, other) in enumerate(zip(expected, got, strict=True)):
        found = difference(one, other)
        if found is not None:
            place = f"value {index + 1} of {count}: "
            return place + found[0], place + found[1]
    return None


def _difference_of_tensors(expected: Tensor, got: Any) -> tuple[str, str] | None:
    if not isinstance(got, Tensor):
        return describe(expected), describe(got)
    if expected.shape != got.shape:
        return f"shape {tuple(expected.shape)}", f"shape {tuple(got.shape)}"
    if expected.dtype != got.dtype:
        return f"type {_plain(expected.dtype)}, as the input's", f"type {_plain(got.dtype)}"
    expected, got = expected.detach().cpu(), got.detach().cpu()
    rtol, atol = TOLERANCE.get(expected.dtype, (0.0, 0.0))
    wrong = ~torch.isclose(got, expected, rtol=rtol, atol=atol, equal_nan=True)
    if not wrong.any():
        return None
    # The place where it is most wrong tells more than the first one.
    error = torch.where(wrong, (got.double() - expected.double()).abs().nan_to_num(torch.inf), -1.0)
    place = tuple(int(index) for index in np.unravel_index(int(error.argmax()), error.shape))
    at = f" at [{', '.join(map(str, place))}]" if place else ""
    share = f" ({100 * float(wrong.double().mean()):.0f} % of the values differ)"
    return f"{_number(expected[place])}{at}", f"{_number(got[place])}{share if place else ''}"


def _number(value: Tensor) -> str:
    plain = value.item()
    return f"{plain:.5g}" if isinstance(plain, float) else str(plain)


def _plain(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def describe(value: Any) -> str:
    """Say in a few words what a value is."""
    if isinstance(value, Tensor):
        return f"a tensor of shape {tuple(value.shape)}, {_plain(value.dtype)}"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}, {value.dtype}"
    if isinstance(value, (tuple, list)):
        return f"{len(value)} values: {', '.join(describe(part) for part in value[:4])}"
    if isinstance(value, str):
        return value
    if value is None:
        return "None: is a `return` missing?"
    text = repr(value)
    return text if len(text) <= 60 else f"a {type(value).__name__}"


def snapshot(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """Copy a call's arguments, so that a function that writes into them harms nobody."""
    return copy.deepcopy(arguments)


def changed(before: tuple[Any, ...], after: tuple[Any, ...]) -> int | None:
    """Return the position of the first tensor or array that was written into, or None."""
    for index, (one, other) in enumerate(zip(before, after, strict=True)):
        if isinstance(one, (Tensor, np.ndarray)) and difference(one, other) is not None:
            return index
    return None
