"""The parts of NER against transcriptions of the paper's equations in NumPy."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from rcrlib.errors import OptionError
from rcrlib.models import NER, ConvGRUCell, DBConvGRU, NERConfig, NonLocalBlock
from rcrlib.models.fast.nonlocal_block import dot_product_sum
from rcrlib.models.nonlocal_block import pairwise_sum, softmax_sum

pytestmark = pytest.mark.usefixtures("seeded")

Array = np.ndarray
VARIANTS = ["paper", "official"]


def randomise(module: nn.Module) -> None:
    """Leave nothing at zero: neither W of a non-local block nor a bias."""
    for parameter in module.parameters():
        nn.init.normal_(parameter, std=0.3)


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def convolve(conv: nn.Conv2d) -> Callable[[Array], Array]:
    """Return the convolution as a sum over its window: (C, H, W) -> (C', H, W)."""
    weight = conv.weight.detach().numpy()
    bias = conv.bias.detach().numpy() if conv.bias is not None else np.zeros(len(weight))
    pad = weight.shape[-1] // 2

    def apply(x: Array) -> Array:
        _, height, width = x.shape
        padded = np.pad(x, ((0, 0), (pad, pad), (pad, pad)))
        out = np.tile(bias[:, None, None], (1, height, width))
        for dy in range(weight.shape[2]):
            for dx in range(weight.shape[3]):
                window = padded[:, dy : dy + height, dx : dx + width]
                out += np.einsum("oc,chw->ohw", weight[:, :, dy, dx], window)
        return out

    return apply


def eq2(cell: ConvGRUCell, x: Array, h: Array) -> Array:
    w = {name: convolve(conv) for name, conv in cell.named_children()}
    z = sigmoid(w["w_xz"](x) + w["w_hz"](h))
    r = sigmoid(w["w_xr"](x) + w["w_hr"](h))
    if cell.variant == "paper":
        candidate = np.tanh(w["w_xh"](x) + r * w["w_hh"](h))
    else:
        candidate = np.tanh(w["w_xh"](x) + w["w_hh"](r * h))
    return (1 - z) * candidate + z * h


def eq3(gru: DBConvGRU, x: Array) -> Array:
    length = len(x)
    forward, h = [], x[0]
    for t in range(length):
        h = eq2(gru.forward_cell, x[t], h)
        forward.append(h)
    if not gru.bidirectional:
        return np.stack(forward)
    backward, h = [None] * length, forward[-1]
    for t in reversed(range(length)):
        h = eq2(gru.backward_cell, forward[t], h)
        backward[t] = h
    w_hf, w_hb = convolve(gru.w_hf), convolve(gru.w_hb)
    return np.stack([np.tanh(w_hf(f) + w_hb(b)) for f, b in zip(forward, backward, strict=True)])


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("kernel", [1, 3])
def test_convgru_cell_is_eq_2(variant, kernel):
    cell = ConvGRUCell(4, variant, kernel).double()
    randomise(cell)
    x, h = torch.randn(2, 2, 4, 5, 6, dtype=torch.float64)
    found = cell(x, h).detach().numpy()
    for b in range(2):
        np.testing.assert_allclose(found[b], eq2(cell, x[b].numpy(), h[b].numpy()), atol=1e-12)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize("length", [1, 3])
def test_db_convgru_is_eq_3(variant, bidirectional, length):
    gru = DBConvGRU(3, variant, bidirectional).double()
    randomise(gru)
    x = torch.randn(2, length, 3, 4, 5, dtype=torch.float64)
    found = gru(x).detach().numpy()
    for b in range(2):
        np.testing.assert_allclose(found[b], eq3(gru, x[b].numpy()), atol=1e-12)


@pytest.mark.parametrize("softmax", [False, True])
def test_non_local_block_is_a_weighted_sum_over_all_positions(softmax):
    block = NonLocalBlock(4, softmax=softmax).double()
    randomise(block)
    x = torch.randn(2, 2, 4, 3, 2, dtype=torch.float64)
    found = block(x).detach().numpy()
    for b in range(2):
        np.testing.assert_allclose(found[b], non_local(block, x[b].numpy()), atol=1e-12)


def non_local(block: NonLocalBlock, x: Array) -> Array:
    def linear(layer: nn.Linear, v: Array) -> Array:
        return layer.weight.detach().numpy() @ v + layer.bias.detach().numpy()

    length, _, height, width = x.shape
    places = list(np.ndindex(length, height, width))
    z = x.copy()
    for t, i, j in places:
        theta = linear(block.theta, x[t, :, i, j])
        f = np.array([theta @ linear(block.phi, x[s, :, k, m]) for s, k, m in places])
        weights = np.exp(f) / np.exp(f).sum() if block.softmax else f / len(places)
        g = [linear(block.g, x[s, :, k, m]) for s, k, m in places]
        y = sum(weight * value for weight, value in zip(weights, g, strict=True))
        z[t, :, i, j] += linear(block.w, y)
    return z


def test_linear_and_quadratic_orders_of_the_dot_product_agree():
    theta, phi, g = torch.randn(3, 2, 50, 8, dtype=torch.float64)
    torch.testing.assert_close(dot_product_sum(theta, phi, g), pairwise_sum(theta, phi, g))


def test_softmax_weights_average_g():
    theta, phi = torch.randn(2, 1, 50, 8)
    g = torch.full((1, 50, 8), 3.0)
    torch.testing.assert_close(softmax_sum(theta, phi, g), g)


def test_dot_product_stays_finite_and_exact_enough_in_float16():
    theta, phi, g = (torch.randn(3, 1, 12544, 16) + 2.5).half()
    exact = pairwise_sum(theta[:, :64].double(), phi.double(), g.double())
    found = dot_product_sum(theta, phi, g)[:, :64].double()
    assert ((found - exact).norm() / exact.norm()).item() < 5e-3


def test_a_new_non_local_block_changes_nothing():
    x = torch.randn(1, 2, 6, 4, 5)
    assert torch.equal(NonLocalBlock(6)(x), x)


def test_update_gate_one_keeps_the_state_and_zero_takes_the_candidate():
    cell = ConvGRUCell(2)
    x, h = torch.randn(2, 1, 2, 3, 3)
    nn.init.constant_(cell.w_xz.bias, 100.0)
    torch.testing.assert_close(cell(x, h), h)
    nn.init.constant_(cell.w_xz.bias, -100.0)
    r = torch.sigmoid(cell.w_xr(x) + cell.w_hr(h))
    torch.testing.assert_close(cell(x, h), torch.tanh(cell.w_xh(x) + r * cell.w_hh(h)))


def test_one_way_recurrence_does_not_see_the_future_and_bidirectional_does():
    x = torch.randn(1, 3, 4, 5, 5)
    changed = x.clone()
    changed[:, 2] += 1
    one_way, both_ways = DBConvGRU(4, bidirectional=False), DBConvGRU(4)
    assert torch.equal(one_way(x)[:, :2], one_way(changed)[:, :2])
    assert not torch.allclose(both_ways(x)[:, 0], both_ways(changed)[:, 0])


@pytest.mark.parametrize("variant", VARIANTS)
def test_gradients_of_the_convgru_cell_agree_with_finite_differences(variant):
    cell = ConvGRUCell(2, variant).double()
    randomise(cell)
    x, h = torch.randn(2, 1, 2, 3, 3, dtype=torch.float64, requires_grad=True).unbind()
    check_gradients(cell, x, h)


@pytest.mark.parametrize("softmax", [False, True])
def test_gradients_of_the_non_local_block_agree_with_finite_differences(softmax):
    block = NonLocalBlock(4, softmax=softmax).double()
    randomise(block)
    check_gradients(block, torch.randn(1, 2, 4, 2, 2, dtype=torch.float64, requires_grad=True))


def check_gradients(module: nn.Module, *inputs: torch.Tensor) -> None:
    """Compare with finite differences, for the inputs and for every parameter."""
    names = [name for name, _ in module.named_parameters()]

    def function(*values: torch.Tensor) -> torch.Tensor:
        parameters = dict(zip(names, values[len(inputs) :], strict=True))
        return torch.func.functional_call(module, parameters, values[: len(inputs)])

    assert torch.autograd.gradcheck(function, (*inputs, *module.parameters()))


def test_ner_is_its_three_parts_in_order():
    ner = NER(4)
    randomise(ner)
    x = torch.randn(1, 2, 4, 3, 3)
    expected = ner.second_non_local(ner.recurrence(ner.first_non_local(x)))
    torch.testing.assert_close(ner(x), expected)


def test_ner_without_any_part_passes_its_input_on():
    x = torch.randn(1, 2, 4, 3, 3)
    assert torch.equal(NER(4, NERConfig(False, "none", False))(x), x)


def test_unknown_names_are_refused_with_the_choices():
    with pytest.raises(OptionError, match=r"variant='Paper'.*'paper', 'official'"):
        ConvGRUCell(4, "Paper")
    with pytest.raises(OptionError, match=r"recurrence='both'.*'none', 'one-way', 'bidirectional'"):
        NERConfig(recurrence="both")
