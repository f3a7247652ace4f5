"""COCO's run lengths: alternately background and object, column by column from the top left.

A mask's runs are numbers, or text in which each number is 5 bits a character, the lowest first
(48 is added to each; 32 says that another one follows; 16 in the last one is the sign), and from
the fourth number on the difference to the number two before.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rcrlib.errors import DataError


def decode_rle(counts: Sequence[int] | str, size: tuple[int, int]) -> NDArray[np.uint8]:
    """Decode COCO's run-length encoding into a mask.

    Args:
        counts: the runs, or the text that stands for them.
        size: (H, W).

    Returns:
        (H, W) uint8 {0, 1}.

    Raises:
        DataError: the text is none of runs, or the runs are not those of H x W pixels.
    """
    height, width = size
    runs = _from_text(counts) if isinstance(counts, str) else list(counts)
    whole = all(isinstance(run, int) and not isinstance(run, bool) and run >= 0 for run in runs)
    if not whole or sum(runs) != height * width:
        raise DataError(f"run lengths that do not cover {width}x{height} pixels")
    values = np.zeros(len(runs), np.uint8)
    values[1::2] = 1
    return np.repeat(values, runs).reshape(width, height).T.copy()


def _from_text(text: str) -> list[int]:
    runs: list[int] = []
    number = shift = 0
    for character in text:
        bits = ord(character) - 48
        if not 0 <= bits < 64 or shift > 60:
            raise DataError("run lengths as text that stands for none")
        number |= (bits & 31) << shift
        shift += 5
        if bits & 32:
            continue
        if bits & 16:
            number -= 1 << shift
        runs.append(number + (runs[-2] if len(runs) > 2 else 0))
        number = shift = 0
    if shift:
        raise DataError("run lengths as text that breaks off")
    return runs
