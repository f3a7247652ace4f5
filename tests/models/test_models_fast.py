"""The plain networks and the accelerated ones compute the same."""

from __future__ import annotations

import re
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from rcrlib import models
from rcrlib.models import (
    FGPLG,
    ConvGRUCell,
    DBConvGRU,
    NERConfig,
    NonLocalBlock,
    RCRNet,
    RCRNetConfig,
    RCRNetNER,
    accelerate,
    for_inference,
    for_training,
    kind_of,
    load_weights,
    save_weights,
)
from rcrlib.models.fast import TWINS, networks, onednn
from rcrlib.models.fast.convgru import run_over_clip
from rcrlib.models.fast.convolution import conv_bn
from rcrlib.models.fast.memory_format import frames_to_channels_last

pytestmark = pytest.mark.usefixtures("every_shortcut", "seeded")

SMALL = {"aspp_channels": 12, "skip_channels": (6, 8), "refine_channels": 10, "head_channels": 9}
EXACT = {torch.float64: 1e-10, torch.float32: 1e-4}
KINDS = ["image", "paper", "official", "one-way", "fgplg", "light"]
VARIANTS = ["paper", "official"]


@pytest.fixture
def every_shortcut(all_twins, monkeypatch):
    """Take every shortcut, however small the network is."""
    monkeypatch.setattr("rcrlib.models.fast.head.LEAST_MULTIPLY_ADDS", 0)


def make(kind: str, backbone: str, dtype: torch.dtype) -> nn.Module:
    config = RCRNetConfig(backbone=backbone, dropout=0.0, **SMALL)
    if kind == "image":
        network: nn.Module = RCRNet(config).eval()  # batch normalisation as in inference
    elif kind == "fgplg":
        network = FGPLG(config)
    elif kind == "light":
        network = RCRNetNER(replace(config, conv5=False))
    elif kind == "one-way":
        network = RCRNetNER(config, NERConfig(recurrence="one-way"))
    else:
        network = RCRNetNER(config, NERConfig(variant=kind))
    return lively(network).to(dtype)


def lively(network: nn.Module) -> nn.Module:
    """Leave nothing at the values that hide mistakes: zeros and ones."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.4, 0.8)
            nn.init.normal_(module.bias, std=0.1)
            nn.init.normal_(module.running_mean, std=0.1)
            nn.init.uniform_(module.running_var, 0.8, 1.2)
        if isinstance(module, NonLocalBlock):
            nn.init.normal_(module.w.weight, std=0.1)
    return network


def answer(network: nn.Module, size: tuple[int, int], length: int, dtype: torch.dtype) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(1, length, 3, *size, generator=generator).to(dtype)
    if isinstance(network, FGPLG):
        return network(x[:, 0], torch.cat([x[:, 0, :1] + i for i in range(4)], dim=1))
    return network(x[:, 0] if isinstance(network, RCRNet) else x)


def relative(found: Tensor, expected: Tensor) -> float:
    return ((found - expected).norm() / expected.norm()).item()


def gradients(network: nn.Module, logits: Tensor) -> Tensor:
    given = torch.autograd.grad(logits.square().mean(), list(network.parameters()))
    return torch.cat([gradient.flatten() for gradient in given])


CASES = [
    *(("resnet18", kind, size) for kind in KINDS for size in ((64, 48), (37, 50))),
    *(("resnet50", kind, (37, 50)) for kind in ("image", "paper", "official", "fgplg")),
]


@pytest.mark.parametrize("dtype", EXACT, ids=str)
@pytest.mark.parametrize(("backbone", "kind", "size"), CASES)
def test_logits_and_gradients_are_those_of_the_plain_network(kind, backbone, size, dtype):
    network = make(kind, backbone, dtype)
    twin = accelerate(deepcopy(network))
    fast, plain = answer(twin, size, 2, dtype), answer(network, size, 2, dtype)
    assert fast.shape == plain.shape
    assert relative(fast, plain) < EXACT[dtype]
    # In float32, rounding decides what a ReLU at its corner passes on: all or nothing.
    tolerance = 1e-8 if dtype == torch.float64 else 1e-2
    assert relative(gradients(twin, fast), gradients(network, plain)) < tolerance


def test_small_frames_keep_their_layout_in_training_and_only_there():
    small, large = torch.zeros(1, 3, 96, 96), torch.zeros(1, 3, 128, 128)
    beside = {"memory_format": torch.channels_last}
    assert not frames_to_channels_last(small).is_contiguous(**beside)
    assert frames_to_channels_last(large).is_contiguous(**beside)
    with torch.no_grad():
        assert frames_to_channels_last(small).is_contiguous(**beside)


@pytest.mark.parametrize("length", [1, 9])
@pytest.mark.parametrize("variant", VARIANTS)
def test_inference_on_clips_of_any_length_is_the_same(length, variant, monkeypatch):
    monkeypatch.setitem(networks.CHUNK, "cpu", 4)  # 9 frames are chunks of 4, 4 and 1
    network = make(variant, "resnet18", torch.float64)
    with torch.no_grad():
        plain = answer(network, (64, 48), length, torch.float64)
        fast = answer(accelerate(network), (64, 48), length, torch.float64)
    assert relative(fast, plain) < EXACT[torch.float64]


@pytest.mark.parametrize("available", [True, False], ids=["fused", "not fused"])
@pytest.mark.parametrize(
    ("backbone", "kind", "dtype"),
    [
        ("resnet50", "paper", torch.float32),
        ("resnet18", "image", torch.float32),
        ("resnet18", "official", torch.float64),
        ("resnet18", "fgplg", torch.float64),
    ],
)
@torch.no_grad()
def test_a_network_ready_for_inference_answers_the_same(
    kind, backbone, dtype, available, monkeypatch
):
    monkeypatch.setattr(onednn, "AVAILABLE", available and onednn.AVAILABLE)
    network = make(kind, backbone, dtype).eval()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    ready = for_inference(network)
    expected = answer(network, (50, 64), 2, dtype)
    with monkeypatch.context() as patch:
        patch.setattr("rcrlib.models.fast.twins.accelerate", lambda network: network)
        folded = for_inference(network)
    assert relative(answer(folded, (50, 64), 2, dtype), expected) < EXACT[dtype]
    assert relative(answer(ready, (50, 64), 2, dtype), expected) < EXACT[dtype]
    assert not any(isinstance(module, nn.BatchNorm2d) for module in ready.modules())
    assert all(torch.equal(t, before[name]) for name, t in network.state_dict().items())
    assert not {type(module) for module in network.modules()} & set(TWINS.values())


@pytest.mark.parametrize("add", [False, True])
@pytest.mark.parametrize("relu", [False, True])
@torch.no_grad()
def test_a_fused_convolution_is_the_three_steps(add, relu):
    conv = nn.Conv2d(5, 7, 3, stride=2, padding=2, dilation=2, bias=False)
    norm = lively(nn.Sequential(nn.BatchNorm2d(7))).eval()[0]
    x = torch.randn(2, 5, 15, 12)
    expected = norm(conv(x))
    more = torch.randn_like(expected) if add else None
    kept = more.clone() if add else None
    expected = expected + more if add else expected
    found = conv_bn(conv, norm, x, add=more, relu=relu)
    torch.testing.assert_close(found, expected.relu() if relu else expected)
    assert more is None or torch.equal(more, kept)


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_convgru_cell_runs_as_it_steps(variant):
    cell = ConvGRUCell(4, variant).double()
    x, h = torch.randn(2, 5, 4, 6, 7).double(), torch.randn(2, 4, 6, 7).double()
    found = run_over_clip(cell, x, h)
    for t in range(5):
        h = cell(x[:, t], h)
        torch.testing.assert_close(found[:, t], h)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("length", [1, 4])
@pytest.mark.parametrize("both_ways", [True, False])
def test_the_accelerated_convgru_is_the_plain_one(variant, length, both_ways):
    gru = DBConvGRU(4, variant, both_ways).double()
    twin = accelerate(deepcopy(gru))
    x = torch.randn(2, length, 4, 5, 6).double().requires_grad_()
    fast, plain = twin(x), gru(x)
    torch.testing.assert_close(fast, plain)
    assert relative(gradients(twin, fast), gradients(gru, plain)) < 1e-12


def test_accelerating_exchanges_classes_and_nothing_else():
    network = make("paper", "resnet18", torch.float32)
    before = dict(network.named_parameters())
    fast = accelerate(network)
    assert fast is network
    assert isinstance(fast, RCRNetNER)
    assert type(fast) is not RCRNetNER
    after = dict(fast.named_parameters())
    assert list(after) == list(before)
    assert all(after[name] is before[name] for name in before)
    classes = [type(module) for module in fast.modules()]
    assert not set(classes) & set(TWINS)
    assert [type(module) for module in accelerate(fast).modules()] == classes


@pytest.mark.parametrize("kind", ["image", "paper", "fgplg"])
def test_plain_and_accelerated_networks_have_the_same_files(kind, tmp_path):
    network = make(kind, "resnet18", torch.float32)
    for name, one in {"plain": network, "fast": accelerate(deepcopy(network))}.items():
        save_weights(one, tmp_path / f"{name}.safetensors")
    files = [(tmp_path / f"{name}.safetensors") for name in ("plain", "fast")]
    assert files[0].read_bytes() == files[1].read_bytes()
    assert type(load_weights(files[1], fast=False)) is type(network)
    fast = load_weights(files[0])
    assert not {type(module) for module in fast.modules()} & set(TWINS)
    assert kind_of(fast) is type(network)


def test_a_network_for_training_lies_in_channels_last_where_frames_are_large():
    network = make("image", "resnet18", torch.float32)
    beside = {"memory_format": torch.channels_last}
    for side, expected in ((96, False), (224, True)):
        ready = for_training(deepcopy(network), side, torch.device("cpu"))
        weight = ready.decoder.refine4.refine[0].weight
        assert weight.is_contiguous(**beside) == expected
        assert torch.equal(weight, network.decoder.refine4.refine[0].weight)
        assert kind_of(ready) is RCRNet
        assert type(ready) is not RCRNet


def test_the_plain_networks_know_nothing_of_their_fast_twins_and_of_files():
    for path in Path(models.__file__).parent.glob("*.py"):
        if path.name != "__init__.py":
            names = re.findall(r"^\s*(?:from|import) (\S+)", path.read_text(), re.MULTILINE)
            outside = [n for n in names if n.startswith(("rcrlib.models.f",))]
            assert set(outside) <= {"rcrlib.models.fgplg"}, path.name
