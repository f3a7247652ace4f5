"""The folder of a training run, and resuming one that was killed.

A run folder holds `rcr.json` (what was asked for), `metrics.jsonl` (a line per step),
`checkpoint.pt` (everything needed to go on) and, at the end, `model.safetensors`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict

import torch
from torch import Tensor

from rcrlib.errors import OptionError, first_few
from rcrlib.files import atomic_file, full_disk_names, remove_partial
from rcrlib.models import foreign_objects
from rcrlib.work_folder import WorkFolder

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
        folder = WorkFolder(self.path, COMMAND, "a training run", MAY_CHANGE)
        if resume and folder.begun:
            folder.check(settings, "resume with the same ones, or start over with --force")
            remove_partial(self.path)  # what a kill left half written
            return True
        try:
            folder.begin(settings, force=force)
        except OptionError as error:
            hint = " (--resume goes on with the run in it)" if self.checkpoint.is_file() else ""
            raise OptionError(f"{error}{hint}") from None
        remove_partial(self.path)
        return False

    def save(self, checkpoint: Checkpoint) -> None:
        """Write the checkpoint; where that fails, the previous one stays."""
        # Through Python's file: PyTorch's own writer would hide that the disk is full.
        with atomic_file(self.checkpoint) as temporary, temporary.open("wb") as file:
            torch.save(checkpoint, file)

    def load(self) -> Checkpoint | None:
        """Read the checkpoint; None when the run was stopped before its first one.

        Raises:
            OptionError: the file is damaged, or holds Python objects.
        """
        if not self.checkpoint.is_file():
            return None
        try:
            checkpoint = torch.load(self.checkpoint, map_location="cpu", weights_only=True)
            whole = checkpoint.keys() == Checkpoint.__annotations__.keys()
        except Exception:  # there is no end to what reading damaged bytes may raise
            whole = False
            if foreign := foreign_objects(self.checkpoint):
                raise OptionError(
                    f"{self.checkpoint}: is no checkpoint of rcr: it holds Python objects"
                    f" ({first_few(foreign)}), which are not loaded; start over with --force"
                ) from None
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
