"""The magnitude and FGPLG's guiding channels."""

from __future__ import annotations

import math

import pytest
import torch

from rcrlib.errors import OptionError
from rcrlib.flow import guidance, magnitude, warp


def test_official_magnitude_divides_by_width_and_height() -> None:
    flow = torch.zeros(1, 2, 448, 448)
    flow[:, 0] = 10
    torch.testing.assert_close(
        magnitude(flow, "official"), torch.full((1, 1, 448, 448), 10 / 448), atol=1e-7, rtol=0
    )
    wide = torch.tensor([6.0, 8.0]).view(1, 2, 1, 1).expand(1, 2, 20, 40)
    expected = math.hypot(6 / 40, 8 / 20)
    assert magnitude(wide, "official")[0, 0, 3, 3] == pytest.approx(expected)


def test_paper_magnitude_divides_by_the_largest_component_of_each_flow() -> None:
    flow = torch.zeros(2, 2, 8, 8)
    flow[0, :, 2, 3] = torch.tensor([-10.0, 10.0])
    flow[0, :, 4, 4] = torch.tensor([3.0, 4.0])
    flow[1, :, 0, 0] = torch.tensor([0.0, -2.0])
    length = magnitude(flow)
    assert length.shape == (2, 1, 8, 8)
    assert length[0, 0, 2, 3] == pytest.approx(math.sqrt(2))
    assert length[0, 0, 4, 4] == pytest.approx(0.5)
    assert length[1, 0, 0, 0] == pytest.approx(1.0)
    assert length[0, 0, 0, 0] == 0


def test_paper_magnitude_does_not_blow_up_a_scene_at_rest() -> None:
    assert magnitude(torch.full((1, 2, 8, 8), 0.01)).max() < 0.02
    assert magnitude(torch.zeros(1, 2, 8, 8)).max() == 0


def test_an_unknown_variant_is_refused() -> None:
    with pytest.raises(OptionError, match="paper, official"):
        magnitude(torch.zeros(1, 2, 4, 4), "mine")  # type: ignore[arg-type]


@pytest.fixture
def example(generator: torch.Generator) -> tuple[torch.Tensor, ...]:
    label_i, label_j = (torch.rand(2, 1, 12, 16, generator=generator).round() for _ in range(2))
    flow_ki, flow_kj = (4 * torch.randn(2, 2, 12, 16, generator=generator) for _ in range(2))
    return label_i, label_j, flow_ki, flow_kj


def test_guidance_warps_each_label_with_its_own_flow(example: tuple[torch.Tensor, ...]) -> None:
    label_i, label_j, flow_ki, flow_kj = example
    guide = guidance(*example, variant="official")
    assert guide.shape == (2, 4, 12, 16)
    assert torch.equal(guide[:, 0:1], warp(label_i, flow_ki))
    assert torch.equal(guide[:, 1:2], warp(label_j, flow_kj))
    assert torch.equal(guide[:, 2:3], magnitude(flow_ki, "official"))
    assert torch.equal(guide[:, 3:4], magnitude(flow_kj, "official"))


def test_the_rows_of_table_4_switch_channels_off(example: tuple[torch.Tensor, ...]) -> None:
    label_i, label_j, _, _ = example
    zeros = torch.zeros_like(label_i)
    labels = guidance(label_i, label_j, None, None, inputs="rgb+labels")
    assert torch.equal(labels, torch.cat([label_i, label_j, zeros, zeros], dim=1))
    nothing = guidance(label_i, label_j, None, None, inputs="rgb")
    assert torch.equal(nothing, torch.cat([zeros] * 4, dim=1))


def test_missing_flow_and_unknown_inputs_are_refused(example: tuple[torch.Tensor, ...]) -> None:
    label_i, label_j, flow_ki, _ = example
    with pytest.raises(OptionError, match="one is missing"):
        guidance(label_i, label_j, flow_ki, None)
    with pytest.raises(OptionError, match=r"rgb, rgb\+labels, rgb\+labels\+flow"):
        guidance(*example, inputs="labels")  # type: ignore[arg-type]
