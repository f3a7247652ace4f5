"""The tiled head against the head as it reads."""

from __future__ import annotations

from copy import deepcopy

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils._python_dispatch import TorchDispatchMode

from rcrlib.models import RCRNet, RCRNetConfig, accelerate
from rcrlib.models.fast import head
from rcrlib.models.fast.head import is_worth_tiling, tiled_head
from rcrlib.models.fast.interpolation import interpolation_bands, shifted_interpolation

pytestmark = pytest.mark.usefixtures("all_twins", "seeded")

CHANNELS, WIDE = 5, 6
SIZES = [
    ((28, 28), (112, 112)),  # blocks end where the image ends
    ((12, 8), (48, 32)),
    ((9, 11), (36, 44)),  # a last block that is not full
    ((5, 7), (18, 27)),  # sizes that are no multiple of four
    ((33, 25), (131, 100)),  # of four along one side only
    ((4, 25), (16, 100)),
    ((2, 2), (7, 5)),
    ((1, 2), (4, 8)),
    ((1, 1), (4, 2)),
    ((1, 1), (1, 1)),
]
EXACT = {torch.float64: 1e-12, torch.float32: 2e-5}


def plain(x: Tensor, weight: Tensor, bias: Tensor, w: Tensor, b: Tensor, size: tuple) -> Tensor:
    large = F.interpolate(x, size=size, mode="bilinear", align_corners=False)
    return F.conv2d(F.relu(F.conv2d(large, weight, bias, padding=1)), w, b)


def inputs(shape: tuple[int, int], dtype: torch.dtype, frames: int = 2) -> list[Tensor]:
    shapes = (frames, CHANNELS, *shape), (WIDE, CHANNELS, 3, 3), (WIDE,), (1, WIDE, 1, 1), (1,)
    return [torch.randn(shape, dtype=dtype, requires_grad=True) for shape in shapes]


def away_from_corners(x: Tensor, weight: Tensor, bias: Tensor, size: tuple) -> Tensor:
    """Leave out pixels where a ReLU is at its corner: rounding decides on their gradients."""
    large = F.interpolate(x, size=size, mode="bilinear", align_corners=False)
    before = F.conv2d(large, weight, bias, padding=1)
    return (before.abs() > 1e-4).all(dim=1, keepdim=True)


def relative(found: Tensor, expected: Tensor) -> float:
    return ((found - expected).norm() / (expected.norm() + 1e-30)).item()


@pytest.mark.parametrize("whole", [False, True], ids=["strips", "at once"])
@pytest.mark.parametrize("dtype", EXACT, ids=str)
@pytest.mark.parametrize(("shape", "size"), SIZES)
def test_logits_and_all_gradients_are_those_of_the_plain_head(
    shape, size, dtype, whole, monkeypatch
):
    monkeypatch.setattr(head, "whole_frame_at_once", lambda device: whole)
    given = inputs(shape, dtype)
    expected, found = plain(*given, size), tiled_head(*given, size)
    assert relative(found, expected) < EXACT[dtype]
    weights = torch.randn_like(expected) * away_from_corners(*given[:3], size)
    pairs = zip(
        torch.autograd.grad(found, given, weights),
        torch.autograd.grad(expected, given, weights),
        strict=True,
    )
    assert max(relative(*pair) for pair in pairs) < EXACT[dtype]


@pytest.mark.parametrize("edge", ["top", "bottom", "left", "right"])
def test_borders_are_padded_and_clamped_as_in_the_plain_head(edge):
    """The error of one border pixel would drown in a norm over all of them."""
    given = inputs((8, 12), torch.float64)
    difference = (tiled_head(*given, (32, 48)) - plain(*given, (32, 48))).abs()
    rows = {"top": difference[..., 0, :], "bottom": difference[..., -1, :],
            "left": difference[..., 0], "right": difference[..., -1]}  # fmt: skip
    assert rows[edge].max() < 1e-12


def test_gradients_agree_with_finite_differences():
    given = inputs((2, 3), torch.float64, frames=1)
    assert torch.autograd.gradcheck(lambda *tensors: tiled_head(*tensors, (8, 12)), given)


class Largest(TorchDispatchMode):
    """Notes the size of the largest tensor that any operation makes."""

    numel = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        for tensor in result if isinstance(result, tuple | list) else [result]:
            if isinstance(tensor, Tensor) and tensor._base is None:
                self.numel = max(self.numel, tensor.numel())
        return result


def test_the_map_at_full_size_is_never_there_forwards_or_backwards():
    given = inputs((64, 64), torch.float32, frames=1)
    with Largest() as seen:
        tiled_head(*given, (256, 256)).sum().backward()
    assert seen.numel < WIDE * 256 * 256 / 2


def test_shifted_interpolation_is_interpolation_and_padding_along_one_axis():
    x = torch.randn(7, dtype=torch.float64)
    large = F.interpolate(x[None, None, :, None], (30, 1), mode="bilinear")[0, 0, :, 0]
    found = torch.einsum("onk,n->ko", shifted_interpolation(7, 30), x)
    padded = F.pad(large, (1, 1))
    torch.testing.assert_close(found, torch.stack([padded[k : k + 30] for k in range(3)]))


@pytest.mark.parametrize(("n", "size"), [(28, 112), (7, 28), (7, 27), (25, 100), (1, 4), (3, 1)])
def test_bands_hold_all_of_the_matrix(n, size):
    device = torch.device("cpu")
    bands = interpolation_bands(n, size, 16, torch.float64, device)
    rebuilt = torch.zeros(len(bands.blocks) * 16, n + 64, 3, dtype=torch.float64)
    for number, (block, start) in enumerate(zip(bands.blocks, bands.starts, strict=True)):
        rows = rebuilt[16 * number : 16 * number + 16, start + 32 : start + 32 + bands.width]
        rows += block.unflatten(1, (bands.width, 3))
    assert torch.equal(rebuilt[:size, 32 : 32 + n], shifted_interpolation(n, size))
    assert rebuilt.abs().sum() == rebuilt[:size, 32 : 32 + n].abs().sum()


def test_autocast_computes_it_in_bfloat16_forwards_and_backwards():
    given = inputs((8, 8), torch.float32)
    with torch.autocast("cpu", torch.bfloat16):
        found = tiled_head(*given, (32, 32))
    assert found.dtype == torch.bfloat16
    assert relative(found.float(), plain(*given, (32, 32))) < 0.03
    found.float().sum().backward()
    assert all(tensor.grad.dtype == torch.float32 for tensor in given)


def test_the_shortcut_steps_aside_while_batch_normalisation_learns(monkeypatch):
    """Then its statistics are those of the map at full size."""
    monkeypatch.setattr("rcrlib.models.fast.head.LEAST_MULTIPLY_ADDS", 0)
    monkeypatch.setattr("rcrlib.models.fast.decoder.tiled_head", None)
    config = RCRNetConfig(backbone="resnet18", aspp_channels=8, head_channels=8)
    network = RCRNet(config)
    fast = accelerate(deepcopy(network))
    x = torch.randn(2, 3, 32, 32)
    for one in (network, fast):
        torch.manual_seed(1)
        one(x)
    found = dict(fast.named_buffers())
    for name, tensor in network.named_buffers():
        torch.testing.assert_close(found[name], tensor, rtol=1e-4, atol=1e-5)


def test_small_heads_are_not_worth_it():
    assert is_worth_tiling(nn.Conv2d(128, 256, 3), (448, 448))
    assert not is_worth_tiling(nn.Conv2d(8, 8, 3), (64, 64))
