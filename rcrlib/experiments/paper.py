"""The paper's own numbers, from its Tables 1 to 5: what ours stand beside."""

from __future__ import annotations

Numbers = dict[str, float]
"""By the names of our own: max_f, s; j_mean, f_mean (of segmentation, in [0, 1])."""


def _f_and_s(**rows: tuple[float, float]) -> dict[str, Numbers]:
    return {name: {"max_f": max_f, "s": s} for name, (max_f, s) in rows.items()}


_TABLE2 = {
    "0/1": {"max_f": 0.849, "s": 0.873},
    "0/2": {"max_f": 0.850, "s": 0.869},
    "0/5": {"max_f": 0.849, "s": 0.867},
    "1/5": {"max_f": 0.861, "s": 0.874},
    "4/5": {"max_f": 0.850, "s": 0.873},
    "0/20": {"max_f": 0.821, "s": 0.832},
    "7/20": {"max_f": 0.847, "s": 0.861},
    "19/20": {"max_f": 0.845, "s": 0.860},
}

PAPER_CELLS: dict[str, dict[str, Numbers]] = {
    "table2": _TABLE2,
    "fig7": _TABLE2,
    "table3": _f_and_s(
        Ra=(0.846, 0.865),
        Rb=(0.853, 0.871),
        Rc=(0.856, 0.871),
        Rd=(0.857, 0.872),
        Re=(0.861, 0.874),
    ),
    "table4": _f_and_s(Ga=(0.821, 0.832), Gb=(0.832, 0.854), Gc=(0.838, 0.860), Gd=(0.847, 0.861)),
}
"""By experiment and cell; all of them on the test set of VOS."""

_TABLE1 = _f_and_s(vos=(0.856, 0.872), davis=(0.859, 0.884), fbms=(0.861, 0.870))

PAPER_SETS: dict[str, dict[str, Numbers]] = {
    "table1": _TABLE1,
    "fig5": _TABLE1,
    "table5": {"davis": {"j_mean": 0.747, "f_mean": 0.733}, "fbms": {"j_mean": 0.759}},
}
"""By experiment and test set, in small letters."""


def paper_numbers(experiment: str, cell: str, test: str) -> Numbers:
    """Return the paper's numbers for a cell on a test set; nothing where it has none."""
    if experiment in PAPER_CELLS:
        return PAPER_CELLS[experiment].get(cell, {})
    for name, numbers in PAPER_SETS.get(experiment, {}).items():
        if test.lower().startswith(name):
            return numbers
    return {}
