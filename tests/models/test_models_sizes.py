"""Parameters and multiply-adds against those of the authors' networks."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from rcrlib.models import (
    FGPLG,
    NERConfig,
    RCRNet,
    RCRNetNER,
    accelerate,
    parameter_count,
)

FC = 2048 * 1000 + 1000  # ResNet's classifier: in the released files, unused


def test_parameter_counts_are_those_of_the_released_networks():
    with torch.device("meta"):
        image_net, video_net, generator = RCRNet(), RCRNetNER(), FGPLG()
    assert parameter_count(video_net) + FC == pytest.approx(53.8e6, abs=0.05e6)
    assert parameter_count(generator) - parameter_count(image_net) == 64 * 4 * 7 * 7
    official = NERConfig(variant="official")
    with torch.device("meta"):
        assert parameter_count(RCRNetNER(ner=official)) == parameter_count(video_net)


def giga_multiply_adds(network: nn.Module, frames: int) -> dict[str, float]:
    """Count per frame and module at 448x448; a multiply-add is two operations."""
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        network.eval()(torch.empty(1, frames, 3, 448, 448))
    counts = counter.get_flop_counts()
    return {name: sum(ops.values()) / 2 / frames / 1e9 for name, ops in counts.items()}


def test_multiply_adds_per_frame_are_the_published_ones():
    # The published counts form all N x N similarities. Convolutions and matrix products alone are
    # counted here, so that the totals stay within 2.5 % of counts that include cheaper operations.
    with torch.device("meta"):
        found = giga_multiply_adds(RCRNetNER(), frames=4)
    part = {name.removeprefix("RCRNetNER."): count for name, count in found.items()}
    aspp = part["rcrnet.encoder.aspp"]
    blocks = [f"rcrnet.decoder.refine{stride}" for stride in (16, 8, 4)]
    refinement = sum(part[block] + part[f"{block}.skip"] for block in blocks)
    non_local = part["ner.first_non_local"] + part["ner.second_non_local"]
    assert part["rcrnet.encoder"] - aspp == pytest.approx(24.9, rel=0.025)
    assert aspp == pytest.approx(13.8, rel=0.025)
    assert refinement == pytest.approx(5.6, rel=0.025)
    assert part["rcrnet.decoder.head"] == pytest.approx(59.3, rel=0.025)
    assert part["ner"] == pytest.approx(8.1, rel=0.025)
    assert non_local == pytest.approx(1.5, rel=0.025)
    assert part["Global"] == pytest.approx(111.8, rel=0.01)


def test_the_linear_order_saves_most_of_the_non_local_blocks(all_twins):
    with torch.device("meta"):
        plain, fast = RCRNetNER(), accelerate(RCRNetNER())
    pairs = giga_multiply_adds(plain, frames=4)["RCRNetNER.ner.first_non_local"]
    linear = giga_multiply_adds(fast, frames=4)["FastRCRNetNER.ner.first_non_local"]
    assert linear < pairs / 5
