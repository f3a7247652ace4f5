"""Reading files of weights, and refusing those that do not fit."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from rcrlib.errors import WeightsError

Tensors = dict[str, Tensor]
WRAPPERS = ("state_dict", "model")
NAMES_SHOWN = 5


class StateFile(NamedTuple):
    """What a file of weights holds."""

    tensors: Tensors
    metadata: dict[str, str]  # empty for .pth files, which have none


def read_state(path: Path) -> StateFile:
    """Read a `.safetensors` file, or anything else as a file of `torch.save`, onto the CPU.

    Pickled code is never run. A state dict may lie under "state_dict" or "model", and its names may
    all start with `module.` (what `DataParallel` leaves).

    Raises:
        WeightsError: there is no such file, it cannot be read, or it holds no state dict.
    """
    if not path.is_file():
        raise WeightsError(f"{path}: there is no such file; give a .safetensors or .pth file")
    if path.suffix == ".safetensors":
        return _read_safetensors(path)
    return StateFile(_unwrap(path, _read_pickle(path)), {})


def fit(path: Path, found: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> Tensors:
    """Return `found` in the data types of `expected`, once names and shapes are the same.

    Batch normalisation's step counters may be missing: old files have none, and they have no effect
    here.

    Raises:
        WeightsError: `found` does not fit; nothing has been loaded then.
    """
    counters = [name for name in expected if name.endswith(".num_batches_tracked")]
    found = {**{name: torch.tensor(0) for name in counters}, **found}
    missing = [name for name in expected if name not in found]
    unexpected = [name for name in found if name not in expected]
    misshapen = [
        f"{name} {_shape(found[name])} in place of {_shape(tensor)}"
        for name, tensor in expected.items()
        if name in found and found[name].shape != tensor.shape
    ]
    if missing or unexpected or misshapen:
        raise WeightsError(
            f"{path}: does not fit the network, so nothing was loaded:"
            f" missing {_list(missing)}; unexpected {_list(unexpected)};"
            f" of another shape {_list(misshapen)}; expected {len(expected)} entries,"
            " give the file of a network with this configuration"
        )
    return {name: found[name].to(tensor.dtype).contiguous() for name, tensor in expected.items()}


def _read_safetensors(path: Path) -> StateFile:
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            return StateFile(tensors, file.metadata() or {})
    except (SafetensorError, OSError) as error:
        raise _unreadable(path, error) from error


def _read_pickle(path: Path) -> Any:
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged file may fail anywhere in zip, pickle or torch
        raise _unreadable(path, error) from error


def _unwrap(path: Path, content: Any) -> Tensors:
    for wrapper in WRAPPERS:
        if isinstance(content, Mapping) and isinstance(content.get(wrapper), Mapping):
            content = content[wrapper]
    if not (
        isinstance(content, Mapping)
        and content
        and all(isinstance(name, str) for name in content)
        and all(isinstance(value, Tensor) for value in content.values())
    ):
        raise WeightsError(f"{path}: holds no state dict (names with tensors); give one that does")
    if all(name.startswith("module.") for name in content):
        return {name.removeprefix("module."): tensor for name, tensor in content.items()}
    return dict(content)


def _unreadable(path: Path, error: Exception) -> WeightsError:
    if isinstance(error, SafetensorError | OSError):
        reason = f"{type(error).__name__}: {error}"
    else:
        reason = "no weights file"  # torch's own text is long, and advises to load it unsafely
    return WeightsError(
        f"{path}: cannot be read as weights ({reason}); it may be damaged or of another kind:"
        " fetch it again"
    )


def _list(names: list[str]) -> str:
    """Return "0", or the number of `names` and the first few of them."""
    if not names:
        return "0"
    more = ", ..." if len(names) > NAMES_SHOWN else ""
    return f"{len(names)} ({', '.join(names[:NAMES_SHOWN])}{more})"


def _shape(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "scalar"
