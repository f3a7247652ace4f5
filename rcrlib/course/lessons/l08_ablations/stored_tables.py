"""Stored results of the paper's tables: differences of their rows, with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

from rcrlib.experiments import (
    PAPER_CELLS,
    Difference,
    Result,
    figure_with_alt,
    main_table,
    markdown_table,
    table_heading,
)
from rcrlib.show import Picture, interval_plot

Pair = tuple[str, str]

ASKED: dict[str, tuple[Pair, ...]] = {
    "table2": (("1/5", "0/5"), ("1/5", "0/1"), ("4/5", "0/5"), ("7/20", "0/20")),
    "table3": (("Re", "Ra"), ("Re", "Rc"), ("Re", "Rd")),
    "table4": (("Gd", "Ga"), ("Gd", "Gc"), ("Gc", "Gb")),
}
"""The paper's tables, and differences of their rows to bet on."""

KEPT = ("cell", "test set", "seeds", "their IoU", "max F", "S", "paper max F", "paper S")
_SAYS = {"better": "say better", "worse": "say worse", "cannot tell": "cannot tell: it holds 0"}


def claimed(table: str, pair: Pair) -> float:
    """Return the paper's difference of two rows in max F."""
    first, second = (PAPER_CELLS[table][cell]["max_f"] for cell in pair)
    return first - second


def verdict(low: float | None, high: float | None) -> str:
    """Say what an interval says of its difference: better, worse, or nothing."""
    if low is None or high is None or low <= 0 <= high:
        return "cannot tell"
    return "better" if low > 0 else "worse"


@dataclass(frozen=True)
class Compared:
    """Two rows of a stored result, in max F, and the paper's difference."""

    name: str
    pair: Pair
    test: str
    found: Difference
    paper: float

    @property
    def numbers(self) -> str:
        """Write the difference and its interval."""
        if self.found.low is None or self.found.high is None:
            return f"{self.name} {self.found.mean:+.3f}, no interval"
        bounds = f"{self.found.low:+.3f} to {self.found.high:+.3f}"
        return f"{self.name} {self.found.mean:+.3f}, {bounds}"

    @property
    def says(self) -> str:
        """Say in a sentence what it shows, and whether the paper's difference is within."""
        low, high = self.found.low, self.found.high
        if low is None or high is None:
            return f"{self.numbers}: one seed and one video cannot tell"
        one = " of one seed" if self.found.how.startswith("one seed") else ""
        unit = f"{self.found.n} {'videos' if one else 'seeds'}{one}"
        held = "" if low <= self.paper <= high else "not "
        said = _SAYS[verdict(low, high)]
        return f"{self.numbers}: {unit} {said}; the paper's {self.paper:+.3f} is {held}within"


def compared(result: Result) -> list[Compared]:
    """Return all comparisons of a stored Table 2, 3 or 4 that the paper's rows allow."""
    rows, several = PAPER_CELLS.get(result.experiment, {}), len(result.tests) > 1
    every = []
    for test in result.tests:
        for pair in result.pairs:
            found = result.difference(pair, test, "max_f")
            if found is not None and set(pair) <= rows.keys():
                name = " - ".join(pair) + f", {test}" * several
                every.append(Compared(name, pair, test, found, claimed(result.experiment, pair)))
    return every


def drawn(name: str, every: Sequence[Compared]) -> tuple[str, Picture]:
    """Draw the comparisons of a stored result beside the paper's; return caption and picture."""
    rows = {one.name: (one.found.mean, one.found.low, one.found.high) for one in every}
    paper = {one.name: one.paper for one in every}
    said = "; ".join(one.numbers for one in every)
    return (
        f"{name}, differences in max F with 95 % intervals: {said}.",
        interval_plot(rows, "difference in max F", name, paper, "the paper's, on VOS"),
    )


def fig7_of(results: Mapping[str, Result]) -> tuple[str, Picture] | None:
    """Draw Fig. 7 from the stored result that has most of it; return caption and picture."""
    there = [one for one in results.values() if one.experiment in ("fig7", "table2") and one.runs]
    if not there:
        return None
    most = max(there, key=lambda one: len(one.runs))
    picture, alt = figure_with_alt(
        replace(most, experiment="fig7", title="Fig. 7: the share of labels")
    )
    return alt, picture


def tables_of(results: Mapping[str, Result]) -> dict[str, Result]:
    """Return those of the stored results that are Table 2, 3 or 4 and have numbers."""
    return {name: one for name, one in results.items() if one.experiment in ASKED and one.runs}


def missing(results: Mapping[str, Result]) -> list[str]:
    """Name in a sentence each what the lesson shows and the store does not have."""
    there = {one.experiment for one in results.values() if one.runs}
    said = [
        f"{table} is not among the stored results: the paper's own rows must do"
        for table in ASKED
        if table not in there
    ]
    if "fig7" not in there:
        instead = "its points are taken from table2" if "table2" in there else "nothing to draw"
        said.append(f"fig7 is not among the stored results: {instead}")
    return said


def short_table(name: str, result: Result) -> str:
    """Write a stored result's rows that were run as a table, with the paper's numbers beside."""
    whole = main_table(result)
    columns = [i for i, title in enumerate(whole[0]) if title in KEPT]
    seeds = whole[0].index("seeds")
    short = [[line[i] for i in columns] for line in whole if line[seeds] != "0"]
    return f"**{name}**: {table_heading(result)}.\n\n{markdown_table(short)}"


def median_deviation(result: Result) -> float | None:
    """Return the median of the rows' deviations in max F; None where no row has two seeds."""
    spreads = [
        result.spread(row.name, test, "max_f")
        for test in result.tests
        for row in result.rows
        if result.of(row.name, test)
    ]
    known = [one.deviation for one in spreads if one.deviation is not None]
    return median(known) if known else None


def of_nothing(result: Result, spans: Mapping[int, float]) -> str:
    """Say how wide the paper's table is, and how wide one of as many equal rows would be.

    Args:
        result: a stored Table 2, 3 or 4, whose deviation over seeds is taken.
        spans: number of rows -> mean distance of lowest and highest, in deviations.
    """
    theirs = [row["max_f"] for row in PAPER_CELLS[result.experiment].values()]
    said = f"the paper's {len(theirs)} rows span {100 * (max(theirs) - min(theirs)):.1f} points; "
    deviation = median_deviation(result)
    if deviation is None:
        return said + "ours have one seed each, so nobody knows how wide nothing is"
    nothing = 100 * deviation * spans[len(theirs)]
    return said + f"as many equal rows, with our deviation of {100 * deviation:.1f}: {nothing:.1f}"
