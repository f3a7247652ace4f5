"""When a folder may be begun, resumed or replaced: one rule for runs, experiments and the demo.

A folder in which work goes on over several calls carries a record of what it was begun with,
`rcr.json`. A call with the same settings may resume it; one with others is told what differs. Only
what carries such a record is ever replaced. (What is written in one go, whole or not at all, is
`rcrlib.files.output_folder`.)
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rcrlib.errors import OptionError
from rcrlib.files import RECORD, check_output, write_json


@dataclass(frozen=True)
class WorkFolder:
    """A folder in which work goes on over several calls."""

    path: Path

    command: str
    """What the record says wrote it, such as "train"."""

    what: str
    """The same for a person, such as "a training run"."""

    free: tuple[str, ...] = ()
    """Settings that a call which resumes the work may change."""

    @property
    def begun(self) -> bool:
        """Whether the folder carries a record."""
        return (self.path / RECORD).is_file()

    def begin(self, settings: Mapping[str, Any], *, force: bool = False) -> None:
        """Write the record into a folder that is free, or that `force` replaces.

        Raises:
            OptionError: the folder holds something else, or work and `force` is not given.
        """
        check_output(self.path, force=force)
        if self.begun:
            self._record()
            for entry in self.path.iterdir():
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        write_json(self.path / RECORD, {"command": self.command, **settings})

    def check(self, settings: Mapping[str, Any], remedy: str) -> None:
        """Raise `OptionError` where the work in the folder was begun with other settings.

        Args:
            settings: what it is to go on with.
            remedy: what a person can do; ends the message.
        """
        before = _flat(self._record())
        now = _flat(json.loads(json.dumps({"command": self.command, **settings}, default=str)))
        changed = [
            f"{name}: {before.get(name)!r} -> {now.get(name)!r}"
            for name in sorted(before.keys() | now.keys())
            if name not in self.free and before.get(name) != now.get(name)
        ]
        if changed:
            raise OptionError(
                f"{self.path}: was started with other settings ({'; '.join(changed)}); {remedy}"
            )

    def _record(self) -> dict[str, Any]:
        """Read the record; `OptionError` where it is not that of such work."""
        file = self.path / RECORD
        try:
            stored = json.loads(file.read_text(encoding="utf-8"))
            ours = stored["command"] == self.command
        except (OSError, ValueError, KeyError, TypeError):
            ours = False
        if not ours:
            raise OptionError(f"{file}: is not that of {self.what}; name another folder")
        return stored


def _flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested settings with one name each: {"ner": {"x": 1}} -> {"ner.x": 1}."""
    flat: dict[str, Any] = {}
    for name, value in settings.items():
        inner = isinstance(value, dict)
        flat |= _flat(value, f"{prefix}{name}.") if inner else {f"{prefix}{name}": value}
    return flat
