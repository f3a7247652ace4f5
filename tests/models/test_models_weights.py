"""Saving, loading and refusing weights."""

from __future__ import annotations

import json
import urllib.error
from collections import OrderedDict
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torchvision.models import resnet18, resnet50

from rcrlib.errors import OptionError, WeightsError
from rcrlib.models import (
    FGPLG,
    NERConfig,
    RCRNet,
    RCRNetConfig,
    RCRNetNER,
    encoder_file_info,
    load_encoder_weights,
    load_weights,
    save_weights,
)
from rcrlib.models.weights import IMAGENET

SMALL = RCRNetConfig(
    backbone="resnet18",
    aspp_channels=16,
    skip_channels=(8, 12),
    refine_channels=16,
    head_channels=16,
)
RESNET50_1X1 = RCRNetConfig(stride_on="1x1")


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(20190819)


@pytest.fixture(scope="module")
def resnet18_state() -> dict[str, Tensor]:
    torch.manual_seed(1)
    return resnet18(weights=None).state_dict()


def refusal(path: Path, load=load_weights) -> str:
    with pytest.raises(WeightsError) as caught:
        load(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    return message


def released_image_state(in_channels: int = 3) -> dict[str, Tensor]:
    """Give a small part of what a released file holds: enough to be recognised, not to fit."""
    return {
        "backbone.resnet.conv1.weight": torch.zeros(64, in_channels, 7, 7),
        "backbone.resnet.fc.weight": torch.zeros(1000, 2048),
        "backbone.refinement9.skip.conv1.weight": torch.zeros(48, 1024, 1, 1),
    }


@pytest.mark.parametrize(
    "network",
    [
        lambda: RCRNet(SMALL),
        lambda: RCRNetNER(SMALL, NERConfig(False, "one-way", True, True, "official")),
        lambda: FGPLG(SMALL, inputs="rgb+labels", variant="official"),
    ],
)
def test_a_saved_network_comes_back_the_same_in_evaluation_mode(network, tmp_path):
    network = network().train()
    save_weights(network, tmp_path / "net.safetensors")
    before = torch.get_rng_state()
    loaded = load_weights(tmp_path / "net.safetensors")
    assert torch.equal(torch.get_rng_state(), before)
    assert type(loaded) is type(network)
    assert not loaded.training
    assert all(parameter.requires_grad for parameter in loaded.parameters())
    assert str(loaded) == str(network.eval())
    expected = network.state_dict()
    assert list(loaded.state_dict()) == list(expected)
    assert all(torch.equal(tensor, expected[name]) for name, tensor in loaded.state_dict().items())


def test_configurations_come_back_the_same(tmp_path):
    path = tmp_path / "net.safetensors"
    ner = NERConfig(recurrence="one-way", softmax=True, variant="official")
    save_weights(RCRNetNER(SMALL, ner), path)
    video_net = load_weights(path)
    assert (video_net.rcrnet.config, video_net.ner.config) == (SMALL, ner)
    save_weights(FGPLG(SMALL, "rgb", "official"), path)
    generator = load_weights(path)
    assert (generator.inputs, generator.variant) == ("rgb", "official")
    assert generator.network.config.in_channels == 7


def test_extra_metadata_lies_beside_the_weights(tmp_path):
    path = tmp_path / "net.safetensors"
    save_weights(RCRNet(SMALL), path, stage="image", step=7, sizes=[448, 448])
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
    assert metadata["rcrlib.class"] == "RCRNet"
    assert json.loads(metadata["rcrlib.config"])["config"]["backbone"] == "resnet18"
    assert (metadata["stage"], metadata["step"], metadata["sizes"]) == ("image", "7", "[448, 448]")


def test_half_precision_is_loaded_as_float32(tmp_path):
    save_weights(RCRNet(SMALL).half(), tmp_path / "net.safetensors")
    loaded = load_weights(tmp_path / "net.safetensors")
    assert {parameter.dtype for parameter in loaded.parameters()} == {torch.float32}


def test_a_failed_save_leaves_the_old_file_alone(tmp_path, monkeypatch):
    path = tmp_path / "net.safetensors"
    path.write_bytes(b"old")

    def fail(*_args: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("rcrlib.models.weights.save_file", fail)
    with pytest.raises(OSError, match="disk full"):
        save_weights(RCRNet(SMALL), path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_only_safetensors_are_written(tmp_path):
    with pytest.raises(OptionError, match=r"net\.pth: .*\.safetensors"):
        save_weights(RCRNet(SMALL), tmp_path / "net.pth")


def test_missing_file_is_refused(tmp_path):
    assert "no such file" in refusal(tmp_path / "net.pth")


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
@pytest.mark.parametrize("content", [b"", b"\x00" * 64, b"<html>not found</html>" * 10])
def test_a_file_of_another_kind_is_refused(tmp_path, suffix, content):
    path = tmp_path / f"net{suffix}"
    path.write_bytes(content)
    assert "cannot be read" in refusal(path)


def test_a_truncated_file_is_refused(tmp_path):
    path = tmp_path / "net.safetensors"
    save_weights(RCRNet(SMALL), path)
    path.write_bytes(path.read_bytes()[:-1000])
    assert "cannot be read" in refusal(path)
    path = tmp_path / "net.pth"
    torch.save(released_image_state(), path)
    path.write_bytes(path.read_bytes()[:-1000])
    assert "cannot be read" in refusal(path)


def test_a_pickled_object_is_refused_and_its_code_never_run(tmp_path):
    path = tmp_path / "net.pth"
    torch.save(nn.Linear(2, 2), path)
    assert "cannot be read" in refusal(path)


@pytest.mark.parametrize("content", [[1, 2], {}, {"epoch": 3}, {"state_dict": 5}, {3: "three"}])
def test_a_pth_file_without_state_dict_is_refused(tmp_path, content):
    path = tmp_path / "net.pth"
    torch.save(content, path)
    assert "holds no state dict" in refusal(path)


def test_weights_of_other_networks_are_refused(tmp_path, resnet18_state):
    torch.save(resnet18_state, tmp_path / "net.pth")
    save_file(resnet18_state, tmp_path / "net.safetensors")
    for name in ("net.pth", "net.safetensors"):
        assert "neither written by rcrlib nor a released file" in refusal(tmp_path / name)


@pytest.mark.parametrize(
    "metadata",
    [
        {"rcrlib.class": "RCRNet"},
        {"rcrlib.class": "RCRNet", "rcrlib.config": "{"},
        {"rcrlib.class": "Net", "rcrlib.config": "{}"},
        {"rcrlib.class": "RCRNet", "rcrlib.config": '{"config": {"colour": 1}}'},
        {"rcrlib.class": "RCRNet", "rcrlib.config": '{"config": {"backbone": "vgg"}}'},
        {"rcrlib.class": "RCRNet", "rcrlib.config": '{"config": 3}'},
        {"rcrlib.class": "RCRNet", "rcrlib.config": "[]"},
    ],
)
def test_a_network_of_an_unknown_description_is_refused(tmp_path, metadata):
    path = tmp_path / "net.safetensors"
    save_file({"x": torch.zeros(1)}, path, metadata)
    refusal(path)


def test_what_does_not_fit_is_named_and_counted(tmp_path):
    path = tmp_path / "net.safetensors"
    save_weights(RCRNet(SMALL), path)
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
    state = RCRNet(SMALL).state_dict()
    for block in range(6):
        state[f"extra{block}.weight"] = torch.zeros(1)
    del state["decoder.head.1.bias"]
    state["decoder.head.1.weight"] = torch.zeros(1, 99, 1, 1)
    save_file(state, path, metadata)
    message = refusal(path)
    assert "missing 1 (decoder.head.1.bias)" in message
    assert "unexpected 6 (extra0.weight, " in message
    assert "extra4.weight, ...)" in message
    assert "of another shape 1 (decoder.head.1.weight 1x99x1x1 in place of 1x16x1x1)" in message


@pytest.mark.parametrize("prefix", ["", "module.", "generator.", "module.a.b."])
@pytest.mark.parametrize("wrapper", [None, "state_dict", "model"])
def test_released_names_are_recognised_under_prefixes_and_wrappers(tmp_path, prefix, wrapper):
    path = tmp_path / "net.pth"
    torch.save(released_image_state(7), path)
    bare = refusal(path)
    assert (
        "unexpected 1 (network.backbone.refinement9." in bare
    )  # but the classifier is no surprise
    state = {f"{prefix}{name}": tensor for name, tensor in released_image_state(7).items()}
    state["module.flownet.conv1.weight"] = torch.zeros(1)
    torch.save({wrapper: state, "epoch": 3} if wrapper else OrderedDict(state), path)
    assert refusal(path) == bare


def test_old_pickle_format_is_read(tmp_path):
    path = tmp_path / "net.pth"
    torch.save(released_image_state(), path, _use_new_zipfile_serialization=False)
    assert "does not fit" in refusal(path)


def test_a_flow_network_is_unexpected_in_an_image_network(tmp_path):
    path = tmp_path / "net.pth"
    torch.save({**released_image_state(), "flownet.conv1.weight": torch.zeros(1)}, path)
    assert "flownet.conv1.weight" in refusal(path)


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
@pytest.mark.parametrize("with_fc", [True, False])
@pytest.mark.parametrize("with_counters", [True, False])
def test_encoder_weights_from_a_file(tmp_path, resnet18_state, suffix, with_fc, with_counters):
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
    message = refusal(path, lambda path: load_encoder_weights(RCRNet(SMALL), path))
    assert "RCRNetConfig(backbone='resnet50', stride_on='3x3')" in message


def test_encoder_weights_that_do_not_fit_leave_the_network_alone(tmp_path, resnet18_state):
    path = tmp_path / "resnet.pth"
    torch.save({**resnet18_state, "layer9.weight": torch.zeros(1)}, path)
    network = RCRNet(SMALL)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    message = refusal(path, lambda path: load_encoder_weights(network, path))
    assert "unexpected 1 (layer9.weight)" in message
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())


def test_a_file_without_resnet_is_no_encoder_file(tmp_path):
    path = tmp_path / "net.safetensors"
    save_weights(RCRNet(SMALL), path)
    assert "no ResNet with torchvision's names" in refusal(path, encoder_file_info)


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
    message = refusal(path, lambda path: load_encoder_weights(RCRNet(), path))
    assert "stride_on='1x1'" in message
    network = RCRNet(RESNET50_1X1)
    load_encoder_weights(network, path)
    with safe_open(path, framework="pt") as file:
        stem = file.get_tensor("conv1.weight")
    assert torch.equal(network.encoder.resnet.conv1.weight, stem.float())
