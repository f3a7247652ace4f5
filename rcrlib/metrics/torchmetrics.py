"""The metrics as `torchmetrics.Metric`, for Lightning and Fabric: pip install rcrlib[torchmetrics].

What is kept is a state dict of `SaliencyMetrics` or `SegmentationMetrics`, as bytes: torchmetrics
gathers and concatenates it across processes, and `compute` merges the parts.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import fields
from functools import partial
from typing import Any

import torch
from torch import Tensor

from rcrlib.errors import OptionError
from rcrlib.metrics.accumulate import SaliencyMetrics, SaliencyScores
from rcrlib.metrics.inputs import Map
from rcrlib.metrics.protocol import SaliencyProtocol, get_protocol, get_segmentation_protocol
from rcrlib.metrics.segmentation_metrics import SegmentationMetrics, SegmentationScores

try:
    from torchmetrics import Metric
    from torchmetrics.utilities import dim_zero_cat
except ModuleNotFoundError as error:
    raise OptionError(
        f"{error.name} is not installed, and rcrlib.metrics.torchmetrics needs it:"
        " pip install 'rcrlib[torchmetrics]'"
    ) from error

__all__ = ["SaliencyMetric", "SegmentationMetric"]

RECORDS = 32
"""How many updates are kept separately before they are merged into one record."""

LENGTH = 8
"""Bytes at the start of a record that say how long it is."""

Metrics = SaliencyMetrics | SegmentationMetrics


class _VideoMetric(Metric):
    """What both have in common: records of state, merged."""

    full_state_update = False
    is_differentiable = False
    protocol: str
    records: list[Tensor] | Tensor

    def __init__(self, make: Any, *, needs_numbers: bool, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._make, self._needs_numbers = make, needs_numbers
        self.add_state("records", default=[], dist_reduce_fx="cat")

    def update(
        self,
        preds: Map,
        target: Map,
        video: str | Sequence[str] = "",
        frames: Sequence[int] | None = None,
        void: Map | None = None,
    ) -> None:
        """Add frames.

        Args:
            preds: `(B, 1, H, W)` or `(H, W)`, as the metrics of rcrlib take them.
            target: {0, 1}, same shape.
            video: the video that the frames belong to, or that of each frame of the batch.
            frames: their numbers in their videos. They may be left out where the protocol keeps
                each video's ends.
            void: bool, same shape: pixels that are not counted.

        Raises:
            DataError: sizes or values other than these.
            OptionError: numbers are needed, or are too few; nothing is added then.
        """
        if frames is None and self._needs_numbers:
            raise OptionError(
                f"protocol {self.protocol!r} depends on the order of a video's frames, and each"
                " update is measured by itself; give it the frames' numbers"
            )
        metrics = self._make()
        if isinstance(video, str):
            metrics.update(preds, target, video, frames, void=void)
        else:
            self._update_each(metrics, preds, target, video, frames, void)
        records = [self.records] if isinstance(self.records, Tensor) else self.records
        self.records = [*records, _pack(metrics).to(self.device)]
        if len(self.records) > RECORDS:
            self.records = [_pack(self._merged()).to(self.device)]

    def compute(self) -> dict[str, Tensor]:
        """Return the numbers of a table by name, of all processes' frames.

        Raises:
            DataError: no frame was given, or the protocol leaves none of a video.
        """
        result = vars(self._merged().compute())
        numbers = {name: result[name] for name in self._names if result[name] is not None}
        return {name: torch.tensor(value, device=self.device) for name, value in numbers.items()}

    def sync(self, *args: Any, **kwargs: Any) -> None:
        """Gather the records of all processes, of which some may not have had a frame."""
        if not len(self.records):  # torchmetrics would gather a float from this one
            self.records = [torch.zeros(0, dtype=torch.uint8, device=self.device)]
        super().sync(*args, **kwargs)

    @property
    def _names(self) -> tuple[str, ...]:
        raise NotImplementedError

    def _merged(self) -> Metrics:
        """Merge all records."""
        metrics = self._make()
        for state in _unpack(dim_zero_cat(self.records)) if len(self.records) else ():
            part = self._make()
            part.load_state_dict(state)
            metrics.merge(part)
        return metrics

    def _update_each(
        self, metrics: Metrics, preds: Map, target: Map, videos: Sequence[str],
        frames: Sequence[int] | None, void: Map | None,
    ) -> None:  # fmt: skip
        """Add the frames of a batch, each to its own video."""
        if len(videos) != len(preds) or (frames is not None and len(frames) != len(preds)):
            counts = f"{len(videos)} videos and {'no' if frames is None else len(frames)} numbers"
            raise OptionError(f"found {counts} for {len(preds)} frames, expected one for each")
        for i, video in enumerate(videos):
            one = slice(i, i + 1)
            metrics.update(
                preds[one], target[one], video, None if frames is None else list(frames[one]),
                void=None if void is None else void[one],
            )  # fmt: skip


class SaliencyMetric(_VideoMetric):
    """F, S, MAE, E and weighted F as a `torchmetrics.Metric`.

    `update`, `compute`, `reset`, `merge_state`, `forward`, and what Lightning does with them, are
    torchmetrics'; numbers are those of `rcrlib.metrics.SaliencyMetrics`. Frames that are given
    twice count twice: let a sampler not repeat frames to fill its last batch.

    `forward` also computes the batch's own numbers, which needs three frames of each video where
    the protocol leaves out the first and the last; `update` does not.

    Args:
        protocol: as of `rcrlib.metrics.SaliencyMetrics`.
        weighted: measure the weighted F too, which takes most of the time.
        kwargs: of `torchmetrics.Metric`.

    Example:
        >>> import torch
        >>> metric = SaliencyMetric("sod", weighted=False)
        >>> metric.update(torch.eye(4), torch.eye(4), video="diagonal")
        >>> float(metric.compute()["max_f"])
        1.0
    """

    def __init__(
        self, protocol: str | SaliencyProtocol = "paper", *, weighted: bool = True, **kwargs: Any
    ) -> None:
        chosen = get_protocol(protocol)
        make = partial(SaliencyMetrics, chosen, weighted=weighted)
        super().__init__(make, needs_numbers=not chosen.keep_ends, **kwargs)
        self.protocol = chosen.name

    @property
    def _names(self) -> tuple[str, ...]:
        return tuple(field.name for field in fields(SaliencyScores))


class SegmentationMetric(_VideoMetric):
    """J and F as a `torchmetrics.Metric`; see `SaliencyMetric`.

    Args:
        protocol, threshold: as of `rcrlib.metrics.SegmentationMetrics`. Both protocols need the
            frames' numbers.
        kwargs: of `torchmetrics.Metric`.
    """

    def __init__(self, protocol: str = "davis16", threshold: float = 0.5, **kwargs: Any) -> None:
        chosen = get_segmentation_protocol(protocol)
        # Their order decides the decay, so numbers are needed with every protocol.
        make = partial(SegmentationMetrics, chosen.name, threshold)
        super().__init__(make, needs_numbers=True, **kwargs)
        self.protocol, self.threshold = chosen.name, threshold

    @property
    def _names(self) -> tuple[str, ...]:
        return tuple(field.name for field in fields(SegmentationScores))


def _pack(metrics: Metrics) -> Tensor:
    """Return a state dict as uint8, its length first."""
    buffer = io.BytesIO()
    torch.save(metrics.state_dict(), buffer)
    content = buffer.getvalue()
    record = len(content).to_bytes(LENGTH, "little") + content
    return torch.frombuffer(bytearray(record), dtype=torch.uint8)


def _unpack(records: Tensor) -> Iterator[dict[str, Any]]:
    """Yield the state dicts of concatenated records."""
    content = records.to("cpu", torch.uint8).numpy().tobytes()
    start = 0
    while start < len(content):
        end = start + LENGTH
        length = int.from_bytes(content[start:end], "little")
        start = end + length
        yield torch.load(io.BytesIO(content[end:start]), weights_only=True)
