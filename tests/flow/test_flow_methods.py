"""Every flow method on a texture that moves."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import cv2
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from rcrlib.errors import DataError, OptionError, RcrError, WeightsError
from rcrlib.flow import METHODS, FlowEstimator, get_flow, write_flow

needs_ptlflow = pytest.mark.skipif(find_spec("ptlflow") is None, reason="needs ptlflow")

SHIFT = torch.tensor([3.0, -2.0]).view(1, 2, 1, 1)  # every point goes right and up


@pytest.fixture(scope="module")
def pair() -> tuple[Tensor, Tensor]:
    """Return two windows onto one texture, (2, 3, 140, 180), two textures a batch."""
    generator = torch.Generator().manual_seed(0)
    coarse = torch.rand(2, 3, 40, 50, generator=generator)
    texture = F.interpolate(coarse, size=(160, 200), mode="bicubic").clamp(0, 1)
    texture = (texture * 255).round().to(torch.uint8)
    return texture[:, :, 5:145, 5:185], texture[:, :, 7:147, 2:182]


def median_error(flow: Tensor) -> float:
    return float((flow - SHIFT).norm(dim=1).median())


def assert_finds_the_motion(estimator: FlowEstimator, pair: tuple[Tensor, Tensor]) -> None:
    flow = estimator(*pair)
    assert flow.shape == (2, 2, 140, 180)
    assert flow.dtype == torch.float32
    assert median_error(flow) < 0.5
    assert median_error(-estimator(pair[1], pair[0])) < 0.5


@pytest.mark.parametrize("method", ["dis", "farneback"])
def test_classical_methods_find_the_motion(method: str, pair: tuple[Tensor, Tensor]) -> None:
    assert_finds_the_motion(get_flow(method), pair)


@pytest.mark.parametrize("method", ["dis", "farneback"])
def test_the_same_frames_give_the_same_bits(method: str, pair: tuple[Tensor, Tensor]) -> None:
    threads = cv2.getNumThreads()
    try:
        flows = []
        for count in (threads, 1, 2, 5):
            cv2.setNumThreads(count)
            flows.append(get_flow(method)(*pair))
    finally:
        cv2.setNumThreads(threads)
    assert all(torch.equal(flow, flows[0]) for flow in flows)


@pytest.mark.parametrize("size", [(32, 32), (33, 47), (32, 700)])
def test_dis_takes_small_and_long_frames(size: tuple[int, int], generator: torch.Generator) -> None:
    frames = torch.randint(0, 256, (1, 3, *size), generator=generator, dtype=torch.uint8)
    assert get_flow("dis")(frames, frames).abs().max() < 0.5


@pytest.mark.parametrize("size", [(31, 200), (8, 8), (1, 50)])
def test_dis_refuses_frames_that_would_end_the_process(size: tuple[int, int]) -> None:
    frames = torch.zeros(1, 3, *size, dtype=torch.uint8)
    with pytest.raises(DataError, match="at least 32"):
        get_flow("dis")(frames, frames)


@pytest.fixture(scope="module")
def random_raft(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from torchvision.models.optical_flow import raft_small

    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "raft_small.pth"
    torch.save(raft_small().state_dict(), path)
    return path


def test_torchvision_raft_takes_a_local_file_and_any_size(
    random_raft: Path, generator: torch.Generator
) -> None:
    estimator = get_flow("torchvision-raft-small", checkpoint=random_raft)
    frames = torch.randint(0, 256, (2, 3, 33, 150), generator=generator, dtype=torch.uint8)
    flow = estimator(frames, frames)
    assert flow.shape == (2, 2, 33, 150)
    assert torch.equal(flow, estimator(frames, frames))


def test_the_key_tells_weights_apart(random_raft: Path, tmp_path: Path) -> None:
    state = torch.load(random_raft, weights_only=True)
    torch.save(state, tmp_path / "same.pth")
    next(iter(state.values())).view(-1)[0] += 1
    torch.save(state, tmp_path / "other.pth")
    first, same, other = (
        get_flow("torchvision-raft-small", checkpoint=path).key
        for path in (random_raft, tmp_path / "same.pth", tmp_path / "other.pth")
    )
    assert first == same != other


def test_weights_that_do_not_fit_are_refused_in_one_line(random_raft: Path, tmp_path: Path) -> None:
    (tmp_path / "text.pth").write_text("no weights")
    for file in (tmp_path / "text.pth", tmp_path / "gone.pth", random_raft):
        with pytest.raises(WeightsError, match=file.name) as caught:
            get_flow("torchvision-raft-large", checkpoint=file)
        assert "\n" not in str(caught.value)


def test_a_failed_download_says_how_to_do_without(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_network(*args: object, **kwargs: object) -> None:
        raise OSError("no network")

    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", no_network)
    with pytest.raises(WeightsError, match=r"raft_small.*no network.*give a file"):
        get_flow("torchvision-raft-small")


@needs_ptlflow
def test_ptlflow_finds_the_motion_quietly(
    shared: Path, pair: tuple[Tensor, Tensor], capfd: pytest.CaptureFixture[str]
) -> None:
    checkpoint = shared / "weights" / "raft_small-things.ckpt"
    estimator = get_flow("ptlflow:raft_small", checkpoint=checkpoint)
    assert_finds_the_motion(estimator, pair)
    small = estimator(*(frames[:, :, :40, :40] for frames in pair))
    assert small.shape == (2, 2, 40, 40)
    assert capfd.readouterr() == ("", "")


@needs_ptlflow
def test_ptlflow_mistakes_are_named(random_raft: Path) -> None:
    with pytest.raises(OptionError, match="flownet2"):
        get_flow("ptlflow:flownet")
    with pytest.raises(WeightsError, match=r"chairs, things, sintel"):
        get_flow("ptlflow:raft")
    with pytest.raises(WeightsError, match=r"raft_small\.pth.*things"):
        get_flow("ptlflow:raft_small", checkpoint=random_raft)


def test_without_ptlflow_the_message_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(OptionError, match=r"pip install 'rcrlib\[flow\]'"):
        get_flow("ptlflow:raft")


def test_precomputed_flow_is_found_by_name_and_fits_the_frames(tmp_path: Path) -> None:
    flow = torch.tensor([4.0, -6.0]).view(1, 2, 1, 1).expand(1, 2, 10, 20)
    frames = torch.zeros(2, 3, 10, 20, dtype=torch.uint8)
    write_flow(tmp_path / "swan" / "00000_00005.png", flow)
    write_flow(tmp_path / "swan" / "00005_00000.npy", -flow)
    estimator = get_flow(f"precomputed:{tmp_path}")
    names = [("swan/00000", "swan/00005"), ("swan/00005", "swan/00000")]
    assert torch.equal(estimator(frames, frames, names), torch.cat([flow, -flow]))
    # Twice as high and three times as wide: the same points went further in pixels.
    large = torch.zeros(1, 3, 20, 60, dtype=torch.uint8)
    resized = estimator(large, large, names[:1])
    assert resized.shape == (1, 2, 20, 60)
    torch.testing.assert_close(resized[0, :, 7, 7], torch.tensor([12.0, -12.0]))


def test_precomputed_mistakes_are_named(tmp_path: Path) -> None:
    frames = torch.zeros(1, 3, 10, 20, dtype=torch.uint8)
    estimator = get_flow(f"precomputed:{tmp_path}")
    with pytest.raises(DataError, match=r"swan.00000_00005\.png"):
        estimator(frames, frames, [("swan/00000", "swan/00005")])
    with pytest.raises(DataError, match="one video"):
        estimator(frames, frames, [("swan/00000", "bear/00005")])
    with pytest.raises(DataError, match="names"):
        estimator(frames, frames)


@pytest.mark.parametrize("method", ["nothing", "ptlflow", "ptlflow:", "precomputed:", "dis:fast"])
def test_an_unknown_method_is_answered_with_the_list(method: str) -> None:
    with pytest.raises(OptionError, match=", ".join(METHODS)):
        get_flow(method)


def test_what_makes_no_sense_together_is_refused(tmp_path: Path) -> None:
    for method, checkpoint in [("dis", "w.pth"), (f"precomputed:{tmp_path / 'no'}", None)]:
        with pytest.raises(RcrError):
            get_flow(method, checkpoint=checkpoint)


def test_importing_flow_imports_no_heavy_package() -> None:
    code = "import sys, rcrlib.flow; print('ptlflow' in sys.modules, 'torchvision' in sys.modules)"
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert answer.stdout.split() == ["False", "False"]


@pytest.mark.gpu
def test_a_network_on_the_gpu_answers_like_on_the_cpu(
    random_raft: Path, pair: tuple[Tensor, Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    # With TF32 the small differences would grow over RAFT's 12 updates.
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)
    cpu, gpu = (
        get_flow("torchvision-raft-small", checkpoint=random_raft, device=device)
        for device in ("cpu", "cuda")
    )
    assert cpu.key == gpu.key
    expected = cpu(*pair)
    assert (gpu(*pair) - expected).norm() < 0.01 * expected.norm()
