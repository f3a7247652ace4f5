"""Answers as JSON: numbers, words, tensors, arrays, and tuples of them; nothing that can run."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import torch
from torch import Tensor

MOST = 64 * 2**20
"""Bytes of one answer; checks draw small inputs."""

DTYPES = ("float16", "float32", "float64", "int8", "uint8", "int16", "int32", "int64", "bool")


class Foreign:
    """An answer of a kind that no check expects; only its description came back."""

    def __init__(self, description: str) -> None:
        self.description = description

    def __repr__(self) -> str:
        return self.description


def encode(value: Any) -> Any:
    """Encode a value as what JSON holds."""
    if isinstance(value, Tensor):
        value = value.detach().cpu()
        if value.dtype == torch.bfloat16:
            return {"foreign": "a tensor of bfloat16"}
        return {"tensor": _array(value.contiguous().numpy())}
    if isinstance(value, np.ndarray):
        return {"array": _array(value)}
    if isinstance(value, (tuple, list)):
        return {type(value).__name__: [encode(part) for part in value]}
    if value is Ellipsis:
        return {"ellipsis": True}
    if value is None or isinstance(value, (bool, int, float, str)):
        return {"plain": value}
    if isinstance(value, np.generic):
        return {"plain": value.item()}
    return {"foreign": f"a {type(value).__name__}"}


def _array(value: np.ndarray) -> dict[str, Any]:
    data = base64.b64encode(np.ascontiguousarray(value).tobytes()).decode()
    return {"dtype": str(value.dtype), "shape": list(value.shape), "data": data}


def decode(encoded: Any) -> Any:
    """Decode what `encode` made of a value.

    Raises:
        ValueError: it was not made by `encode`.
    """
    if not isinstance(encoded, dict) or len(encoded) != 1:
        raise ValueError("not an encoded value")
    kind, content = next(iter(encoded.items()))
    if kind in ("tensor", "array"):
        if content["dtype"] not in DTYPES:
            raise ValueError(f"unknown type {content['dtype']!r}")
        data = np.frombuffer(base64.b64decode(content["data"]), content["dtype"]).copy()
        array = data.reshape([int(side) for side in content["shape"]])
        return torch.from_numpy(array) if kind == "tensor" else array
    if kind in ("tuple", "list"):
        parts = [decode(part) for part in content]
        return tuple(parts) if kind == "tuple" else parts
    if kind == "ellipsis":
        return Ellipsis
    if kind == "plain" and (content is None or isinstance(content, (bool, int, float, str))):
        return content
    if kind == "foreign":
        return Foreign(str(content)[:200])
    raise ValueError(f"unknown kind {kind!r}")
