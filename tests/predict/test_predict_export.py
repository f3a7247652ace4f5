"""Exported networks answer as ours do, in onnxruntime and as programs of `torch.export`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import onnxruntime
import pytest
import torch
from torch import Tensor, nn

from helpers.films import frames_of
from helpers.networks import NETWORK
from rcrlib import __version__
from rcrlib.data import normalise
from rcrlib.errors import OptionError, WeightsError
from rcrlib.models import (
    FGPLG,
    NERConfig,
    Network,
    RCRNet,
    RCRNetNER,
    accelerate,
    save_weights,
    shipped_weights,
)
from rcrlib.predict import (
    PredictConfig,
    export,
    export_network,
    export_weights,
    prepare_frames,
    saliency_maps,
    windows,
)
from rcrlib.predict.export import METADATA

pytestmark = pytest.mark.usefixtures("one_thread")

RUN = {
    ".onnx": lambda path, inputs: run_onnx(path, inputs),
    ".pt2": lambda path, inputs: run_program(path, inputs),
}
SMALL = {"size": (32, 40), "clip": 2}


def run_onnx(path: Path, inputs: dict[str, Tensor]) -> np.ndarray:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (saliency,) = session.run(["saliency"], {name: x.numpy() for name, x in inputs.items()})
    return saliency


def run_program(path: Path, inputs: dict[str, Tensor]) -> np.ndarray:
    return torch.export.load(path).module()(*inputs.values()).numpy()


def metadata_of(path: Path) -> dict[str, str]:
    if path.suffix == ".onnx":
        return onnxruntime.InferenceSession(path).get_modelmeta().custom_metadata_map
    extra = {METADATA: ""}
    torch.export.load(path, extra_files=extra)
    return json.loads(extra[METADATA])


def network(kind: str) -> Network:
    """Return a small network with weights and statistics as training might leave them."""
    torch.manual_seed(3)
    made: Network = {
        "RCRNet": lambda: RCRNet(NETWORK),
        "RCRNetNER": lambda: RCRNetNER(NETWORK),
        "official": lambda: RCRNetNER(NETWORK, NERConfig(variant="official")),
        "FGPLG": lambda: FGPLG(NETWORK, residual=True),
    }[kind]()
    for name, tensor in made.state_dict().items():
        if name.endswith("non_local.w.weight"):  # zero in a new block
            nn.init.normal_(tensor, std=0.3)
        elif name.endswith("running_mean"):
            nn.init.normal_(tensor, std=0.1)
        elif name.endswith("running_var"):
            nn.init.uniform_(tensor, 0.5, 1)
    return made.eval()


def clip_of(size: tuple[int, int], clip: int) -> Tensor:
    return torch.rand(1, clip, 3, *size, generator=torch.Generator().manual_seed(clip))


@torch.no_grad()
def answer(network: Network, inputs: dict[str, Tensor]) -> np.ndarray:
    """Return the probabilities of the plain network, written out."""
    frames, *guidance = inputs.values()
    if isinstance(network, RCRNetNER):
        return network(normalise(frames)).sigmoid().numpy()
    logits = network(normalise(frames[0]), *(each[0] for each in guidance))
    return logits.sigmoid()[None].numpy()


@pytest.mark.parametrize("suffix", RUN)
@pytest.mark.parametrize(
    ("kind", "clip", "size"),
    [
        ("RCRNetNER", 5, (33, 47)),
        ("official", 1, (64, 16)),
        ("RCRNet", 3, (57, 40)),
        ("FGPLG", 2, (35, 49)),
    ],
)
def test_an_exported_network_answers_as_it_does_here(kind, clip, size, suffix, tmp_path):
    net, path = network(kind), tmp_path / f"network{suffix}"
    export_network(net, path, size=size, clip=clip)
    inputs = {"frames": clip_of(size, clip)}
    if isinstance(net, FGPLG):
        inputs["guidance"] = torch.rand(1, clip, 4, *size)
    expected = answer(net, inputs)
    assert expected.std() > 0.01  # there is something to compare
    found = RUN[suffix](path, inputs)
    assert (found.shape, found.dtype) == ((1, clip, 1, *size), np.float32)
    np.testing.assert_allclose(found, expected, atol=1e-4)


@pytest.fixture(scope="module", params=RUN)
def exported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file made of weights that were trained on clips of 3 at 48 pixels."""
    folder = tmp_path_factory.mktemp("exported")
    save_weights(network("RCRNetNER"), folder / "mine.safetensors", clip=3, size=48, preset="tiny")
    export_weights(folder / "mine.safetensors", folder / f"network{request.param}")
    return folder / f"network{request.param}"


def test_clip_by_clip_it_makes_the_maps_of_predict(exported):
    """Seven frames in clips of three: the last reaches back, and what it shares is averaged."""
    frames = frames_of(7, size=(48, 48))
    config = PredictConfig(clip=3, size=48, device="cpu", precision="32")
    seen: list[list[np.ndarray]] = [[] for _ in frames]
    for first, clip in windows(prepare_frames(frames, config), 3, 3):
        pixels = torch.stack([frame.pixels for frame in clip])[None]
        for index, saliency in enumerate(RUN[exported.suffix](exported, {"frames": pixels})[0]):
            seen[first + index].append(saliency[0])
    maps = saliency_maps(network("RCRNetNER"), frames, config)
    for mine, expected in zip(seen, maps, strict=True):
        np.testing.assert_allclose(np.mean(mine, axis=0), expected, atol=1e-4)


def test_the_file_says_what_it_is(exported):
    assert metadata_of(exported) == {
        "rcrlib": __version__, "network": "RCRNetNER", "size": "48x48", "clip": "3",
        "source": "mine.safetensors", "preset": "tiny",
    }  # fmt: skip


def test_the_file_says_nothing_about_the_machine_that_made_it(exported):
    places = (Path(__file__).parents[2], exported.parent, Path(torch.__file__).parent)
    content = exported.read_bytes()
    assert [place for place in places if str(place).encode() in content] == []
    assert {file.suffix for file in exported.parent.iterdir()} == {".safetensors", exported.suffix}


def test_of_an_accelerated_network_in_training_the_plain_one_is_written_as_it_predicts(tmp_path):
    """And the network stays as it is."""
    net = accelerate(network("RCRNetNER")).train()
    kinds = [type(module) for module in net.modules()]
    export_network(net, tmp_path / "network.pt2", **SMALL)
    assert [type(module) for module in net.modules()] == kinds
    assert net.training
    frames = {"frames": clip_of(**SMALL)}
    expected = answer(network("RCRNetNER"), frames)
    np.testing.assert_allclose(run_program(tmp_path / "network.pt2", frames), expected, atol=1e-6)


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `export_weights` return what it asks for, and write nothing."""
    monkeypatch.setattr(export, "export_network", lambda network, path, **settings: settings)


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize("weights", [None, shipped_weights()])
def test_the_packages_own_weights_keep_their_licence(weights):
    assert export_weights(weights, "own.pt2") == {
        "size": (352, 352), "clip": 4, "preset": "light", "licence": "CC BY-NC 4.0",
        "source": "rcrnet-ner-light.safetensors",
    }  # fmt: skip


@pytest.mark.usefixtures("settings")
def test_weights_that_do_not_say_how_they_were_trained_get_the_papers_settings(tmp_path):
    weights = tmp_path / "network.safetensors"
    save_weights(network("RCRNetNER"), weights)
    expected = {"size": (448, 448), "clip": 4, "source": weights.name}
    assert export_weights(weights, "network.pt2") == expected
    asked = export_weights(weights, "network.pt2", size=(40, 56), clip=7)
    assert asked == {**expected, "size": (40, 56), "clip": 7}


@pytest.mark.parametrize(
    ("name", "options", "says"),
    [
        ("network.pth", {}, r"network.pth: .* \.onnx or \.pt2"),
        ("network", {}, r"network: .* \.onnx or \.pt2"),
        ("network.pt2", {"clip": 0}, "clip is 0; it must be at least 1"),
        ("network.onnx", {"size": (32, 8)}, "size is 8; it must be at least 16"),
    ],
)
def test_what_cannot_be_exported_is_refused_before_anything_is_written(
    name, options, says, tmp_path
):
    with pytest.raises(OptionError, match=says):
        export_network(network("RCRNet"), tmp_path / name, **{**SMALL, **options})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("package", ["onnx", "onnxscript"])
def test_a_missing_package_is_named_with_how_to_install_it(package, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(OptionError, match=rf"{package} is not installed.*rcrlib\[onnx\]"):
        export_network(network("RCRNet"), tmp_path / "network.onnx", **SMALL)
    assert list(tmp_path.iterdir()) == []


def test_weights_that_are_none_are_refused(tmp_path):
    with pytest.raises(WeightsError, match="no such file"):
        export_weights(tmp_path / "nowhere.safetensors", tmp_path / "network.pt2")


class Failing:
    """A program that is converted but cannot be written."""

    def __init__(self, *arguments: object, **options: object) -> None:
        self.model = SimpleNamespace(metadata_props={})

    def save(self, *arguments: object, **options: object) -> None:
        raise OSError("the disk is gone")


@pytest.mark.parametrize("suffix", RUN)
def test_what_is_there_stays_when_writing_fails(suffix, tmp_path, monkeypatch):
    path = tmp_path / f"network{suffix}"
    path.write_text("the one before")
    monkeypatch.setattr(export, "_program", lambda network, inputs: None)
    monkeypatch.setattr(torch.onnx, "export", Failing)
    monkeypatch.setattr(torch.export, "save", Failing().save)
    with pytest.raises(OSError, match="the disk is gone"):
        export_network(network("RCRNet"), path, **SMALL)
    assert path.read_text() == "the one before"
    assert list(tmp_path.iterdir()) == [path]
