"""The gates of a ConvGRU over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from rcrlib.course.figures import heat
from rcrlib.course.widgets import Control, Explorer, View
from rcrlib.errors import OptionError
from rcrlib.models import ConvGRUCell
from rcrlib.show import Picture, contact_sheet

MEAN = "mean of all"
_TITLES = ("Z: keep", "R: let pass", "candidate", "state H")


@dataclass(frozen=True)
class Step:
    """What a cell computes at one frame, each (C, h, w): gates in [0, 1], the rest in about ±1."""

    z: Tensor
    r: Tensor
    candidate: Tensor
    state: Tensor

    def maps(self, channel: int | None) -> list[np.ndarray]:
        """Return Z, R, candidate and state of a channel, or their means, each (h, w)."""
        every = (self.z, self.r, self.candidate, self.state)
        return [(m.mean(0) if channel is None else m[channel]).numpy() for m in every]


def steps(cell: ConvGRUCell, inputs: Tensor, start: Tensor) -> list[Step]:
    """Run a cell over inputs (T, C, h, w) from the state `start` (C, h, w), and keep everything."""
    kept, h = [], start[None]
    with torch.no_grad():
        for x in inputs[:, None]:
            z = torch.sigmoid(cell.w_xz(x) + cell.w_hz(h))
            r = torch.sigmoid(cell.w_xr(x) + cell.w_hr(h))
            reset = r * cell.w_hh(h) if cell.variant == "paper" else cell.w_hh(r * h)
            new = torch.tanh(cell.w_xh(x) + reset)
            h = (1 - z) * new + z * h
            kept.append(Step(z[0].cpu(), r[0].cpu(), new[0].cpu(), h[0].cpu()))
    return kept


def gates_over_time(
    cell: ConvGRUCell,
    inputs: Tensor,
    pictures: Sequence[ArrayLike],
    start: Tensor | None = None,
) -> Explorer:
    """Look into a ConvGRU: what its gates, its candidate and its state are at each frame.

    Args:
        cell: any cell; nothing of it is changed.
        inputs: (T, C, h, w), one clip's features in the order in which the cell reads them.
        pictures: what goes with each of the T inputs, as `rcrlib.show.as_picture` takes it.
        start: the state before the first input, (C, h, w); None: the first input.

    Raises:
        OptionError: not as many pictures as inputs.
    """
    if len(pictures) != len(inputs):
        raise OptionError(f"{len(pictures)} pictures for {len(inputs)} inputs; give one for each")
    run = steps(cell, inputs, inputs[0] if start is None else start)
    channels = (MEAN, *range(inputs.shape[1]))

    def view(t: int, channel: int | str) -> View:
        row = [pictures[t], *_pictures(run[t], None if channel == MEAN else int(channel))]
        words = f"Frame {t}, {f'channel {channel}' if channel != MEAN else 'mean of all channels'}"
        gates = f"Z {run[t].z.mean():.2f} and R {run[t].r.mean():.2f} in the mean of the frame"
        drawn = contact_sheet([row], [f"frame {t}", *_TITLES], cell_width=150)
        return View(drawn, f"{words}: {gates}. Blue is low, white halfway, brown high.")

    controls = (
        Control("t", "frame", tuple(range(len(run)))),
        Control("channel", "channel", channels, words=True),
    )
    return Explorer(controls, view, _sheet(run, pictures))


def _pictures(step: Step, channel: int | None) -> list[Picture]:
    z, r, new, state = step.maps(channel)
    return [heat(z), heat(r), heat(new, -1, 1), heat(state, -1, 1)]


def _sheet(run: list[Step], pictures: Sequence[ArrayLike]) -> View:
    """Draw a column for each frame: the frame, then Z, R, the candidate and the state."""
    columns = [[shown, *_pictures(step, None)] for shown, step in zip(pictures, run, strict=True)]
    rows = [list(row) for row in zip(*columns, strict=True)]
    titles = [f"frame {t}" for t in range(len(run))]
    opening = ", ".join(f"{step.z.mean():.2f}" for step in run)
    return View(
        contact_sheet(rows, titles, ["", *_TITLES], cell_width=96),
        f"A ConvGRU over {len(run)} frames, mean of its {len(run[0].z)} channels; blue is low,"
        f" white halfway, brown high. Z in the mean of each frame: {opening}.",
    )
