"""`rcr weights export`: what it writes, says and refuses."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch

from helpers.disks import small_disk
from helpers.networks import NETWORK
from rcrlib.models import RCRNetNER, save_weights


@pytest.fixture
def weights(tmp_path: Path) -> str:
    """Return the name of a file of a small network, trained on clips of 3 at 32 pixels."""
    save_weights(RCRNetNER(NETWORK), tmp_path / "mine.safetensors", clip=3, size=32)
    return "mine.safetensors"


def test_size_and_clip_are_as_asked_and_force_replaces(rcr, weights, tmp_path):
    (tmp_path / "model.pt2").write_text("the one before")
    options = ("--size", "33x48", "-t", 2, "--force")
    ended = rcr("weights", "export", weights, "-o", "model.pt2", *options)
    assert (ended.status, ended.err) == (0, "")
    assert ended.out.startswith("model.pt2: RCRNetNER, T = 2, 33x48, ")
    program = torch.export.load(tmp_path / "model.pt2").module()
    assert program(torch.zeros(1, 2, 3, 33, 48)).shape == (1, 2, 1, 33, 48)


def test_without_options_they_are_as_trained_and_onnx_is_written_in_silence(rcr, weights):
    ended = rcr("weights", "export", weights, "-o", "model.onnx")
    assert (ended.status, ended.err) == (0, "")
    assert ended.out.startswith("model.onnx: RCRNetNER, T = 3, 32x32, ")
    assert len(ended.out.splitlines()) == 1


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("-o model.pth", ("model.pth", ".onnx or .pt2", "change the name's ending")),
        ("-o model", ("model", ".onnx or .pt2")),
        ("-o model.pt2 -t 0", ("clip is 0", "at least 1")),
        ("-o model.onnx --size 8", ("size is 8", "at least 16")),
        ("-o model.onnx --size 64x0", ("size is 0", "at least 16")),
        ("-o model.onnx --size large", ("--size", "'large'", "352", "360x640")),
        ("-o model.onnx --size 1x2x3", ("--size", "'1x2x3'", "rcr weights export --help")),
        ("", ("Missing option", "--out", "rcr weights export --help")),
    ],
)
def test_bad_options_are_refused_in_one_line(refused, weights, line, says):
    refused("weights", "export", weights, *line.split(), says=says)


def test_bad_weights_are_refused_in_one_line(refused, tmp_path):
    says = ("nowhere.safetensors", "no such file")
    refused("weights", "export", "nowhere.safetensors", "-o", "model.pt2", says=says)
    (tmp_path / "garbage.pth").write_bytes(b"no weights" * 99)
    says = ("garbage.pth", "cannot be read as weights")
    refused("weights", "export", "garbage.pth", "-o", "model.pt2", says=says)


def test_a_folder_or_a_file_in_the_way_is_refused(refused, weights, tmp_path):
    (tmp_path / "folder.pt2").mkdir()
    (tmp_path / "taken.onnx").write_text("mine")
    export = ("weights", "export", weights, "-o")
    refused(*export, "folder.pt2", "--force", says=("folder.pt2", "a folder is in the way"))
    refused(*export, "taken.onnx", says=("taken.onnx", "exists", "--force"))


@pytest.mark.parametrize("package", ["onnx", "onnxscript"])
def test_a_missing_package_is_named_with_how_to_install_it(refused, weights, monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    says = ("model.onnx", f"{package} is not installed", "pip install 'rcrlib[onnx]'")
    refused("weights", "export", weights, "-o", "model.onnx", says=says)


@pytest.mark.parametrize("name", ["model.onnx", "model.pt2"])
def test_a_full_disk_is_said_and_leaves_nothing_half_written(refused, weights, tmp_path, name):
    with small_disk(tmp_path / "disk", "16k") as disk:
        says = (disk / name, "No space left on device; free some space and run again")
        refused("weights", "export", weights, "-o", disk / name, says=says, leaves="disk")
        assert list(disk.iterdir()) == []
