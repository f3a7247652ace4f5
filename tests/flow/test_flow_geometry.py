"""Warping and occlusion."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from rcrlib.flow import occlusion, warp


def constant_flow(dx: float, dy: float, height: int, width: int) -> Tensor:
    return torch.tensor([dx, dy]).float().view(1, 2, 1, 1).expand(1, 2, height, width)


def test_without_motion_warping_changes_nothing(generator: torch.Generator) -> None:
    image = torch.rand(2, 3, 31, 47, generator=generator)
    torch.testing.assert_close(warp(image, torch.zeros(2, 2, 31, 47)), image)


@pytest.mark.parametrize(("dx", "dy"), [(3, 0), (0, 2), (-4, 5)])
def test_a_whole_shift_reads_the_pixel_that_the_flow_points_to(
    dx: int, dy: int, generator: torch.Generator
) -> None:
    image = torch.rand(1, 1, 20, 30, generator=generator)
    warped = warp(image, constant_flow(dx, dy, 20, 30))
    for y, x in [(6, 7), (10, 20), (14, 12)]:
        assert warped[0, 0, y, x] == pytest.approx(float(image[0, 0, y + dy, x + dx]), abs=1e-5)


def test_a_label_moves_against_the_flow() -> None:
    # The object went 5 px to the right from a to b; b's label comes back 5 px to the left.
    label_b = torch.zeros(1, 1, 16, 24)
    label_b[:, :, 4:8, 10:14] = 1
    label_a = torch.zeros(1, 1, 16, 24)
    label_a[:, :, 4:8, 5:9] = 1
    torch.testing.assert_close(warp(label_b, constant_flow(5, 0, 16, 24)), label_a)


def test_a_fractional_shift_interpolates_linearly() -> None:
    ramp = torch.arange(12.0).expand(1, 1, 9, 12)  # the value is x
    warped = warp(ramp, constant_flow(0.25, 0, 9, 12))
    torch.testing.assert_close(warped[..., :-1], ramp[..., :-1] + 0.25)


def test_outside_the_view_the_border_repeats() -> None:
    ramp = torch.arange(12.0).expand(1, 1, 9, 12)
    assert (warp(ramp, constant_flow(100, 0, 9, 12)) == 11).all()
    assert (warp(ramp, constant_flow(-100, 0, 9, 12)) == 0).all()


def test_every_pair_of_a_batch_has_its_own_flow(generator: torch.Generator) -> None:
    image = torch.rand(2, 3, 10, 10, generator=generator)
    flow = torch.randn(2, 2, 10, 10, generator=generator)
    alone = torch.cat([warp(image[i : i + 1], flow[i : i + 1]) for i in range(2)])
    torch.testing.assert_close(warp(image, flow), alone)


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (5, 1)])
def test_views_of_a_single_row_or_column_can_be_warped(size: tuple[int, int]) -> None:
    image = torch.arange(float(size[0] * size[1])).view(1, 1, *size)
    torch.testing.assert_close(warp(image, torch.zeros(1, 2, *size)), image)


def test_the_result_keeps_the_type_of_the_image(generator: torch.Generator) -> None:
    image = torch.rand(1, 1, 448, 448, generator=generator)
    flow = constant_flow(0.5, 0.5, 448, 448)
    half = warp(image.half(), flow)
    assert half.dtype == torch.float16
    torch.testing.assert_close(half.float(), warp(image, flow), atol=2e-3, rtol=0)


def test_gradients_of_image_and_flow_are_right(generator: torch.Generator) -> None:
    image = torch.rand(1, 2, 5, 6, generator=generator, dtype=torch.float64, requires_grad=True)
    # Far from whole pixels and from the border, where the bilinear surface has its kinks.
    flow = 0.3 + 0.2 * torch.rand(1, 2, 5, 6, generator=generator, dtype=torch.float64)
    flow[:, 0, :, -1] = flow[:, 1, -1, :] = -0.4
    assert torch.autograd.gradcheck(warp, (image, flow.requires_grad_()))


@pytest.mark.parametrize(
    ("image", "flow"),
    [
        (torch.zeros(1, 1, 4, 5), torch.zeros(1, 2, 5, 4)),
        (torch.zeros(2, 1, 4, 5), torch.zeros(1, 2, 4, 5)),
        (torch.zeros(1, 4, 5), torch.zeros(1, 2, 4, 5)),
        (torch.zeros(1, 1, 4, 5), torch.zeros(1, 3, 4, 5)),
        (torch.zeros(1, 1, 4, 5, dtype=torch.uint8), torch.zeros(1, 2, 4, 5)),
        (torch.zeros(1, 1, 4, 5), torch.zeros(1, 2, 4, 5, dtype=torch.int32)),
    ],
)
def test_tensors_that_do_not_belong_together_are_refused(image: Tensor, flow: Tensor) -> None:
    with pytest.raises(ValueError, match="expected"):
        warp(image, flow)


def test_where_both_flows_agree_nothing_is_hidden_but_what_leaves_the_view() -> None:
    hidden = occlusion(constant_flow(4, 0, 16, 24), constant_flow(-4, 0, 16, 24))
    expected = torch.zeros(1, 1, 16, 24, dtype=torch.bool)
    expected[..., -4:] = True
    assert torch.equal(hidden, expected)


def test_what_a_moving_square_covers_is_hidden() -> None:
    # A square over columns 10 to 19 of a still background moves 6 px to the right.
    forward, backward = torch.zeros(1, 2, 30, 40), torch.zeros(1, 2, 30, 40)
    forward[:, 0, 10:20, 10:20] = 6
    backward[:, 0, 10:20, 16:26] = -6
    covered = torch.zeros(1, 1, 30, 40, dtype=torch.bool)
    covered[:, :, 10:20, 20:26] = True  # background of a under the square of b
    assert torch.equal(occlusion(forward, backward), covered)


def test_small_disagreement_is_not_an_occlusion() -> None:
    forward, backward = constant_flow(3, 0, 12, 12), constant_flow(-3.5, 0, 12, 12)
    assert not occlusion(forward, backward)[..., :8].any()
    assert occlusion(forward, constant_flow(-5, 0, 12, 12)).all()


@pytest.mark.gpu
def test_the_gpu_warps_like_the_cpu(generator: torch.Generator) -> None:
    image = torch.rand(2, 3, 64, 96, generator=generator)
    flow = 20 * torch.randn(2, 2, 64, 96, generator=generator)
    warped = warp(image.cuda(), flow.cuda()).cpu()
    torch.testing.assert_close(warped, warp(image, flow), atol=1e-4, rtol=0)
