"""From drawn shapes to one label: objects, holes and void, in the file's order."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rcrlib.data.meaning import value_of
from rcrlib.errors import DataError


class Canvas:
    """A label that shapes are painted on, later over earlier ones, as labelme does.

    What a shape's name means is in `rcrlib.data.meaning`.

    Args:
        size: (H, W).
    """

    def __init__(self, size: tuple[int, int]) -> None:
        self.label = np.zeros(size, np.uint8)
        self._idle: list[tuple[str, NDArray[np.bool_]]] = []

    def paint(self, inside: NDArray[np.uint8], name: object, where: str) -> None:
        """Paint one shape.

        Args:
            inside: (H, W) {0, 1}.
            name: the shape's.
            where: how an error calls the shape.
        """
        value, region = value_of(name), inside > 0
        if value == 0 and region.any() and not self.label[region].any():
            self._idle.append((where, region))
        self.label[region] = value

    def finish(self, path: Path) -> NDArray[np.uint8]:
        """Return the label of the file `path`: (H, W) uint8 {0, 1, 255}, 255 is void.

        Raises:
            DataError: a hole comes before what covers it, so that it would be lost.
        """
        for where, region in self._idle:
            if self.label[region].all():
                raise DataError(
                    f"{path}: {where}: a hole that later shapes cover; move it behind them"
                )
        return self.label
