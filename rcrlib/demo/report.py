"""A demo's numbers: a table for the terminal, a page for a person, JSON for a program."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from rcrlib.data import Unit
from rcrlib.evaluation import PseudoQuality
from rcrlib.experiments import stored_results
from rcrlib.files import write_json, write_text

TITLES = ("(a) labels alone", "(b) labels + pseudo-labels", "(c) all true labels")


@dataclass(frozen=True)
class Row:
    """One network: what it learned from, and how good its maps are."""

    title: str
    scores: dict[str, float] | None
    """max_f, s, mae, frames ...; None where no labels were held back."""

    passes: float
    """How often stage 3 saw each of its clips."""


@dataclass(frozen=True)
class Report:
    """What a demo found, and everything that the numbers depend on."""

    data: str
    preset: str
    steps: str
    seed: int
    encoder: str
    images: str
    generator: str
    size: int
    flow: str
    l: int
    m: int
    unit: Unit
    kept: int
    annotated: int
    videos: int
    protocol: str
    rows: list[Row]
    pseudo: PseudoQuality | None
    before: str
    """What more seeds gave of the same, in a sentence; empty for data of one's own."""

    minutes: float
    machine: str
    version: str

    def table(self) -> str:
        """Return the numbers as a table of plain text."""
        lines = [self._heading(), "", f"{'':<34}{'max F':>7}{'S':>7}{'MAE':>7}{'passes':>8}"]
        lines += [_line(row) for row in self.rows]
        if self.pseudo is not None:
            p = self.pseudo
            lines += [
                "",
                f"pseudo-labels against the {p.frames} labels held back, mean IoU",
                f"  {'nearest label, copied':<32}{p.copied:7.3f}",
                f"  {'two labels, warped and averaged':<32}{p.warped:7.3f}",
                f"  {'FGPLG':<32}{p.generated:7.3f}",
            ]
        if gain := self._gain():
            lines += ["", gain]
        if self.before:
            lines += [self.before]
        return "\n".join(lines)

    def markdown(self) -> str:
        """Return the page that is left beside the pictures."""
        facts = {
            "data": self.data,
            "labels": f"{self.kept} of {self.annotated} kept (one in {self.l});"
            f" {self.m} pseudo-label(s) per interval, on {self.unit} frames",
            "stage 1 learns from": self.images,
            "FGPLG": self.generator,
            "preset": f"{self.preset}, {self.size}x{self.size} pixels, encoder from {self.encoder}",
            "steps of the three stages": self.steps,
            "flow": self.flow,
            "seed": str(self.seed),
            "time": f"{self.minutes:.1f} minutes on {self.machine}",
            "version": f"rcrlib {self.version}",
        }
        listed = "\n".join(f"- {name}: {value}" for name, value in facts.items())
        return (
            f"# Demo\n\n```\n{self.table()}\n```\n\n{listed}\n\n"
            f"One seed and a short training are an example, not a finding.\n\n"
            f"![{self.alt_text()}](sheet.png)\n"
        )

    def alt_text(self) -> str:
        """Describe the contact sheet in words and numbers."""
        quality = f" Pseudo-labels: mean IoU {self.pseudo.generated:.3f}." if self.pseudo else ""
        return (
            "Contact sheet: one row per frame with the frame, its optical flow, the warped labels,"
            f" the pseudo-label, the ground truth and the prediction.{quality}"
        )

    def _heading(self) -> str:
        scores = self.rows[0].scores
        if scores is None:
            return "no labels were held back: there is nothing to compare the maps with"
        videos = f"{self.videos} held-out video{'s' * (self.videos > 1)}"
        return f"{scores['frames']:.0f} frames of {videos}, protocol {self.protocol}"

    def _gain(self) -> str:
        """Say how much the pseudo-labels changed in this run."""
        first, second = (row.scores for row in self.rows[:2])
        if first is None or second is None:
            return ""
        said = (f"{second[k] - first[k]:+.3f} {n}" for k, n in (("max_f", "max F"), ("s", "S")))
        return f"(b) - (a), this run:     {', '.join(said)}"


def judged_before() -> str:
    """Say what the stored result of the demo says of more seeds; nothing where there is none."""
    result = stored_results().get("demo")
    if result is None or not result.pairs:
        return ""
    said, seeds = [], len({run.seed for run in result.runs})
    for key, title in (("max_f", "max F"), ("s", "S")):
        found = result.difference(result.pairs[0], result.tests[0], key)
        if found is None or found.low is None or found.high is None:
            return ""
        said.append(f"{found.mean:+.3f} ({found.low:+.3f} to {found.high:+.3f}) {title}")
    return f"(b) - (a), {seeds:>2} seeds:     {', '.join(said)}; 95 % intervals"


def write_report(report: Report, out: Path) -> None:
    """Write `report.md` and `report.json`."""
    write_text(out / "report.md", report.markdown())
    write_json(out / "report.json", asdict(report))


def _line(row: Row) -> str:
    if row.scores is None:
        return f"{row.title:<34}{'-':>7}{'-':>7}{'-':>7}{row.passes:8.1f}"
    numbers = "".join(f"{row.scores[key]:7.3f}" for key in ("max_f", "s", "mae"))
    return f"{row.title:<34}{numbers}{row.passes:8.1f}"
