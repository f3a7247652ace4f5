"""What a computation costs, for students to measure: its time and its largest tensor."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode


def seconds(work: Callable[..., Any], *arguments: Any, repeats: int = 3) -> float:
    """Return the wall time of `work(*arguments)`: the shortest of a few runs.

    What else runs on the machine only ever adds to a time.
    """
    took = []
    for _ in range(repeats):
        began = time.perf_counter()
        work(*arguments)
        took.append(time.perf_counter() - began)
    return min(took)


def largest_tensor(work: Callable[..., Any], *arguments: Any) -> int:
    """Return the bytes of the largest tensor that any operation makes during `work(*arguments)`.

    Counted, not measured: the same on every machine.
    """
    with _Largest() as largest:
        work(*arguments)
    return largest.size


class _Largest(TorchDispatchMode):
    """Record the size of every tensor that an operation of PyTorch's makes."""

    size = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        for one in made if isinstance(made, (tuple, list)) else (made,):
            if isinstance(one, Tensor):
                self.size = max(self.size, one.untyped_storage().nbytes())
        return made
