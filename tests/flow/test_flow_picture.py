"""Flow as a picture."""

from __future__ import annotations

import torch

from rcrlib.flow import flow_to_rgb


def towards(dx: float, dy: float) -> list[int]:
    flow = torch.tensor([dx, dy]).view(1, 2, 1, 1).expand(1, 2, 4, 5)
    return flow_to_rgb(flow, max_magnitude=10)[0, :, 1, 1].tolist()


def test_rest_is_white_and_directions_have_their_hues() -> None:
    assert towards(0, 0) == [255, 255, 255]
    assert towards(10, 0) == [255, 0, 0]
    assert towards(-10, 0) == [0, 255, 255]
    assert towards(0, 10) == [128, 255, 0]
    assert towards(0, -10) == [128, 0, 255]


def test_strength_grows_with_length_up_to_the_given_maximum() -> None:
    assert towards(5, 0) == [255, 128, 128]
    assert towards(50, 0) == towards(10, 0)


def test_without_a_maximum_each_flow_fills_its_own_range() -> None:
    flow = torch.zeros(2, 2, 4, 5)
    flow[0, 0, 0, 0], flow[1, 0, 0, 0] = 100, 7
    picture = flow_to_rgb(flow)
    assert picture.shape == (2, 3, 4, 5)
    assert picture.dtype == torch.uint8
    assert picture[:, :, 0, 0].tolist() == [[255, 0, 0]] * 2
    assert flow_to_rgb(flow * 0.001).min() > 200
