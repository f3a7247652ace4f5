"""What an experiment runs on and with."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal, get_args

from rcrlib.data import folder_name
from rcrlib.errors import OptionError
from rcrlib.metrics import get_protocol

GeneratorForm = Literal["residual", "paper"]
"""What FGPLG answers with: what to add to the warped labels, or the label itself (paper)."""

KEPT_LABELS = Path("kept-labels")
"""Stands for a cell's own kept labels, taken as images, in place of a set of images."""

FREE = ("name", "out", "seeds", "seed", "l", "m", "only", "shard", "protocol", "device", "workers",
        "processes")  # fmt: skip
"""What may differ between two commands that work in one folder: their steps differ then, or are
the same whatever it is."""


@dataclass(frozen=True)
class ExperimentConfig:
    """Options of an experiment; see `rcr experiment NAME --help`.

    Raises:
        OptionError: an option is out of its range.
    """

    name: str
    """One of `rcrlib.experiments.EXPERIMENTS`."""

    out: Path = Path("rcr-experiments")
    """Where steps, cells and tables go; experiments share what they have in common there."""

    data: Path | None = None
    """A set of videos; None makes the synthetic one."""

    layout: str = "auto"

    tests: tuple[Path, ...] = ()
    """Sets to judge on; none judges on the held-out part of `data`."""

    images: Path | None = None
    """A set of images for stage 1, as the paper has (MSRA-B and HKU-IS). None generates one where
    the videos are generated, too; where they are given, it is as `KEPT_LABELS`, with which each
    cell's stage 1 learns from the cell's own kept labels."""

    start: Path | None = None
    """Weights of stage 1, instead of training it."""

    generator: GeneratorForm = "residual"
    """FGPLG's form: what to add to the warped labels ("residual"), or the paper's (`"paper"`)."""

    preset: str = "tiny"
    size: int | None = None
    """Side of the square that frames are resized to; None is the preset's."""

    seeds: int = 3
    """Every cell is run with the seeds 0 to seeds - 1."""

    seed: tuple[int, ...] = ()
    """Only these of them, in this call; or others, and then these alone."""

    l: int | None = None
    m: int | None = None
    only: tuple[str, ...] = ()
    shard: str | None = None
    protocol: str = "paper"
    flow: str = "dis"
    flow_checkpoint: Path | None = None
    encoder: str | None = None
    steps: int | tuple[int, int, int] | None = None
    """Of every stage, or of stages 1, 2 and 3; None is the preset's."""

    device: str = "auto"
    precision: str = "auto"
    workers: int | None = None

    processes: int | None = None
    """How many take steps at the same time; None is two where the preset is `tiny`, whose networks
    keep one core busy and no more, on a CPU with two cores, else one."""

    def __post_init__(self) -> None:
        if self.seeds < 1:
            raise OptionError(f"seeds is {self.seeds}; it must be at least 1")
        if min(self.seed, default=0) < 0:
            raise OptionError(f"seed is {min(self.seed)}; it must be at least 0")
        if self.processes is not None and self.processes < 1:
            raise OptionError(f"processes is {self.processes}; it must be at least 1")
        if self.images is not None and self.start is not None:
            raise OptionError(
                f"--images {self.images} trains stage 1 and --start {self.start} replaces it;"
                " give one of them"
            )
        if self.generator not in get_args(GeneratorForm):
            known = " or ".join(get_args(GeneratorForm))
            raise OptionError(f"generator {self.generator!r}: unknown; use {known}")
        get_protocol(self.protocol)
        self.part()

    @property
    def wanted(self) -> tuple[int, ...]:
        """The seeds that belong into the table, whether this call runs them or not."""
        several = tuple(range(self.seeds))
        return several if set(self.seed) <= set(several) else self.seed

    @property
    def learns_from_kept_labels(self) -> bool:
        """Whether a cell's stage 1 learns from the cell's own kept labels."""
        given = self.images is not None or self.start is not None
        return self.images == KEPT_LABELS or (self.data is not None and not given)

    def part(self) -> tuple[int, int]:
        """Return which share of the cells to run, counted from 0, and of how many."""
        if self.shard is None:
            return 0, 1
        found = re.fullmatch(r"(\d+)/(\d+)", self.shard)
        number, of = (int(text) for text in found.groups()) if found else (0, 0)
        if not 1 <= number <= of:
            raise OptionError(f"shard {self.shard!r}: expected I/N with I from 1 to N, such as 1/2")
        return number - 1, of

    def fixed(self) -> dict[str, str]:
        """Return what must be the same for everything in one folder."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: _text(value) for name, value in values.items() if name not in FREE}

    def command(self) -> str:
        """Write the command that runs this; of paths it has the last part only."""
        words = ["rcr", "experiment", self.name]
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name in ("name", "out") or value == field.default:
                continue
            option = {"tests": "--test", "encoder": "--encoder-weights", "l": "-l", "m": "-m"}.get(
                field.name, f"--{field.name.replace('_', '-')}"
            )
            several = isinstance(value, tuple) and field.name != "steps"
            for one in value if several else (value,):
                words += [option, "/".join(map(str, one)) if isinstance(one, tuple) else _text(one)]
        return shlex.join(words)


def _text(value: Any) -> str:
    """Write a value as text; of a path its last part only, which is the same on every machine."""
    if isinstance(value, tuple):
        return ", ".join(map(_text, value))
    if isinstance(value, str) and value.startswith("precomputed:"):
        return f"precomputed:{Path(value.partition(':')[2]).name}"
    if isinstance(value, str) and Path(value).suffix in (".safetensors", ".pth"):
        value = Path(value)  # --encoder-weights takes a file or the name of a source
    return folder_name(value) if isinstance(value, Path) else str(value)
