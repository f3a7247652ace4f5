"""The folder of a training run, and resuming one that was killed.

A run folder holds `rcr.json` (what was asked for), `metrics.jsonl` (a line per step),
`checkpoint.pt` (everything needed to go on) and, at the end, `model.safetensors`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict

import torch
from torch import Tensor

from rcrlib.errors import OptionError
from rcrlib.files import (
    RECORD,
    atomic_file,
    check_output,
    full_disk_names,
    remove_partial,
    write_json,
)

COMMAND = "train"
"""What the record of a run folder says wrote it."""

MAY_CHANGE = ("device", "workers", "checkpoint_every")
"""Settings that a resumed run may change. Another device rounds differently, the rest changes
nothing."""


class Checkpoint(TypedDict):
    """All of a run's state between two steps."""

    network: dict[str, Tensor]
    optimiser: dict[str, Any]
    scaler: dict[str, Any]
    """The gradient scaler's, empty unless the precision is fp16."""
    step: int
    """Steps done. It is the sampler's position too: what a step sees follows from its number."""
    random: dict[str, Tensor]
    """The random generators' states, by device: (processes, bytes)."""
    settings: dict[str, Any]


@dataclass(frozen=True)
class RunFolder:
    """The files of a training run, and the checks before a folder is resumed or replaced."""

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

    def open(self, settings: dict[str, Any], *, resume: bool, force: bool) -> bool:
        """Make the folder for a new run, or resume the run in it; return whether it resumes one.

        Args:
            settings: everything that defines the run; compared where there is one, else kept.
            resume: go on with the run in the folder, if there is one.
            force: start over where there is one.

        Raises:
            OptionError: the folder holds something else, or a run and neither `resume` nor `force`
                is given, or the run in it was started with other settings.
        """
        if resume and (self.path / RECORD).is_file():
            self._check(settings)
            remove_partial(self.path)  # what a kill left half written
            return True
        try:
            check_output(self.path, force=force)
        except OptionError as error:
            hint = " (--resume goes on with the run in it)" if self.checkpoint.is_file() else ""
            raise OptionError(f"{error}{hint}") from None
        if (self.path / RECORD).is_file():
            self._record()
        for old in (self.weights, self.checkpoint, self.metrics):
            old.unlink(missing_ok=True)
        remove_partial(self.path)
        write_json(self.path / RECORD, settings)
        return False

    def save(self, checkpoint: Checkpoint) -> None:
        """Write the checkpoint; where that fails, the previous one stays."""
        # Through Python's file: PyTorch's own writer would hide that the disk is full.
        with atomic_file(self.checkpoint) as temporary, temporary.open("wb") as file:
            torch.save(checkpoint, file)

    def load(self) -> Checkpoint | None:
        """Read the checkpoint; None when the run was stopped before its first one.

        Raises:
            OptionError: the file is damaged.
        """
        if not self.checkpoint.is_file():
            return None
        try:
            checkpoint = torch.load(self.checkpoint, map_location="cpu", weights_only=True)
            whole = checkpoint.keys() == Checkpoint.__annotations__.keys()
        except Exception:  # there is no end to what reading damaged bytes may raise
            whole = False
        if not whole:
            raise OptionError(f"{self.checkpoint}: is damaged; start over with --force")
        return checkpoint

    def add_metrics(self, row: dict[str, float]) -> None:
        """Append a step's metrics."""
        with full_disk_names(self.metrics), self.metrics.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")

    def trim_metrics(self, step: int) -> None:
        """Remove the metrics of steps after `step`, which are about to be run again."""
        if not self.metrics.is_file():
            return
        lines = self.metrics.read_text(encoding="utf-8").splitlines(keepends=True)
        with atomic_file(self.metrics) as temporary:
            temporary.write_text("".join(lines[:step]), encoding="utf-8")

    def _record(self) -> dict[str, Any]:
        """Read the settings of the run in this folder; `OptionError` where it holds none."""
        file = self.path / RECORD
        try:
            stored = json.loads(file.read_text(encoding="utf-8"))
            ours = stored["command"] == COMMAND
        except (ValueError, KeyError, TypeError):
            ours = False
        if not ours:
            raise OptionError(f"{file}: is not that of a training run; name another folder")
        return stored

    def _check(self, settings: dict[str, Any]) -> None:
        """Raise `OptionError` when the run in this folder was started with other settings."""
        before = _flat(self._record())
        now = _flat(json.loads(json.dumps(settings, default=str)))
        changed = sorted(
            f"{name}: {before.get(name)!r} -> {now.get(name)!r}"
            for name in before.keys() | now.keys()
            if name not in MAY_CHANGE and before.get(name) != now.get(name)
        )
        if changed:
            raise OptionError(
                f"{self.path}: was started with other settings ({'; '.join(changed)});"
                " resume with the same ones, or start over with --force"
            )


def _flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Flatten nested settings: {"ner": {"softmax": x}} -> {"ner.softmax": x}."""
    flat: dict[str, Any] = {}
    for name, value in settings.items():
        inner = isinstance(value, dict)
        flat |= _flat(value, f"{prefix}{name}.") if inner else {f"{prefix}{name}": value}
    return flat
