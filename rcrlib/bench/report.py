"""A benchmark's result: what was measured where, as a table for people and as JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rcrlib.files import write_json


@dataclass(frozen=True)
class Report:
    """Rows of a benchmark and what they were measured on.

    Attributes:
        title: what was measured, with what.
        machine: of `rcrlib.bench.machine`.
        rows: one dict per variant. Their keys are the table's columns, in the order of their first
            use; lists and dicts are for the JSON file only.
        notes: lines below the table.
    """

    title: str
    machine: dict[str, Any]
    rows: list[dict[str, Any]]
    notes: list[str] = field(default_factory=list)

    def table(self) -> str:
        """Write the report for a terminal."""
        columns = list(dict.fromkeys(key for row in self.rows for key in row))
        hidden = {k for row in self.rows for k, v in row.items() if isinstance(v, list | dict)}
        columns = [column for column in columns if column not in hidden]
        cells = [columns, *([_cell(row.get(column)) for column in columns] for row in self.rows)]
        widths = [max(len(row[i]) for row in cells) for i in range(len(columns))]
        aligned = [
            "  ".join(
                c.ljust(w) if i == 0 else c.rjust(w)
                for i, (c, w) in enumerate(zip(row, widths, strict=True))
            )
            for row in cells
        ]
        facts = ", ".join(f"{name} {value}" for name, value in self.machine.items())
        return "\n".join(
            [self.title, facts, "", *aligned, *(["", *self.notes] if self.notes else [])]
        )

    def save(self, path: str | Path) -> None:
        """Write the report as JSON."""
        write_json(path, asdict(self))


def _cell(value: Any) -> str:
    """Format a number with four significant digits, and what is missing as nothing."""
    if value is None:
        return ""
    return (
        f"{value:.4g}"
        if isinstance(value, float) and abs(value) < 1000
        else (f"{value:.0f}" if isinstance(value, float) else str(value))
    )
