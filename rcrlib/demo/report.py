"""A demo's numbers: a table for the terminal, a page for a person, JSON for a program."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rcrlib.data import Dataset, Unit
from rcrlib.evaluation import PseudoQuality, evaluate_saliency
from rcrlib.files import atomic_file, write_json
from rcrlib.metrics import SaliencyResult


@dataclass(frozen=True)
class Report:
    """What a demo found, and everything that the numbers depend on."""

    data: str
    preset: str
    steps: str
    seed: int
    encoder: str
    size: int
    flow: str
    l: int
    m: int
    unit: Unit
    kept: int
    annotated: int
    labels_alone: SaliencyResult | None
    with_pseudo: SaliencyResult | None
    pseudo: PseudoQuality | None
    minutes: float
    machine: str
    version: str

    def table(self) -> str:
        """Give the numbers as a table of plain text."""
        lines = [
            self._heading(),
            "",
            f"{'':<34}{'max F':>7}{'S':>7}{'MAE':>7}",
            _row("(a) labels alone", self.labels_alone),
            _row("(b) labels + pseudo-labels", self.with_pseudo),
        ]
        if self.pseudo is not None:
            p = self.pseudo
            lines += [
                "",
                f"pseudo-labels against the {p.frames} labels held back, mean IoU",
                f"  {'nearest label, copied':<32}{p.copied:7.3f}",
                f"  {'two labels, warped and averaged':<32}{p.warped:7.3f}",
                f"  {'FGPLG':<32}{p.generated:7.3f}",
            ]
        return "\n".join(lines)

    def markdown(self) -> str:
        """Give the page that is left beside the pictures."""
        facts = {
            "data": self.data,
            "labels": f"{self.kept} of {self.annotated} kept (one in {self.l});"
            f" {self.m} pseudo-label(s) per interval, on {self.unit} frames",
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
            f"One seed and a short training: the difference between (a) and (b) is an example, not"
            f" a finding.\n\n![{self.alt_text()}](sheet.png)\n"
        )

    def alt_text(self) -> str:
        """Describe the contact sheet in words and numbers."""
        quality = f" Pseudo-labels: mean IoU {self.pseudo.generated:.3f}." if self.pseudo else ""
        return (
            "Contact sheet: one row per frame with the frame, its optical flow, the warped labels,"
            f" the pseudo-label, the ground truth and the prediction.{quality}"
        )

    def content(self) -> dict[str, Any]:
        """Give everything as plain values, for JSON."""
        plain = {name: value for name, value in vars(self).items() if _is_plain(value)}
        results = {"labels_alone": self.labels_alone, "with_pseudo": self.with_pseudo}
        scores = {name: _scores(result) for name, result in results.items()}
        return {**plain, **scores, "pseudo": vars(self.pseudo) if self.pseudo else None}

    def _heading(self) -> str:
        result = self.with_pseudo or self.labels_alone
        if result is None:
            return "no labels were held back: there is nothing to compare the maps with"
        return f"{result.frames} held-out frames, protocol {result.protocol}"


def judge_maps(dataset: Dataset, maps: Path) -> SaliencyResult | None:
    """Score `maps/VIDEO/FRAME.png` on labelled frames, protocol `paper`; None without labels."""
    if not any(video.annotated for video in dataset):
        return None
    return evaluate_saliency(dataset, maps, weighted=False).result


def write_report(report: Report, out: Path) -> None:
    """Write `report.md` and `report.json`."""
    with atomic_file(out / "report.md") as temporary:
        temporary.write_text(report.markdown(), encoding="utf-8")
    write_json(out / "report.json", report.content())


def _row(title: str, result: SaliencyResult | None) -> str:
    numbers = ("     - " * 3) if result is None else (
        f"{result.max_f:7.3f}{result.s:7.3f}{result.mae:7.3f}"
    )  # fmt: skip
    return f"{title:<34}{numbers}"


def _scores(result: SaliencyResult | None) -> dict[str, Any] | None:
    if result is None:
        return None
    plain = {name: value for name, value in vars(result).items() if _is_plain(value)}
    return {**plain, "per_video": {name: vars(s) for name, s in result.per_video.items()}}


def _is_plain(value: object) -> bool:
    return isinstance(value, (str, int, float))
