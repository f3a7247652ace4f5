"""What a check says, as text for a terminal and as HTML for a notebook."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from html import escape

from rcrlib.errors import RcrError
from rcrlib.show import PALETTE

Lines = tuple[tuple[str, str], ...]
"""What is said, in order: (label, text), such as ("expected", "0.41 at [0, 1]")."""


class Outcome(Enum):
    """How a check ends; the value is what the student reads."""

    NOT_ATTEMPTED = "NOT ATTEMPTED"
    NOT_YET = "NOT YET"
    CRASHED = "CRASHED IN YOUR CODE"
    PASSED = "PASSED"


LOOKS = {
    Outcome.NOT_ATTEMPTED: ("○", "#6b6b6b"),
    Outcome.NOT_YET: ("△", PALETTE[1]),
    Outcome.CRASHED: ("✕", PALETTE[1]),
    Outcome.PASSED: ("✓", PALETTE[2]),
}
"""A sign and a colour for each: the colour is never the only signal."""


class NotPassed(RcrError):
    """A check that had to end otherwise (`RCR_STRICT`)."""


@dataclass(frozen=True)
class Result:
    """How a check of one exercise ended, and what the student is told."""

    exercise: str
    outcome: Outcome
    lines: Lines = ()
    mistake: str | None = None
    """Name of the known mistake that the answer agrees with."""

    @property
    def passed(self) -> bool:
        """Tell whether everything holds."""
        return self.outcome is Outcome.PASSED

    def said(self, label: str) -> str | None:
        """Return what is said under a label, or None."""
        return dict(self.lines).get(label)

    def __str__(self) -> str:
        sign, _ = LOOKS[self.outcome]
        width = max((len(label) for label, _ in self.lines), default=0)
        rows = [f"  {label:<{width}}  {text}" for label, text in self.lines]
        return "\n".join([f"{sign} {self.exercise}: {self.outcome.value}", *rows])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """Return the same for a notebook: a box with the outcome in words, a sign and a colour."""
        sign, colour = LOOKS[self.outcome]
        rows = "".join(
            f"<tr><td style='text-align:left;vertical-align:top;opacity:.75'>{escape(label)}</td>"
            f"<td style='text-align:left;white-space:pre-wrap'>{escape(text)}</td></tr>"
            for label, text in self.lines
        )
        return (
            f"<div role='status' style='border-left:5px solid {colour};padding:.3em .9em'>"
            f"<b>{sign} <code>{escape(self.exercise)}</code>: {self.outcome.value}</b>"
            f"{f'<table>{rows}</table>' if rows else ''}</div>"
        )
