"""Precomputed flow, read from a folder."""

from __future__ import annotations

from pathlib import Path
from unicodedata import normalize

import torch
import torch.nn.functional as F
from torch import Tensor

from rcrlib.errors import DataError, OptionError
from rcrlib.flow.estimator import Names, check_frames
from rcrlib.flow.storage import FLOW_SUFFIXES, read_flow


class PrecomputedFlow:
    """Flow files FOLDER/SEQ/FRAMEa_FRAMEb.{png,flo,npy}, found by the frames' names.

    The file for ("blackswan/00000", "blackswan/00005") is `blackswan/00000_00005.png` (or `.flo`,
    `.npy`; the first that is there, in this order) and holds the flow from 00000 to 00005. A file
    of another size than the frames is resized, and its vectors are scaled with it.

    Raises:
        OptionError: the folder does not exist.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        if not self.folder.is_dir():
            raise OptionError(f"{self.folder}: no such folder of precomputed flow")
        self.key = f"precomputed:{self.folder.resolve()}"

    def __call__(self, a: Tensor, b: Tensor, names: Names | None = None) -> Tensor:
        """Read the flow of each pair; see `FlowEstimator`.

        Raises:
            DataError: a file is missing or damaged, or the frames have no names.
        """
        check_frames(a, b)
        if names is None or len(names) != len(a):
            raise DataError(
                f"{self.folder}: precomputed flow is found by the names of the frames; expected"
                f" {len(a)} pairs of names, found {0 if names is None else len(names)}"
            )
        height, width = a.shape[2:]
        return torch.cat(
            [resize_flow(read_flow(self._find(*pair)), height, width) for pair in names]
        )

    def _find(self, a: str, b: str) -> Path:
        (sequence, _, frame_a), (sequence_b, _, frame_b) = a.rpartition("/"), b.rpartition("/")
        if sequence != sequence_b:
            raise DataError(f"{a} and {b}: precomputed flow joins frames of one video")
        named = f"{sequence}/{frame_a}_{frame_b}"
        stem = self.folder / named
        # macOS writes an accented letter as two characters, and what it looks like is one.
        for spelt in (named, normalize("NFC", named), normalize("NFD", named)):
            for suffix in FLOW_SUFFIXES:
                if (path := self.folder / f"{spelt}{suffix}").is_file():
                    return path
        raise DataError(
            f"{stem}.png: no such file (nor {', '.join(FLOW_SUFFIXES[1:])}); compute the flow from"
            f" {a} to {b}, or choose another flow method"
        )


def resize_flow(flow: Tensor, height: int, width: int) -> Tensor:
    """Resize (1, 2, h, w) to height x width; vectors grow with the pixels that they count."""
    old_height, old_width = flow.shape[2:]
    if (old_height, old_width) == (height, width):
        return flow
    flow = F.interpolate(flow, size=(height, width), mode="bilinear", align_corners=False)
    return flow * flow.new_tensor([width / old_width, height / old_height]).view(1, 2, 1, 1)
