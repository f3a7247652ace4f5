"""Where a number comes from: command, commit, machine."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import torch

import rcrlib
from rcrlib.bench import machine
from rcrlib.runtime import pick_device


@dataclass(frozen=True)
class Origin:
    """What made a number, but for the seed, which is the step's."""

    command: str
    commit: str
    """Of the code; "-" where it is not in a repository, with "+" where files were changed."""

    version: str
    machine: str
    """Processor or GPU, and the number of cores."""

    threads: int
    software: str
    """Versions of Python and PyTorch."""


def origin(command: str, device: str) -> Origin:
    """Describe this process."""
    facts = machine(pick_device(device))
    cores = "" if facts["device"] != facts["processor"] else f", {facts['cores']} cores"
    return Origin(
        command=command, commit=commit(), version=f"rcrlib {rcrlib.__version__}",
        machine=f"{facts['device']}{cores}", threads=torch.get_num_threads(),
        software=f"Python {facts['python']}, PyTorch {facts['torch']}",
    )  # fmt: skip


@lru_cache(maxsize=1)
def commit() -> str:
    """Return the short commit of this package's code, if it lies in a git repository of its own."""
    root = Path(rcrlib.__file__).parents[1]
    if not (root / ".git").exists():
        return "-"
    head = _git(root, "rev-parse", "--short=12", "HEAD")
    changed = _git(root, "status", "--porcelain", "--untracked-files=no", "--", "rcrlib")
    return "-" if head is None else head + ("+" if changed else "")


def _git(root: Path, *words: str) -> str | None:
    """Ask git; None where there is no git or it refuses."""
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *words], capture_output=True, text=True, timeout=20, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
