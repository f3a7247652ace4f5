"""Flow on real videos: what it is there for is that the next frame comes back to this one."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor

from rcrlib.flow import get_flow, warp

SEQUENCES = (
    "blackswan",
    "bmx-trees",
    "camel",
    "car-roundabout",
    "dance-twirl",
    "drift-straight",
    "horsejump-high",
    "libby",
)


def frame(path: Path) -> Tensor:
    bgr = cv2.resize(cv2.imread(str(path)), (448, 448), interpolation=cv2.INTER_AREA)
    rgb = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
    return torch.from_numpy(rgb).permute(2, 0, 1).unsqueeze(0)


@pytest.mark.parametrize("sequence", SEQUENCES)
def test_dis_explains_most_of_the_change_between_frames(sequence: str, shared: Path) -> None:
    folder = shared / "data" / "DAVIS2016" / "JPEGImages" / "480p" / sequence
    paths = sorted(folder.glob("*.jpg"))
    estimate = get_flow("dis")
    unwarped = warped = 0.0
    for index in np.linspace(0, len(paths) - 2, num=5).round().astype(int):
        here, following = frame(paths[index]), frame(paths[index + 1])
        back = warp(following.float(), estimate(here, following))
        unwarped += float((following.float() - here).abs().mean())
        warped += float((back - here).abs().mean())
    ratio = warped / unwarped
    print(f"{sequence}: {warped / 5:.2f} / {unwarped / 5:.2f} grey levels = {ratio:.3f}")
    assert ratio <= 0.4
