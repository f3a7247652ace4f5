"""The memory that `rcr predict` takes does not grow with the length of the video."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from small_runs import NETWORK

from rcrlib.models import RCRNetNER, save_weights

ROOT = Path(__file__).parents[1]
# Not resource.getrusage: its peak counts the memory of the parent that the process was forked from.
PEAK = """
import sys
from pathlib import Path
from rcrlib.cli import main
try:
    main(sys.argv[1:])
finally:
    print("peak", Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
"""


def write_film(path: Path, count: int, side: int) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 24, (side, side))
    background = np.random.default_rng(0).integers(0, 256, (side // 8, side // 8, 3), np.uint8)
    background = cv2.resize(background, (side, side), interpolation=cv2.INTER_CUBIC)
    for index in range(count):
        frame = np.roll(background, index, axis=1)
        cv2.circle(frame, (side // 2, (3 * index) % side), side // 6, (40, 200, 250), -1)
        writer.write(frame)
    writer.release()
    return path


def peak(source: Path, weights: Path, out: Path, *options: str) -> int:
    """Run `rcr predict` in a process of its own and give its peak memory in KiB."""
    command = [sys.executable, "-c", PEAK, "predict", str(source), "--weights", str(weights)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    finished = subprocess.run(
        [*command, "--out", str(out), *options], env=environment, capture_output=True, text=True
    )
    assert finished.returncode == 0, finished.stderr
    return int(finished.stdout.split("peak")[-1])


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc")
@pytest.mark.parametrize("overlay", [False, True])
def test_ten_times_as_many_frames_take_as_much_memory(overlay, tmp_path, full):
    if overlay and not full:
        pytest.skip("run with --full")
    short, long, side, work = (60, 600, 448, "112") if full else (24, 240, 448, "16")
    torch.manual_seed(0)
    weights = tmp_path / "model.safetensors"
    save_weights(RCRNetNER(NETWORK), weights)
    options = ("--size", work, "--device", "cpu", *(("--overlay",) if overlay else ()))
    peaks = []
    for count in (short, long):
        source = write_film(tmp_path / f"{count}.avi", count, side)
        peaks.append(peak(source, weights, tmp_path / f"maps{count}", *options))
        assert len(list((tmp_path / f"maps{count}").rglob("*.png"))) == count
    growth = peaks[1] / peaks[0] - 1
    print(
        f"peak memory, {side}x{side}, overlay {overlay}: {short} frames {peaks[0] / 1024:.0f} MiB,"
        f" {long} frames {peaks[1] / 1024:.0f} MiB ({growth:+.1%})"
    )
    assert abs(growth) < 0.1
