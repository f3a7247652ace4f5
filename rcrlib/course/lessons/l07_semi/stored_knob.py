"""The stored experiment `appearance`: the lesson's knob, turned for RCRNet+NER."""

from __future__ import annotations

from rcrlib.experiments import figure_with_alt, split_setting, stored_results
from rcrlib.show import Picture


def turned_knob() -> tuple[str, Picture]:
    """Return the caption and the figure of max F over the change of appearance.

    The caption says what pseudo-labels add to labels alone at each setting, with the interval over
    seeds.
    """
    result = stored_results()["appearance"]
    drawn, _ = figure_with_alt(result)
    gains = []
    for pair in result.pairs:
        (cell, setting), (other, _) = map(split_setting, pair)
        if (cell, other) == ("9/10", "0/10"):
            found = result.difference(pair, result.tests[0], "max_f")
            assert found is not None
            bounds = f"95 %: {found.low:+.3f} to {found.high:+.3f}"
            gains.append(f"{found.mean:+.3f} ({bounds}, {found.n} seeds) at {setting}")
    return f"Pseudo-labels minus labels alone in max F: {'; '.join(gains)}.", drawn
