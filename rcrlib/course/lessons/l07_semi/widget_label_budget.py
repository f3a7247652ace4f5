"""A budget of labels: how many, on which frames, and what the pseudo-labels between are worth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from rcrlib.course.lessons.l07_semi.chart_with_pictures import with_pictures
from rcrlib.course.widgets import Control, Explorer, View
from rcrlib.data import Video, intervals, keep_one_in
from rcrlib.errors import OptionError
from rcrlib.flow import FlowEstimator, warp
from rcrlib.keyframes import Appearance, Motion, Policy, even
from rcrlib.metrics import iou
from rcrlib.show import FAINT_INK, INK, PALETTE, Picture, canvas, finish_figure, overlay

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ALL = "all"
"""As m: pseudo-labels on all frames between two labels."""

WIDTH, MARGIN = 840, 29
LEGEND = "frame: black with a label, hatched with a pseudo-label, × not used"

Scene = tuple[Sequence[Picture], Sequence[ArrayLike]]
"""Frames (H, W, 3) uint8 and their masks (H, W) of {0, 1}."""


@dataclass(frozen=True)
class InMemory:
    """Frames that are there already, as `rcrlib.data.Video` wants them."""

    pictures: Sequence[Picture]

    @property
    def names(self) -> tuple[str, ...]:
        """Return their numbers."""
        return tuple(f"{n:05d}" for n in range(len(self)))

    @property
    def size(self) -> tuple[int, int]:
        """(H, W) in pixels."""
        return self.pictures[0].shape[0], self.pictures[0].shape[1]

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, index: int) -> NDArray[np.uint8]:
        return self.pictures[index]

    def stream(self) -> Iterator[NDArray[np.uint8]]:
        """Yield them in order."""
        return iter(self.pictures)


@dataclass(frozen=True)
class Spent:
    """What becomes of a budget on one video."""

    kept: tuple[int, ...]
    """Frames with a label."""

    quality: dict[int, float]
    """Frame with a pseudo-label -> its IoU with the label that was left out."""

    between: dict[int, tuple[int, int]]
    """Frame with a pseudo-label -> the labels before and after it."""

    @property
    def mean(self) -> float:
        """Return the mean IoU of the pseudo-labels."""
        return float(np.mean(list(self.quality.values())))

    @property
    def worst(self) -> int:
        """Return the frame whose pseudo-label is worst."""
        return min(self.quality, key=self.quality.__getitem__)


class Carrier:
    """A video, and the label of each of its frames brought to each other one."""

    def __init__(self, scene: Scene, flow: FlowEstimator) -> None:
        self.frames, self.masks = scene[0], [np.asarray(mask) for mask in scene[1]]
        self.video = Video("video", InMemory(self.frames))
        whole = torch.from_numpy(np.stack(self.frames)).movedim(3, 1)
        labels = torch.from_numpy(np.stack(self.masks)).float()[:, None]
        # Row k: the labels of all frames, at k.
        self._at = [
            warp(labels, flow(whole[k : k + 1].expand_as(whole), whole))[:, 0].numpy()
            for k in range(len(whole))
        ]

    def label(self, i: int, k: int, j: int) -> NDArray[np.float32]:
        """Return k's pseudo-label from i's and j's, (H, W) in [0, 1]: the nearer weighs more."""
        share = (k - i) / (j - i)
        return np.asarray((1 - share) * self._at[k][i] + share * self._at[k][j], np.float32)

    def choose(self, l: int, policy: Policy) -> tuple[int, ...]:
        """Choose as many frames as one in l is."""
        return policy(self.video, len(keep_one_in(range(len(self.frames)), l)))

    def spend(self, kept: tuple[int, ...], m: int | str) -> Spent:
        """Keep these labels, and judge m pseudo-labels in each interval between them."""
        each = len(self.frames) if isinstance(m, str) else m
        between = {
            k: (one.i, one.j) for one in intervals(kept, 1, each, "frames") for k in one.targets
        }
        found = {k: self.label(i, k, j) >= 0.5 for k, (i, j) in between.items()}
        return Spent(kept, {k: iou(one, self.masks[k]) for k, one in found.items()}, between)


def label_budget(
    scenes: Mapping[str, Scene],
    flow: FlowEstimator,
    ls: Sequence[int] = (2, 4, 5, 10),
    ms: Sequence[int | str] = (1, 2, ALL),
    policies: Mapping[str, Policy] | None = None,
) -> Explorer:
    """Choose l, m and where the labels go, and see what the pseudo-labels are worth.

    A pseudo-label is made of the labels before and after it: warped, and the nearer weighs more.

    Args:
        scenes: name of a video -> its frames and masks; one at least.
        flow: estimates the flows.
        ls: one label in l is kept; at least two labels of each video have to remain.
        ms: pseudo-labels in each interval; `ALL` for all frames that there are.
        policies: name -> a policy of `rcrlib.keyframes`; None: even, appearance and flow, the last
            at the size of the frames.

    Raises:
        OptionError: there is no video, or an l leaves fewer than two labels or no frame between.
    """
    if not scenes:
        raise OptionError("no video to label; give one at least")
    shortest = min(len(frames) for frames, _ in scenes.values())
    if min(ls) < 2 or max(ls) >= shortest:
        raise OptionError(
            f"l = {tuple(ls)}: of {shortest} frames, give l from 2 to {shortest - 1}, so that two"
            " labels remain and frames between them"
        )
    if policies is None:
        side = min(next(iter(scenes.values()))[0][0].shape[:2])
        policies = {"even": even, "appearance": Appearance(), "flow": Motion(flow, side)}
    known = {name: Carrier(scene, flow) for name, scene in scenes.items()}
    spent = {
        (name, l, m, policy): one.spend(kept, m)
        for name, one in known.items()
        for l in ls
        for policy, choose in policies.items()
        for kept in [one.choose(l, choose)]
        for m in ms
    }

    def view(name: str, l: int, m: int | str, policy: str) -> View:
        one = spent[name, l, m, policy]
        return View(_drawn(known[name], one, f"{name}, {_said(l, m, policy)}"), _words(one))

    controls = (
        Control("l", "one label in l =", tuple(ls), start=ls[len(ls) // 2]),
        Control("m", "m =", tuple(ms)),
        Control("policy", "labels placed by", tuple(policies), words=True),
        Control("name", "video", tuple(scenes), words=True),
    )
    first, middle = next(iter(scenes)), ls[len(ls) // 2]
    shown = [(middle, m, name) for m in (ms[0], ms[-1]) for name in list(policies)[:1]]
    shown += [(ls[-1], ms[-1], name) for name in policies]
    rows = {_said(l, m, policy): spent[first, l, m, policy] for l, m, policy in shown}
    return Explorer(controls, view, _sheet(rows, shortest))


def _said(l: int, m: int | str, policy: str) -> str:
    return f"m = {m}, l = {l}, {policy}"


def _words(one: Spent) -> str:
    i, j = one.between[one.worst]
    return (
        f"{len(one.kept)} labels, on frames {', '.join(map(str, one.kept))};"
        f" {len(one.quality)} pseudo-labels of mean IoU {one.mean:.2f}, the worst"
        f" {one.quality[one.worst]:.2f} at frame {one.worst}, between {i} and {j}."
    )


def _drawn(video: Carrier, one: Spent, title: str) -> Picture:
    """Draw the timeline, and below it the worst pseudo-label between its two labels."""
    k = one.worst
    i, j = one.between[k]
    shown = {
        f"label {i}": overlay(video.frames[i], video.masks[i]),
        f"pseudo-label {k}": overlay(video.frames[k], video.label(i, k, j)),
        f"truth {k}": overlay(video.frames[k], video.masks[k]),
        f"label {j}": overlay(video.frames[j], video.masks[j]),
    }
    with canvas(WIDTH, 440) as figure:
        axes = figure.add_axes((0.08, 0.65, 0.91, 0.28))
        _timeline(axes, one, len(video.frames), f"{title}: mean IoU {one.mean:.2f}")
        axes.set_xlabel(LEGEND)
        return with_pictures(figure, shown, left=MARGIN, top=236, side=190)


def _timeline(axes: Axes, one: Spent, frames: int, title: str) -> None:
    """Draw a bar for each frame: dark for labels, blue and as high as its IoU for pseudo-labels."""
    axes.bar(one.kept, 1, color=INK, width=0.7)
    heights = list(one.quality.values())
    axes.bar(list(one.quality), heights, 0.7, color=PALETTE[5], edgecolor=PALETTE[0], hatch="///")
    rest = [n for n in range(frames) if n not in one.kept and n not in one.quality]
    axes.plot(rest, [0.03] * len(rest), "x", color=FAINT_INK, markersize=4)
    axes.set(ylim=(0, 1.02), xlim=(-0.7, frames - 0.3), xticks=range(0, frames, 5), ylabel="IoU")
    axes.set_title(title, fontsize=10)
    axes.grid(visible=False, axis="x")


def _sheet(rows: Mapping[str, Spent], frames: int) -> View:
    with canvas(WIDTH, 64 + 134 * len(rows)) as figure:
        every = figure.subplots(len(rows), 1, sharex=True, squeeze=False)[:, 0]
        for axes, (name, one) in zip(every, rows.items(), strict=True):
            _timeline(axes, one, frames, f"{name}: mean IoU {one.mean:.2f}")
        every[-1].set_xlabel(LEGEND)
        drawn = finish_figure(figure)
    said = "; ".join(f"{name}: mean IoU {one.mean:.2f}" for name, one in rows.items())
    return View(drawn, f"Which of {frames} frames have a label or a pseudo-label. {said}.")
