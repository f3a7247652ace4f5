"""The networks against what the authors' networks answer with the same weights."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from rcrlib.models import (
    FGPLG,
    NERConfig,
    RCRNet,
    RCRNetConfig,
    RCRNetNER,
    kind_of,
    load_weights,
)
from rcrlib.models.convgru import ConvGRUCell
from rcrlib.models.nonlocal_block import NonLocalBlock

TOLERANCE = 1e-4
WRONG = 1e-2  # every deviation that the negative tests make is far above the tolerance

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def expected(shared: Path) -> dict[str, Tensor]:
    with np.load(shared / "reference" / "official-weights" / "expected.npz") as file:
        return {name: torch.from_numpy(file[name]) for name in file.files}


@pytest.fixture(scope="module")
def state_dict(shared: Path) -> Callable[[str], dict[str, Tensor]]:
    path = shared / "reference" / "official-weights" / "fill.py"
    spec = importlib.util.spec_from_file_location("fill", path)
    fill = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fill)
    return fill.state_dict


@pytest.fixture(scope="module")
def load(state_dict, tmp_path_factory) -> Callable[[str], torch.nn.Module]:
    def load(which: str, fast: bool, **more: Tensor) -> torch.nn.Module:
        path = tmp_path_factory.mktemp("released") / f"{which}.pth"
        torch.save({**state_dict(which), **more}, path)
        try:
            return load_weights(path, fast=fast)
        finally:
            path.unlink()  # 200 MB

    return load


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "fast"])
def fast(request: pytest.FixtureRequest) -> bool:
    return request.param


@pytest.fixture(scope="module")
def image_net(load, fast) -> RCRNet:
    return load("image", fast)


@pytest.fixture(scope="module")
def video_net(load, fast) -> RCRNetNER:
    return load("video", fast)


@torch.no_grad()
def logits(network: torch.nn.Module, *inputs: Tensor) -> Tensor:
    return network(*inputs)


def error(found: Tensor, reference: Tensor) -> float:
    return ((found - reference).norm() / (reference - reference.mean()).norm()).item()


def test_released_image_network_gives_the_authors_logits(image_net, expected):
    assert kind_of(image_net) is RCRNet
    assert not image_net.training
    found = logits(image_net, expected["clip"])
    assert error(found, expected["image_logits"]) < TOLERANCE


def test_released_video_network_gives_the_authors_logits(video_net, expected):
    assert kind_of(video_net) is RCRNetNER
    assert video_net.ner.config == NERConfig(variant="official")
    found = logits(video_net, expected["clip"][None])[0]
    assert error(found, expected["video_logits"]) < TOLERANCE


def test_released_fgplg_gives_the_authors_logits_and_its_flow_network_is_ignored(
    load, fast, expected
):
    generator = load("fgplg_backbone", fast, **{"flownet.conv1.weight": torch.zeros(64, 6, 7, 7)})
    assert kind_of(generator) is FGPLG
    assert generator.variant == "official"
    x = expected["x7"]
    found = logits(generator, x[:, :3], x[:, 3:])
    assert error(found, expected["fgplg_logits"]) < TOLERANCE


def test_the_papers_reset_gate_is_another_function_of_the_same_weights(video_net, expected):
    cells = [m for m in video_net.modules() if isinstance(m, ConvGRUCell)]
    assert len(cells) == 2
    for cell in cells:
        cell.variant = "paper"
    found = logits(video_net, expected["clip"][None])[0]
    for cell in cells:
        cell.variant = "official"
    assert error(found, expected["video_logits"]) > WRONG


def test_softmax_is_not_what_the_authors_networks_do(video_net, expected):
    blocks = [m for m in video_net.modules() if isinstance(m, NonLocalBlock)]
    assert len(blocks) == 2
    for block in blocks:
        block.softmax = True
    found = logits(video_net, expected["clip"][None])[0]
    for block in blocks:
        block.softmax = False
    assert error(found, expected["video_logits"]) > WRONG


def test_stride_on_the_1x1_convolutions_loads_as_well_and_is_wrong(image_net, expected):
    with torch.device("meta"):
        moved = RCRNet(RCRNetConfig(stride_on="1x1"))
    moved.load_state_dict(image_net.state_dict(), assign=True)
    assert error(logits(moved.eval(), expected["clip"]), expected["image_logits"]) > WRONG


def test_torchvisions_dilation_of_layer4_loads_as_well_and_is_wrong(image_net, expected):
    first = image_net.encoder.resnet.layer4[0].conv2
    assert first.dilation == first.padding == (2, 2)
    first.dilation = first.padding = (1, 1)
    found = logits(image_net, expected["clip"])
    first.dilation = first.padding = (2, 2)
    assert error(found, expected["image_logits"]) > WRONG
