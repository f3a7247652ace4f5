"""Reading files of weights, and refusing those that do not fit."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from rcrlib.errors import WeightsError, first_few
from rcrlib.models.files.pickled import foreign_objects

Tensors = dict[str, Tensor]
WRAPPERS = ("state_dict", "model_state_dict", "model", "network", "net")
"""Names under which a state dict usually lies, where a file holds several."""

NAMES_SHOWN = 5


class StateFile(NamedTuple):
    """What a file of weights holds."""

    tensors: Tensors
    metadata: dict[str, str]  # empty for .pth files, which have none


def read_state(path: Path) -> StateFile:
    """Read a `.safetensors` file, or anything else as a file of `torch.save`, onto the CPU.

    Pickled code is never run. A state dict may lie beside other content, under whatever name, and
    its names may all start with `module.` (what `DataParallel` leaves).

    Raises:
        WeightsError: there is no such file, it cannot be read, it holds Python objects beside its
            weights, or it holds no state dict.
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
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of old or unusual formats, beside our one line
            return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged file may fail anywhere in zip, pickle or torch
        if foreign := foreign_objects(path):
            raise WeightsError(
                f"{path}: holds Python objects beside its weights ({first_few(foreign)}), which"
                " could run any code and are not loaded; save its state dict alone where the file"
                " was made: torch.save(model.state_dict(), FILE)"
            ) from error
        raise _unreadable(path, error) from error


def _unwrap(path: Path, content: Any) -> Tensors:
    """Return the state dict in what a file holds, at whatever depth it lies."""
    keys = [str(key) for key, _ in _items(content)]
    while not _is_state_dict(content):
        inner = {key: value for key, value in _items(content) if _holds_state_dict(value)}
        usual = [key for key in WRAPPERS if key in inner]
        if len(inner) > 1 and not usual:
            names = first_few([str(key) for key in inner])
            raise WeightsError(
                f"{path}: holds several state dicts ({names}); save the one that is meant in a"
                " file of its own"
            )
        if not inner:
            found = f"the keys {first_few(keys)}" if keys else f"a {type(content).__name__}"
            raise WeightsError(
                f"{path}: holds no state dict (names with tensors; found {found}); give one that"
                " does"
            )
        content = inner[usual[0]] if usual else next(iter(inner.values()))
    if all(name.startswith("module.") for name in content):
        return {name.removeprefix("module."): tensor for name, tensor in content.items()}
    return dict(content)


def _is_state_dict(content: Any) -> bool:
    return (
        isinstance(content, Mapping)
        and len(content) > 0
        and all(isinstance(name, str) for name in content)
        and all(isinstance(value, Tensor) for value in content.values())
    )


def _holds_state_dict(content: Any) -> bool:
    """Tell whether something is a state dict, or one lies in it; deeper ones are an optimiser's."""
    return _is_state_dict(content) or any(_is_state_dict(part) for _, part in _items(content))


def _items(content: Any) -> list[tuple[Any, Any]]:
    return list(content.items()) if isinstance(content, Mapping) else []


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
