"""Devices and precisions by name, and seeds."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

import torch

from rcrlib.errors import OptionError

Precision = Literal["32-true", "bf16-mixed", "16-mixed"]
_PRECISIONS: dict[str, Precision] = {"32": "32-true", "bf16": "bf16-mixed", "16": "16-mixed"}
_CPU_BF16 = {"avx512_bf16", "amx_bf16", "bf16"}  # the last is Arm's


def pick_device(name: str = "auto") -> torch.device:
    """Return a device by name: `auto` is the first CUDA GPU, else Apple's GPU, else the CPU.

    Raises:
        OptionError: the name is unknown, or the machine has no such device.
    """
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0)))
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    device: torch.device | None
    try:
        device = torch.device(name)
    except RuntimeError:
        device = None
    if device is None or device.type not in ("cpu", "cuda", "mps"):
        raise OptionError(f"device {name!r}: unknown; use auto, cpu, cuda, cuda:N or mps")
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise OptionError(f"device {name!r}: PyTorch finds no Apple GPU here; use --device cpu")
    if device.type == "cuda" and not torch.cuda.is_available():
        raise OptionError(f"device {name!r}: PyTorch finds no CUDA GPU here; use --device cpu")
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise OptionError(f"device {name!r}: this machine has {torch.cuda.device_count()} GPU(s)")
    return device


def pick_precision(name: str, device: torch.device) -> Precision:
    """Return Lightning Fabric's name of a precision: `auto`, `32`, `bf16` or `16`.

    `auto` is bf16 where the GPU computes in it, fp16 on older ones (Colab's T4), float32 elsewhere:
    on CPUs too, for whether bf16 pays there differs from one to the next (`rcr bench` shows it).

    Raises:
        OptionError: the name is unknown, or fp16 is asked for on a CPU.
    """
    if name == "auto":
        if device.type != "cuda":
            return "32-true"
        return "bf16-mixed" if computes_in_bf16(device) else "16-mixed"
    if name not in _PRECISIONS:
        raise OptionError(f"precision {name!r}: unknown; use auto, {', '.join(_PRECISIONS)}")
    if name == "16" and device.type == "cpu":
        raise OptionError("precision '16': fp16 needs a GPU; use 32 or bf16 on a CPU")
    return _PRECISIONS[name]


def computes_in_bf16(device: torch.device) -> bool:
    """Return whether a device has bf16 instructions, of a CPU as Linux lists its flags.

    PyTorch's own tests also count bf16 that is emulated, which is slower than fp16 and float32.
    """
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    return device.type == "cpu" and not _CPU_BF16.isdisjoint(_cpu_flags())


def _cpu_flags() -> set[str]:
    file = Path("/proc/cpuinfo")
    return set(file.read_text().split()) if file.exists() else set()


def autocast(device: torch.device, precision: Precision) -> torch.autocast:
    """Return the autocast context of a precision."""
    dtype = {"bf16-mixed": torch.bfloat16, "16-mixed": torch.float16}.get(precision)
    return torch.autocast(device.type, dtype=dtype, enabled=dtype is not None)


def inference_precision(
    device: torch.device, precision: Precision
) -> tuple[torch.dtype, torch.autocast]:
    """Return the type of weights and features in inference, and the autocast context around it.

    bf16 on a CPU needs no autocast, which would convert weights and features again at every layer.
    """
    if device.type == "cpu" and precision == "bf16-mixed":
        return torch.bfloat16, autocast(device, "32-true")
    return torch.float32, autocast(device, precision)


def free_memory(device: torch.device) -> int | None:
    """Return the free memory of a device in bytes, or None where the system does not say."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    file = Path("/proc/meminfo")
    if device.type != "cpu" or not file.exists():
        return None
    return int(file.read_text().split("MemAvailable:")[1].split()[0]) * 1024


def mix_seed(*parts: int) -> int:
    """Mix integers into one well-spread 63-bit seed (the finaliser of SplitMix64, part by part)."""
    state = 0
    for part in parts:
        state = (state + 0x9E3779B97F4A7C15 + part) & 0xFFFFFFFFFFFFFFFF
        state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
        state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & 0xFFFFFFFFFFFFFFFF
        state ^= state >> 31
    return state >> 1
