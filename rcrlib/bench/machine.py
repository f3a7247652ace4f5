"""The machine of a measurement, and how fast it multiplies matrices."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Any

import torch

from rcrlib import __version__

MATMUL = {"cpu": 2048, "mps": 4096, "cuda": 8192}
"""Side of the matrices whose product shows what a device can do."""


def machine(device: torch.device | str = "cpu") -> dict[str, Any]:
    """Describe this machine, the versions in use and its load."""
    device = torch.device(device)
    return {
        "device": device_name(device),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "system": platform.system(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "rcrlib": __version__,
    }


def device_name(device: torch.device) -> str:
    """Name the GPU or the processor."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else _processor()


def synchronise(device: torch.device) -> None:
    """Wait for all work that was queued on the device."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def large_matmul(device: torch.device, dtype: torch.dtype) -> tuple[torch.Tensor, float]:
    """Return a matrix to multiply by itself, and the floating-point operations of the product."""
    side = MATMUL[device.type]
    return torch.randn(side, side, device=device, dtype=dtype), 2.0 * side**3


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
