"""Weights files that cannot be used: refused whole, in one line."""

from __future__ import annotations

import argparse
import os

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

TRAIN = ("--preset", "smallest", "-o", "run", "--steps", 2, "--batch", 2, "--device", "cpu")


@pytest.fixture
def bad(trained, tmp_path):
    """Write files that are no weights, or not all of them; give their names."""
    whole = trained.weights("video").read_bytes()
    (tmp_path / "garbage.safetensors").write_bytes(b"no weights" * 99)
    (tmp_path / "garbage.pth").write_bytes(b"no weights" * 99)
    (tmp_path / "empty.safetensors").write_bytes(b"")
    (tmp_path / "truncated.safetensors").write_bytes(whole[: len(whole) // 2])
    torch.save({"a": torch.zeros(1000)}, tmp_path / "whole.pth")
    zipped = (tmp_path / "whole.pth").read_bytes()
    (tmp_path / "truncated.pth").write_bytes(zipped[: len(zipped) // 2])
    (tmp_path / "whole.pth").unlink()
    return tmp_path


@pytest.mark.parametrize(
    "name",
    ["garbage.safetensors", "garbage.pth", "empty.safetensors", "truncated.safetensors",
     "truncated.pth"],
)  # fmt: skip
def test_a_file_that_is_damaged_or_no_weights_is_refused(refused, trained, bad, name):
    says = (name, "cannot be read as weights", "fetch it again")
    refused("predict", trained.data, "--weights", name, "-o", "maps", says=says)
    refused("pseudo-label", trained.data, "--fgplg", name, "-o", "labels", says=says)
    refused("train", "video", trained.data, "--start", name, *TRAIN, says=says)
    refused("train", "image", trained.data, "--encoder-weights", name, *TRAIN, says=says)
    refused("weights", "import", name, "ours.safetensors", says=says)


def test_a_missing_file_is_refused(refused, trained):
    says = ("nowhere.pth", "no such file", ".safetensors or .pth")
    refused("predict", trained.data, "--weights", "nowhere.pth", "-o", "maps", says=says)
    refused("weights", "import", "nowhere.pth", "ours.safetensors", says=says)
    encoder = ("--encoder-weights", "nowhere.pth")
    refused("train", "image", trained.data, *encoder, *TRAIN, says=says)
    refused("demo", *encoder, says=says)


def test_the_file_of_another_network_is_refused(refused, trained):
    weights = trained.weights
    says = (weights("fgplg"), "labels")
    refused("predict", trained.data, "--weights", weights("fgplg"), "-o", "maps", says=says[1:])
    says = (weights("video"), "holds an RCRNetNER", "an FGPLG is needed")
    refused("pseudo-label", trained.data, "--fgplg", weights("video"), "-o", "labels", says=says)
    says = (weights("fgplg"), "holds an FGPLG", "an RCRNet is needed")
    refused("train", "image", trained.data, "--start", weights("fgplg"), *TRAIN, says=says)
    refused("train", "video", trained.data, "--start", weights("fgplg"), *TRAIN, says=says)
    says = (weights("fgplg"), "holds an FGPLG with", "residual=False", "ask for the same")
    other = ("--residual", "--start", weights("fgplg"))
    refused("train", "fgplg", trained.data, *other, *TRAIN, says=says)
    says = (weights("image"), "holds no ResNet")
    encoder = ("--encoder-weights", weights("image"))
    refused("train", "image", trained.data, *encoder, *TRAIN, says=says)


def test_files_that_have_no_mean_are_refused(refused, trained):
    image, fgplg = trained.weights("image"), trained.weights("fgplg")
    average = ("weights", "average", "-o", "mean.safetensors")
    refused(*average, image, says=(image, "the only file"))
    refused(*average, image, fgplg, says=(fgplg, "holds an FGPLG", "differs in kind or size"))
    refused(*average, image, "nowhere.pth", says=("nowhere.pth", "no such file"))
    refused(*average, image, image, "--size", 8, says=("size is 8", "at least 16"))


def test_a_file_that_holds_something_else_is_refused(refused, trained, tmp_path):
    save_file({"fc.weight": torch.zeros(3, 3)}, tmp_path / "other.safetensors")
    torch.save({"epoch": 3, "notes": "hello"}, tmp_path / "other.pth")
    predict = ("predict", trained.data, "-o", "maps", "--weights")
    says = ("other.safetensors", "neither written by rcrlib nor a released file", "fc.weight")
    refused(*predict, "other.safetensors", says=says)
    refused(*predict, "other.pth", says=["other.pth", "holds no state dict"])
    refused("weights", "import", "other.pth", "ours.safetensors", says=["other.pth"])


@pytest.mark.parametrize(
    ("beside", "named"),
    [
        ({"args": argparse.Namespace(lr=1e-4)}, "argparse.Namespace"),
        ({"best_mae": np.float64(0.03)}, "numpy scalar"),
        ({"history": np.zeros(3)}, "numpy array"),
    ],
)
@pytest.mark.parametrize("options", [{}, {"_use_new_zipfile_serialization": False}])
def test_foreign_objects_beside_weights_are_named_and_never_loaded(
    refused, tmp_path, beside, named, options
):
    state = {"backbone.resnet.conv1.weight": torch.zeros(64, 3, 7, 7)}
    torch.save({"model": state, **beside}, tmp_path / "other.pth", **options)
    says = ("other.pth", "holds Python objects", f"({named})", "save its state dict alone")
    line = refused("weights", "import", "other.pth", "ours.safetensors", says=says)
    assert "fetch it again" not in line


class Trap:
    """Leaves a file when it is unpickled."""

    def __reduce__(self):
        return os.mkdir, ("sprung",)


def test_nothing_in_a_weights_file_is_run(refused, tmp_path):
    torch.save({"model": {"a": torch.zeros(1)}, "trap": Trap()}, tmp_path / "other.pth")
    says = ("other.pth", "holds Python objects", f"({os.name}.mkdir)")
    refused("weights", "import", "other.pth", "ours.safetensors", says=says)
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("key", ["model_state_dict", "net", "generator"])
def test_a_state_dict_is_found_under_any_name(refused, tmp_path, key):
    """It is then refused for what it holds: one tensor of a network."""
    state = {"backbone.resnet.conv1.weight": torch.zeros(64, 3, 7, 7)}
    optimiser = {"state": {0: {"step": torch.zeros(1)}}, "param_groups": []}
    content = {key: state, "optimizer": optimiser, "epoch": 3}
    torch.save(content, tmp_path / "other.pth")
    line = refused("weights", "import", "other.pth", "ours.safetensors", says=["other.pth"])
    assert "holds no state dict" not in line
    assert "does not fit" in line or "neither written by rcrlib" in line


def test_a_file_without_one_state_dict_has_its_keys_named(refused, tmp_path):
    torch.save({"a": {"x": torch.zeros(1)}, "b": {"x": torch.zeros(1)}}, tmp_path / "two.pth")
    torch.save({"epoch": 3, "notes": "hello"}, tmp_path / "none.pth")
    to = "ours.safetensors"
    refused("weights", "import", "two.pth", to, says=["two.pth", "several state dicts (a, b)"])
    refused("weights", "import", "none.pth", to, says=["none.pth", "found the keys epoch, notes"])


def test_a_failed_download_of_imagenet_weights_says_how_to_go_on(refused, trained, monkeypatch):
    from torchvision.models import WeightsEnum

    def fail(*arguments, **options):
        raise OSError("Network is unreachable")

    monkeypatch.setattr(WeightsEnum, "get_state_dict", fail)
    encoder = ("--encoder-weights", "imagenet")
    says = ("imagenet", "could not download", "give a file", "'none'")
    refused("train", "image", trained.data, *encoder, *TRAIN, says=says)
