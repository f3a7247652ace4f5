"""A label carried along an optical flow: how far, and what is hidden on the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from rcrlib.course.widgets import Control, Explorer, View
from rcrlib.errors import OptionError
from rcrlib.flow import FlowEstimator, occlusion, warp
from rcrlib.metrics import iou
from rcrlib.show import Picture, contact_sheet, flow_picture, overlay

AS_IT_IS, LEFT_OUT = "as it is", "left out"
_TITLES = ("its label", "flow from k", "hidden there", "label at k", "truth at k")


@dataclass(frozen=True)
class Carried:
    """The label of one frame, brought to frame k."""

    source: Picture
    flow: Tensor
    """(2, H, W), from k to the frame."""

    lost: np.ndarray
    """(H, W) bool: what the frame does not show."""

    label: np.ndarray
    """(H, W) in [0, 1]."""

    def shown(self, hidden: str) -> np.ndarray:
        """Return the label, with or without what is hidden."""
        return self.label if hidden == AS_IT_IS else np.where(self.lost, 0, self.label)


def warped_labels(
    frames: Sequence[Picture], masks: Sequence[ArrayLike], k: int, flow: FlowEstimator
) -> Explorer:
    """Bring labels of other frames to frame k; turn how far away these are.

    Args:
        frames: of one video, each uint8 (H, W, 3), RGB.
        masks: the label of each, (H, W) of {0, 1}.
        k: the frame without a label; a frame before and one after it must be there.
        flow: estimates the flows, from k and back.

    Raises:
        OptionError: not as many masks as frames, or k is the first or the last frame.
    """
    if len(frames) != len(masks) or not 0 < k < len(frames) - 1:
        raise OptionError(
            f"{len(frames)} frames, {len(masks)} masks and k = {k}: expected a mask for each frame,"
            " and a frame before and after k"
        )
    reach = min(k, len(frames) - 1 - k)
    intervals = tuple(range(1, reach + 1))
    steps = [step for size in intervals for step in (-size, size)]
    known = {step: _carry(frames, masks, k, k + step, flow) for step in steps}
    truth = np.asarray(masks[k])

    def row(step: int, hidden: str) -> tuple[list[Picture | np.ndarray], str]:
        one = known[step]
        label = one.shown(hidden)
        pictures = [one.source, flow_picture(one.flow), one.lost, overlay(frames[k], label)]
        score = iou(label >= 0.5, truth)
        return [*pictures, overlay(frames[k], truth)], f"IoU {score:.2f}"

    def view(side: str, interval: int, hidden: str) -> View:
        step = interval if side == "after" else -interval
        pictures, score = row(step, hidden)
        brought = _TITLES[3] if hidden == AS_IT_IS else "hidden left out"
        ending = "" if hidden == AS_IT_IS else " and left out"
        titles = [f"frame {k + step}: {_TITLES[0]}", *_TITLES[1:3], brought, _TITLES[4]]
        share = 100 * known[step].lost.mean()
        return View(
            contact_sheet([pictures], titles, [score], cell_width=150),
            f"The label of frame {k + step} brought to frame {k}: {score} with the truth;"
            f" {share:.0f} % of the frame is hidden there{ending}.",
        )

    controls = (
        Control("side", "label from", ("before", "after"), words=True),
        Control("interval", "frames away", intervals),
        Control("hidden", "what is hidden is", (AS_IT_IS, LEFT_OUT), words=True),
    )
    rows, scores = zip(*(row(-size, AS_IT_IS) for size in intervals), strict=True)
    names = [f"{size} before\n{score}" for size, score in zip(intervals, scores, strict=True)]
    said = ", ".join(name.replace("\n", ": ") for name in names)
    drawn = contact_sheet(list(rows), _TITLES, names, cell_width=120)
    return Explorer(
        controls,
        view,
        View(drawn, f"Labels of frames before frame {k}, brought to it by estimated flow. {said}."),
    )


def _carry(
    frames: Sequence[Picture], masks: Sequence[ArrayLike], k: int, n: int, flow: FlowEstimator
) -> Carried:
    at_k, at_n = (torch.from_numpy(frames[i]).movedim(2, 0)[None] for i in (k, n))
    away, back = flow(at_k, at_n), flow(at_n, at_k)
    label = torch.from_numpy(np.asarray(masks[n], np.float32))[None, None]
    return Carried(
        source=overlay(frames[n], np.asarray(masks[n])),
        flow=away[0],
        lost=occlusion(away, back)[0, 0].numpy(),
        label=warp(label, away)[0, 0].clamp(0, 1).numpy(),
    )
