"""Saving, loading and refusing weights."""

from __future__ import annotations

import json
from collections import OrderedDict
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torchvision.models import resnet18

from helpers.networks import NETWORK
from rcrlib.errors import OptionError, WeightsError
from rcrlib.models import (
    FGPLG,
    NERConfig,
    RCRNet,
    RCRNetNER,
    load_weights,
    save_weights,
    weights_metadata,
)

pytestmark = pytest.mark.usefixtures("seeded")


def refusal(path: Path) -> str:
    with pytest.raises(WeightsError) as caught:
        load_weights(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    return message


def released_image_state(in_channels: int = 3) -> dict[str, Tensor]:
    """Return a small part of what a released file holds: enough to be recognised, not to fit."""
    return {
        "backbone.resnet.conv1.weight": torch.zeros(64, in_channels, 7, 7),
        "backbone.resnet.fc.weight": torch.zeros(1000, 2048),
        "backbone.refinement9.skip.conv1.weight": torch.zeros(48, 1024, 1, 1),
    }


@pytest.mark.parametrize(
    "network",
    [
        lambda: RCRNet(NETWORK),
        lambda: RCRNetNER(NETWORK, NERConfig(False, "one-way", True, True, "official")),
        lambda: FGPLG(NETWORK, inputs="rgb+labels", variant="official"),
        lambda: FGPLG(NETWORK, residual=True),
    ],
)
def test_a_saved_network_comes_back_the_same_in_evaluation_mode(network, tmp_path):
    network = network().train()
    save_weights(network, tmp_path / "net.safetensors")
    before = torch.get_rng_state()
    loaded = load_weights(tmp_path / "net.safetensors", fast=False)
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
    save_weights(RCRNetNER(NETWORK, ner), path)
    video_net = load_weights(path)
    assert (video_net.rcrnet.config, video_net.ner.config) == (NETWORK, ner)
    save_weights(FGPLG(NETWORK, "rgb", "official"), path)
    generator = load_weights(path)
    assert (generator.inputs, generator.variant) == ("rgb", "official")
    assert generator.network.config.in_channels == 7


def test_extra_metadata_lies_beside_the_weights(tmp_path):
    path = tmp_path / "net.safetensors"
    save_weights(RCRNet(NETWORK), path, stage="image", step=7, sizes=[448, 448])
    with safe_open(path, framework="pt") as file:
        described = json.loads(file.metadata()["rcrlib"])
    assert described["class"] == "RCRNet"
    assert described["config"]["config"]["backbone"] == "resnet18"
    assert weights_metadata(path) == {"stage": "image", "step": 7, "sizes": [448, 448]}


def test_the_same_network_is_written_as_the_same_bytes(tmp_path):
    network, extra = RCRNet(NETWORK), {name: name for name in "abcdefgh"}
    save_weights(network, tmp_path / "a.safetensors", **extra)
    save_weights(network, tmp_path / "b.safetensors", **extra)
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()


def test_half_precision_is_loaded_as_float32(tmp_path):
    save_weights(RCRNet(NETWORK).half(), tmp_path / "net.safetensors")
    loaded = load_weights(tmp_path / "net.safetensors")
    assert {parameter.dtype for parameter in loaded.parameters()} == {torch.float32}


def test_a_failed_save_leaves_the_old_file_alone(tmp_path, monkeypatch):
    path = tmp_path / "net.safetensors"
    path.write_bytes(b"old")

    def fail(*_args: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("rcrlib.models.files.weights.save", fail)
    with pytest.raises(OSError, match="disk full"):
        save_weights(RCRNet(NETWORK), path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_only_safetensors_are_written(tmp_path):
    with pytest.raises(OptionError, match=r"net\.pth: .*\.safetensors"):
        save_weights(RCRNet(NETWORK), tmp_path / "net.pth")


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
    save_weights(RCRNet(NETWORK), path)
    path.write_bytes(path.read_bytes()[:-1000])
    assert "cannot be read" in refusal(path)
    path = tmp_path / "net.pth"
    torch.save(released_image_state(), path)
    path.write_bytes(path.read_bytes()[:-1000])
    assert "cannot be read" in refusal(path)


def test_a_pickled_object_is_refused_and_its_code_never_run(tmp_path):
    path = tmp_path / "net.pth"
    torch.save(nn.Linear(2, 2), path)
    said = refusal(path)
    assert "torch.nn.modules.linear.Linear" in said
    assert "torch.save(model.state_dict(), FILE)" in said


@pytest.mark.parametrize("content", [[1, 2], {}, {"epoch": 3}, {"state_dict": 5}, {3: "three"}])
def test_a_pth_file_without_state_dict_is_refused(tmp_path, content):
    path = tmp_path / "net.pth"
    torch.save(content, path)
    assert "holds no state dict" in refusal(path)


def test_weights_of_other_networks_are_refused(tmp_path):
    resnet18_state = resnet18(weights=None).state_dict()
    torch.save(resnet18_state, tmp_path / "net.pth")
    save_file(resnet18_state, tmp_path / "net.safetensors")
    for name in ("net.pth", "net.safetensors"):
        assert "neither written by rcrlib nor a released file" in refusal(tmp_path / name)


@pytest.mark.parametrize(
    "description",
    [
        "{",
        "[]",
        '{"class": "RCRNet"}',
        '{"class": "Net", "config": {}}',
        '{"class": "RCRNet", "config": {"config": {"colour": 1}}}',
        '{"class": "RCRNet", "config": {"config": {"backbone": "vgg"}}}',
        '{"class": "RCRNet", "config": {"config": 3}}',
        '{"class": "RCRNet", "config": []}',
    ],
)
def test_a_network_of_an_unknown_description_is_refused(tmp_path, description):
    path = tmp_path / "net.safetensors"
    save_file({"x": torch.zeros(1)}, path, {"rcrlib": description})
    refusal(path)


def test_what_does_not_fit_is_named_and_counted(tmp_path):
    path = tmp_path / "net.safetensors"
    save_weights(RCRNet(NETWORK), path)
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
    state = RCRNet(NETWORK).state_dict()
    for block in range(6):
        state[f"extra{block}.weight"] = torch.zeros(1)
    del state["decoder.head.1.bias"]
    state["decoder.head.1.weight"] = torch.zeros(1, 99, 1, 1)
    save_file(state, path, metadata)
    message = refusal(path)
    assert "missing 1 (decoder.head.1.bias)" in message
    assert "unexpected 6 (extra0.weight, " in message
    assert "extra4.weight, ...)" in message
    assert "of another shape 1 (decoder.head.1.weight 1x99x1x1 in place of 1x8x1x1)" in message


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


def test_half_the_bits_of_convolutions_make_half_the_file(tmp_path):
    network = RCRNetNER(NETWORK)
    for name, half in (("whole", False), ("half", True)):
        save_weights(network, tmp_path / f"{name}.safetensors", half=half, size=96)
    sizes = [(tmp_path / f"{name}.safetensors").stat().st_size for name in ("half", "whole")]
    assert 0.45 < sizes[0] / sizes[1] < 0.55
    loaded = load_weights(tmp_path / "half.safetensors")
    for name, tensor in network.state_dict().items():
        found = loaded.state_dict()[name]
        assert found.dtype == tensor.dtype
        exact = tensor.ndim < 2  # normalisation, biases, counters
        torch.testing.assert_close(found, tensor, rtol=0 if exact else 1e-3, atol=1e-7)
    assert weights_metadata(tmp_path / "half.safetensors") == {"size": 96}
