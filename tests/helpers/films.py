"""Frames of noise, and video files of frames."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np


def frames_of(count: int, size: tuple[int, int] = (20, 30)) -> list[np.ndarray]:
    """Make noise of (H, W, 3) uint8."""
    generator = np.random.default_rng(0)
    return [generator.integers(0, 256, (*size, 3), np.uint8) for _ in range(count)]


def write_film(path: Path, frames: Iterable[np.ndarray], rate: float = 12.5) -> Path:
    """Write a video file of frames (H, W, 3) uint8 RGB."""
    writer = None
    for frame in frames:
        if writer is None:
            height, width = frame.shape[:2]
            code = cv2.VideoWriter.fourcc(*"MJPG")
            writer = cv2.VideoWriter(str(path), code, rate, (width, height))
        writer.write(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
    assert writer is not None
    writer.release()
    return path
