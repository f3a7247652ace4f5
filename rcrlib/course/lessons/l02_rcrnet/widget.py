"""What a stack of dilated convolutions reads of a map."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rcrlib.course.figures import heat
from rcrlib.course.widgets import Control, Explorer, View
from rcrlib.errors import OptionError
from rcrlib.show import contact_sheet

_SCALE = 12
_PLACES = {"the middle": 0.5, "an edge": 0.0}
"""Where the output lies, as a share of the map's height; across it is in the middle."""


def paths(side: int, centre: int, rate: int, layers: int) -> np.ndarray:
    """Count, along one axis, the ways by which each place reaches one output.

    Args:
        side: of the map.
        centre: the output's place.
        rate: dilation of each layer, of kernel 3 and stride 1, padded with `rate` zeros.
        layers: how many, one after another.

    Returns:
        (side,) int64; 0 where the output does not see.
    """
    ways = np.zeros(side, np.int64)
    ways[centre] = 1
    for _ in range(layers):
        before = np.pad(ways, rate)
        ways = before[: -2 * rate] + before[rate:-rate] + before[2 * rate :]
    return ways


def receptive_fields(
    side: int = 28, rates: Sequence[int] = (1, 2, 6, 12, 18), layers: Sequence[int] = (1, 2, 3)
) -> Explorer:
    """Turn rate and depth of a stack of 3 x 3 convolutions, and see what one output reads.

    Args:
        side: of the map; the paper's context is 28 x 28.
        rates: dilations to choose from.
        layers: depths to choose from.

    Raises:
        OptionError: no rate or no depth, or one below 1.
    """
    for name, values in (("rates", rates), ("layers", layers)):
        if not values or min(values) < 1:
            raise OptionError(f"{name} {tuple(values)}: expected one or more, each at least 1")

    def shown(rate: int, depth: int, place: str) -> tuple[np.ndarray, str]:
        row = min(side - 1, round(_PLACES[place] * side))
        down, across = (paths(side, at, rate, depth) for at in (row, side // 2))
        ways = np.outer(down, across)
        seen = int((ways > 0).sum())
        field = 2 * rate * depth + 1
        words = (
            f"rate {rate}, {depth} layer{'s' if depth > 1 else ''}, an output in {place}: field"
            f" {field} x {field}, of which {seen} of the map's {side * side} places are read;"
            f" {100 * (1 - ways.sum() / 9**depth):.0f} % of the paths end in padding"
        )
        share = np.sqrt(ways / max(1, ways.max()))  # so that rare paths are seen as well
        picture = heat(share, -1, 1).repeat(_SCALE, axis=0).repeat(_SCALE, axis=1)
        left, top = (side // 2) * _SCALE, row * _SCALE
        picture[top + 4 : top + 8, left + 4 : left + 8] = 0  # the output
        return picture, words

    def view(rate: int, depth: int, place: str) -> View:
        picture, words = shown(rate, depth, place)
        title = f"rate {rate}, layers: {depth}"
        return View(contact_sheet([[picture]], [title], cell_width=340), _sentence(words))

    controls = (
        Control("rate", "rate", tuple(rates)),
        Control("depth", "layers", tuple(layers)),
        Control("place", "output in", tuple(_PLACES), words=True),
    )
    rows = [[shown(rate, depth, "the middle")[0] for rate in rates] for depth in layers]
    sheet = contact_sheet(
        rows, [f"rate {rate}" for rate in rates], [f"layers: {n}" for n in layers], cell_width=130
    )
    said = "; ".join(shown(rate, layers[0], "the middle")[1] for rate in rates)
    return Explorer(controls, view, View(sheet, _sentence(said)))


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}. The darker, the more paths; the dot is the output."
