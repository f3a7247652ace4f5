"""What the values of label files mean: the one table that every reader decides by.

A pixel of a label is background, object or void. Void says nothing about the pixel: it is not
learned from and not scored, and `Video.label` has it as 0. A file that two rows could claim, or
none, is refused with the values found; nothing is guessed from one file to the next.

Mask files, as `style="auto"` reads them (`MaskStyle` has the styles that settle the others):

| file                                      | background | object       | void |
| ----------------------------------------- | ---------- | ------------ | ---- |
| grey, 1-bit, colour with R = G = B        | < 128      | >= 128       | -    |
| ... not black, and nowhere >= 128         | refused: 0 and 1, or ids without a palette |||
| ... 1, or 1 to n <= 20, and 255 only      | refused: 255 may be the object, or void beside ids |||
| palette, only black and white are used    | black      | white        | -    |
| palette of greys alone                    | as the greys that are seen, see above |||
| ... in which two values look alike        | refused: ids without colours |||
| palette with colours, ids                 | 0          | all others   | -    |
| ... with 255 beside other ids (DAVIS, VOC)| 0          | 1 to 254     | 255  |
| ... with 0 and 255 alone                  | refused: 255 may be the object, or void |||
| ... with the PNG text `void` = `255`      | 0          | 1 to 254     | 255  |
| coloured without a palette                | refused    |||

Names of shapes, classes and labels in other tools' files, upper or lower case alike:

| name                                            | meaning                                     |
| ----------------------------------------------- | ------------------------------------------- |
| `_background_`, `__background__`, `background`  | background: a hole in what lies below       |
| `__ignore__`, `_ignore_`, `ignore`, `void`, `_void_`, `__void__` | void                       |
| any other                                       | object                                      |

Shapes are painted in the file's order, later over earlier ones, as labelme does. In COCO,
`"ignore": 1` is void as well; `iscrowd` is not, because CVAT writes it for every painted mask.
In CVAT's pictures the colours are what labelmap.txt calls them; black is background and
(224, 224, 192) is void unless it says otherwise.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

MaskStyle = Literal["auto", "grey", "ids", "ids-void", "on-white"]
"""How a mask file says which pixels are the object.

- `auto`: what most data sets do; the table of `rcrlib.data.meaning`.
- `grey`: >= 128, whatever the values; for maps that this library wrote.
- `ids`: everything that is not 0 or black, 255 included.
- `ids-void`: everything that is not 0, but 255 is void.
- `on-white`: everything that is not white (the .ppm files of FBMS).
"""

THRESHOLD = 128
"""Grey values of at least this, of 255, are the object."""

VOID = 255
"""The value of void among ids."""

VOID_COLOUR = (224, 224, 192)
"""Void in the palettes of VOC and DAVIS, and in CVAT's pictures."""

MOST_IDS = 20
"""Up to so many ids in a grey file, 1, 2, ... without a gap, look like ids rather than greys."""

HOLE_NAMES = frozenset({"_background_", "__background__", "background"})
VOID_NAMES = frozenset({"__ignore__", "_ignore_", "ignore", "void", "_void_", "__void__"})


class UnclearMaskError(Exception):
    """The values of a mask file may mean several things."""


def value_of(name: object) -> int:
    """Return what a shape or class of this name stands for: 0, 1 or `VOID`."""
    plain = str(name).strip().casefold()
    return 0 if plain in HOLE_NAMES else VOID if plain in VOID_NAMES else 1


def palette_holds_ids(values: NDArray[np.uint8], palette: NDArray[np.uint8]) -> bool:
    """Return whether the values of a palette picture are ids, as opposed to the greys seen.

    Args:
        values: (N,) all values in use.
        palette: (256, 3), black where the file has no entry.

    Raises:
        UnclearMaskError: the palette is grey, and yet two values look alike.
    """
    used = palette[values]
    if {tuple(colour) for colour in used.tolist()} == {(0, 0, 0), (255, 255, 255)}:
        return False
    if (palette != palette[:, :1]).any():
        return True
    if len(np.unique(used[:, 0])) < len(values):
        raise UnclearMaskError(
            f"holds the values {listed(values)} with a palette in which some look alike; give each"
            " id a colour of its own, or save masks as 0 and 255 without a palette"
        )
    return False


def void_among_ids(values: NDArray[np.uint8], *, marked: bool) -> bool:
    """Return whether 255 is void in a picture of ids.

    Args:
        values: (N,) all values in use.
        marked: whether the file says so.

    Raises:
        UnclearMaskError: the file does not tell.
    """
    if VOID not in values:
        return False
    if not marked and not set(values.tolist()) - {0, VOID}:
        raise UnclearMaskError(
            f"holds the values {listed(values)} of a coloured palette: 255 may be the object, or"
            f" void; {_SETTLED}"
        )
    return True


def check_greys(grey: NDArray[np.uint8]) -> None:
    """Raise `UnclearMaskError` where a grey mask is rather one of 0 and 1, or of ids."""
    if 0 < grey.max() < THRESHOLD:
        raise UnclearMaskError(
            f"the mask's greatest value is {grey.max()} of 255; save it as 0 and 255,"
            " or ids of objects with a palette"
        )
    check_ids_in_grey(grey)


def check_ids_in_grey(grey: NDArray[np.uint8]) -> None:
    """Raise `UnclearMaskError` where a grey picture has the ids 1, 2, ... and 255 alone."""
    if not (grey == 1).any():  # the usual case, and quickly seen
        return
    values = np.unique(grey)
    ids = [value for value in values.tolist() if value not in (0, VOID)]
    if len(ids) <= MOST_IDS and ids == list(range(1, len(ids) + 1)) and values[-1] == VOID:
        raise UnclearMaskError(
            f"holds the values {listed(values)} without a palette: 255 may be the object, or void"
            f" beside ids; {_SETTLED}"
        )


def listed(values: NDArray[np.uint8]) -> str:
    """Format up to eight values of a picture."""
    shown = ", ".join(map(str, values[:8].tolist()))
    return shown if len(values) <= 8 else f"{shown}, ... ({len(values)} values)"


_SETTLED = (
    "save the object as 0 and 255 without a palette, or as ids from 1 on with a coloured palette,"
    " where 255 is void (in Python: style='ids' takes 255 for an object, 'ids-void' for void)"
)
