"""OpenCV's classical methods: no weights, no GPU, milliseconds for a pair."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import torch
from torch import Tensor

from rcrlib.errors import DataError
from rcrlib.flow.estimator import Names, check_frames

GreyFlow = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Two grey uint8 (H, W) frames to float32 (H, W, 2)."""

DIS_MIN_SIDE = 32
"""OpenCV 4.13's DIS ends the process (out of bounds) on long frames less high or wide than this."""


class OpenCVFlow:
    """A classical method on grey frames, one pair at a time; see `dis` and `farneback`.

    Deterministic: the same frames give the same bits, however many threads OpenCV has.
    """

    def __init__(self, key: str, estimate: GreyFlow) -> None:
        self.key = f"{key}/opencv-{cv2.__version__}"
        self._estimate = estimate

    def __call__(self, a: Tensor, b: Tensor, names: Names | None = None) -> Tensor:
        """Estimate the flow; see `FlowEstimator`."""
        check_frames(a, b)
        flow = np.stack([self._estimate(_grey(i), _grey(j)) for i, j in zip(a, b, strict=True)])
        return torch.from_numpy(flow).permute(0, 3, 1, 2).contiguous()


def dis() -> OpenCVFlow:
    """Dense inverse search (Kroeger et al., ECCV 2016), OpenCV's preset "medium"."""
    return OpenCVFlow("dis-medium", _dis)


def farneback() -> OpenCVFlow:
    """Polynomial expansion (Farnebäck, SCIA 2003): smoother and less exact than `dis`."""
    return OpenCVFlow("farneback-5-15-3-7", _farneback)


def _dis(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    if min(a.shape) < DIS_MIN_SIDE:
        raise DataError(
            f"frames of {a.shape[0]} x {a.shape[1]} pixels: dis needs at least {DIS_MIN_SIDE}"
            " on each side; resize them or take farneback"
        )
    # One object a call: it keeps buffers, and two threads must not share them.
    method = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    return method.calc(a, b, None)  # type: ignore[call-overload]  # None: no flow to start from


def _farneback(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    # Five pyramid levels for motions of tens of pixels; the rest as in OpenCV's examples.
    unused = np.empty((*a.shape, 2), np.float32)
    return cv2.calcOpticalFlowFarneback(a, b, unused, 0.5, 5, 15, 3, 7, 1.5, 0)


def _grey(frame: Tensor) -> np.ndarray:
    return cv2.cvtColor(frame.permute(1, 2, 0).contiguous().numpy(), cv2.COLOR_RGB2GRAY)
