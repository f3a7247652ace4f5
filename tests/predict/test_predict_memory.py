"""The memory that `rcr predict` takes does not grow with the length of the video."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from helpers.films import write_film
from helpers.networks import NETWORK
from helpers.processes import run_process
from rcrlib.cli import main
from rcrlib.models import RCRNetNER, save_weights

STATUS = Path("/proc/self/status")


def moving_disk(count: int, side: int) -> Iterator[np.ndarray]:
    background = np.random.default_rng(0).integers(0, 256, (side // 8, side // 8, 3), np.uint8)
    background = cv2.resize(background, (side, side), interpolation=cv2.INTER_CUBIC)
    for index in range(count):
        frame = np.roll(background, index, axis=1)
        yield cv2.circle(frame, (side // 2, (3 * index) % side), side // 6, (40, 200, 250), -1)


def _predict_and_note_the_peak(arguments: list[str], note: Path) -> None:
    """Run `rcr predict` and write down the most memory that this process has had, in KiB.

    Not with `resource.getrusage`: its peak counts the parent that the process was forked from.
    """
    try:
        main(arguments)
    finally:
        note.write_text(STATUS.read_text().split("VmHWM:")[1].split()[0])


@pytest.mark.skipif(not STATUS.exists(), reason="needs Linux's /proc")
@pytest.mark.parametrize("overlay", [False, True])
def test_ten_times_as_many_frames_take_as_much_memory(overlay, tmp_path, full):
    if overlay and not full:
        pytest.skip("run with --full")
    short, long, side, work = (60, 600, 448, 112) if full else (20, 200, 448, 16)
    torch.manual_seed(0)
    weights, note = tmp_path / "model.safetensors", tmp_path / "peak"
    save_weights(RCRNetNER(NETWORK), weights)
    peaks = []
    for count in (short, long):
        source = write_film(tmp_path / f"{count}.avi", moving_disk(count, side))
        out = tmp_path / f"maps{count}"
        options = ["--weights", weights, "--out", out, "--size", work, "--device", "cpu"]
        arguments = ["predict", source, *options, *(["--overlay"] if overlay else [])]
        assert run_process(_predict_and_note_the_peak, [*map(str, arguments)], note) == 0
        peaks.append(int(note.read_text()) / 1024)
        assert len(list(out.rglob("*.png"))) == count
    growth = peaks[1] / peaks[0] - 1
    print(
        f"peak memory, {side}x{side}, overlay {overlay}: {short} frames {peaks[0]:.0f} MiB,"
        f" {long} frames {peaks[1]:.0f} MiB ({growth:+.1%})"
    )
    assert abs(growth) < 0.1
