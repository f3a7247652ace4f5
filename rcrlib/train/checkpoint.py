"""The folder of a training run, and going on after a kill.

A run folder holds `rcr.json` (what was asked for), `metrics.jsonl` (a line per step),
`checkpoint.pt` (everything needed to go on) and, at the end, `model.safetensors`.
"""

from __future__ import annotations

import json
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict

import torch
from torch import Tensor

from rcrlib.errors import OptionError
from rcrlib.files import RECORD, atomic_file, check_output, write_json

FREE = ("device", "workers", "checkpoint_every")
"""Settings that a resumed run may change: they do not enter the result."""


class Checkpoint(TypedDict):
    """All of a run's state between two steps."""

    network: dict[str, Tensor]
    optimiser: dict[str, Any]
    scaler: dict[str, Any]
    step: int
    random: dict[str, Tensor]
    sampler: dict[str, int]
    settings: dict[str, Any]


@dataclass(frozen=True)
class RunFolder:
    """Paths of a run, and what may be done with a folder that exists."""

    path: Path

    @property
    def checkpoint(self) -> Path:
        """The state after the last checkpointed step."""
        return self.path / "checkpoint.pt"

    @property
    def metrics(self) -> Path:
        """One JSON line per step."""
        return self.path / "metrics.jsonl"

    @property
    def weights(self) -> Path:
        """The trained network; there once the run is finished."""
        return self.path / "model.safetensors"

    def start(self, settings: dict[str, Any], *, force: bool) -> None:
        """Make the folder for a new run.

        Raises:
            OptionError: it holds something, and `force` is not given or it is not a run of ours.
        """
        try:
            check_output(self.path, force=force)
        except OptionError as error:
            hint = " (--resume goes on with the run in it)" if self.checkpoint.is_file() else ""
            raise OptionError(f"{error}{hint}") from None
        for old in (self.weights, self.checkpoint, self.metrics):
            old.unlink(missing_ok=True)
        write_json(self.path / RECORD, settings)

    def check_settings(self, settings: dict[str, Any]) -> None:
        """Raise `OptionError` when the run in this folder was started with other settings."""
        file = self.path / RECORD
        try:
            stored = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise OptionError(f"{file}: cannot be read; start over with --force") from None
        changed = sorted(
            f"{name}: {stored.get(name)!r} -> {settings.get(name)!r}"
            for name in stored.keys() | settings.keys()
            if name not in FREE and stored.get(name) != json.loads(json.dumps(settings.get(name)))
        )
        if changed:
            raise OptionError(
                f"{self.path}: was started with other settings ({'; '.join(changed)});"
                " resume with the same ones, or start over with --force"
            )

    def save(self, checkpoint: Checkpoint) -> None:
        """Write the checkpoint, atomically."""
        with atomic_file(self.checkpoint) as temporary:
            torch.save(checkpoint, temporary)

    def load(self) -> Checkpoint | None:
        """Read the checkpoint; None when the run was stopped before its first one.

        Raises:
            OptionError: the file is damaged.
        """
        if not self.checkpoint.is_file():
            return None
        try:
            return torch.load(self.checkpoint, map_location="cpu", weights_only=True)
        except (RuntimeError, OSError, EOFError, ValueError, pickle.UnpicklingError) as error:
            raise OptionError(
                f"{self.checkpoint}: damaged ({type(error).__name__}); start over with --force"
            ) from None

    def trim_metrics(self, step: int) -> None:
        """Forget the metrics of steps after `step`: they are about to be run again."""
        if not self.metrics.is_file():
            return
        lines = self.metrics.read_text(encoding="utf-8").splitlines(keepends=True)
        with atomic_file(self.metrics) as temporary:
            temporary.write_text("".join(lines[:step]), encoding="utf-8")
