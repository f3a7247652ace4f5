"""ImageNet weights for the encoder: from files, from torchvision, and refused ones."""

from __future__ import annotations

import urllib.error
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor
from torchvision.models import resnet18, resnet50

from rcrlib.errors import OptionError, WeightsError
from rcrlib.models import (
    FGPLG,
    RCRNet,
    RCRNetConfig,
    RCRNetNER,
    encoder_file_info,
    load_encoder_weights,
    save_weights,
)
from rcrlib.models.files.encoder_weights import IMAGENET

SMALL = RCRNetConfig(backbone="resnet18", aspp_channels=16, head_channels=16)
RESNET50_1X1 = RCRNetConfig(stride_on="1x1")


@pytest.fixture(scope="module")
def resnet18_state() -> dict[str, Tensor]:
    torch.manual_seed(20190819)
    return resnet18(weights=None).state_dict()


def refusal(function: Callable[..., Any], *arguments: Any) -> str:
    with pytest.raises(WeightsError) as caught:
        function(*arguments)
    message = str(caught.value)
    assert message.startswith(f"{arguments[-1]}: ")
    assert "\n" not in message
    return message


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
@pytest.mark.parametrize("with_fc", [True, False])
@pytest.mark.parametrize("with_counters", [True, False])
def test_encoder_weights_are_read_from_a_file(
    tmp_path, resnet18_state, suffix, with_fc, with_counters
):
    state = {
        name: tensor.half() if "conv" in name else tensor
        for name, tensor in resnet18_state.items()
        if (with_fc or not name.startswith("fc."))
        and (with_counters or not name.endswith("num_batches_tracked"))
    }
    path = tmp_path / f"resnet{suffix}"
    save_file(state, path) if suffix == ".safetensors" else torch.save(state, path)
    assert encoder_file_info(path) == ("resnet18", "3x3")
    network = RCRNet(SMALL)
    load_encoder_weights(network, path)
    for name, tensor in network.encoder.resnet.state_dict().items():
        assert tensor.dtype == resnet18_state[name].dtype
        torch.testing.assert_close(tensor, resnet18_state[name], rtol=1e-3, atol=1e-6)


def test_encoder_weights_fill_the_rgb_part_of_fgplgs_stem(tmp_path, resnet18_state):
    torch.save(resnet18_state, tmp_path / "resnet.pth")
    generator = FGPLG(SMALL)
    stem = generator.network.encoder.resnet.conv1.weight
    before = stem.clone()
    load_encoder_weights(generator, tmp_path / "resnet.pth")
    assert torch.equal(stem[:, :3], resnet18_state["conv1.weight"])
    assert torch.equal(stem[:, 3:], before[:, 3:])


def test_encoder_weights_reach_the_image_part_of_the_video_network(tmp_path, resnet18_state):
    torch.save(resnet18_state, tmp_path / "resnet.pth")
    video_net = RCRNetNER(SMALL)
    load_encoder_weights(video_net, str(tmp_path / "resnet.pth"))
    weight = video_net.rcrnet.encoder.resnet.layer3[0].conv1.weight
    assert torch.equal(weight, resnet18_state["layer3.0.conv1.weight"])


def test_no_encoder_weights_change_nothing():
    network = RCRNet(SMALL)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    load_encoder_weights(network, "none")
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())


def test_encoder_weights_of_another_backbone_are_refused_with_the_configuration(tmp_path):
    path = tmp_path / "resnet.pth"
    with torch.device("meta"):
        names = resnet50(weights=None).state_dict()
    torch.save({name: torch.zeros(1) for name in names}, path)
    message = refusal(load_encoder_weights, RCRNet(SMALL), path)
    assert "RCRNetConfig(backbone='resnet50', stride_on='3x3')" in message


def test_encoder_weights_that_do_not_fit_leave_the_network_alone(tmp_path, resnet18_state):
    path = tmp_path / "resnet.pth"
    torch.save({**resnet18_state, "layer9.weight": torch.zeros(1)}, path)
    network = RCRNet(SMALL)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    message = refusal(load_encoder_weights, network, path)
    assert "unexpected 1 (layer9.weight)" in message
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())


def test_a_file_without_resnet_is_no_encoder_file(tmp_path):
    path = tmp_path / "net.safetensors"
    save_weights(RCRNet(SMALL), path)
    assert "no ResNet with torchvision's names" in refusal(encoder_file_info, path)


def test_imagenet_weights_come_from_torchvision(monkeypatch, resnet18_state):
    def give(_self: object, **_options: object) -> dict[str, Tensor]:
        return resnet18_state

    monkeypatch.setattr(type(IMAGENET["resnet18"]), "get_state_dict", give)
    network = RCRNet(SMALL)
    load_encoder_weights(network, "imagenet")
    assert torch.equal(network.encoder.resnet.conv1.weight, resnet18_state["conv1.weight"])


def test_a_failed_download_says_how_to_go_on(monkeypatch):
    def fail(_self: object, **_options: object) -> None:
        raise urllib.error.URLError("no route to host")

    monkeypatch.setattr(type(IMAGENET["resnet18"]), "get_state_dict", fail)
    with pytest.raises(WeightsError, match=r"imagenet: .*no route to host.*give a file"):
        load_encoder_weights(RCRNet(SMALL), "imagenet")


def test_imagenet_weights_of_torchvision_need_the_stride_on_3x3():
    with torch.device("meta"):
        network = RCRNet(RESNET50_1X1)
    with pytest.raises(OptionError, match="stride_on='3x3'"):
        load_encoder_weights(network, "imagenet")


@pytest.mark.shared
def test_original_resnet50_is_recognised_and_only_fits_its_own_stride(shared):
    path = shared / "weights" / "resnet50-imagenet-caffe-fp16.safetensors"
    backbone, stride_on = encoder_file_info(path)
    assert (backbone, stride_on) == ("resnet50", "1x1")
    message = refusal(load_encoder_weights, RCRNet(), path)
    assert "stride_on='1x1'" in message
    network = RCRNet(RESNET50_1X1)
    load_encoder_weights(network, path)
    with safe_open(path, framework="pt") as file:
        stem = file.get_tensor("conv1.weight")
    assert torch.equal(network.encoder.resnet.conv1.weight, stem.float())


def test_a_network_without_conv5_takes_the_file_of_a_whole_resnet(tmp_path, resnet18_state):
    torch.save(resnet18_state, tmp_path / "resnet.pth")
    network = RCRNet(replace(SMALL, conv5=False))
    load_encoder_weights(network, tmp_path / "resnet.pth")
    state = network.encoder.resnet.state_dict()
    assert not [name for name in state if name.startswith("layer4")]
    assert torch.equal(state["layer3.1.bn2.weight"], resnet18_state["layer3.1.bn2.weight"])
