"""A saliency map for every frame of any video."""

from __future__ import annotations

import shutil
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor, nn

from helpers.disks import small_disk
from helpers.films import frames_of, write_film
from helpers.networks import NETWORK
from helpers.small_runs import write_videos
from rcrlib.data import Dataset, load, normalise, read_mask, resize
from rcrlib.errors import DataError, OptionError, WeightsError
from rcrlib.models import FGPLG, RCRNet, RCRNetNER
from rcrlib.predict import PredictConfig, frames_with_saliency, predict, saliency_maps, windows
from rcrlib.triplets import image_tensor

pytestmark = pytest.mark.usefixtures("one_thread")

SMALL = PredictConfig(clip=4, size=32, device="cpu")


class Numbering(nn.Module):
    """A stand-in for RCRNet+NER that tells clips apart: its logits depend on the clip's content."""

    def forward(self, clip: Tensor) -> Tensor:
        own = clip.mean(dim=2, keepdim=True)
        return own + 3 * own.mean(dim=(1, 3, 4), keepdim=True)


@pytest.fixture(scope="module")
def network() -> RCRNetNER:
    torch.manual_seed(0)
    return RCRNetNER(NETWORK).eval()


@pytest.fixture(scope="module")
def davis(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a data set of two training videos of 7 frames, 40x56 pixels."""
    return write_videos(tmp_path_factory.mktemp("predict") / "set", frames=7)


def files_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def slow_reference(
    network: nn.Module, frames: list[np.ndarray], config: PredictConfig
) -> np.ndarray:
    """Average each frame's probabilities over all clips that hold it, the plain way."""
    stride, last = config.clip - config.overlap, max(len(frames) - config.clip, 0)
    starts = sorted({*range(0, last, stride), last})
    size = (config.size,) * 2
    tensors = normalise(torch.stack([image_tensor(frame, size) for frame in frames]))
    total, count = torch.zeros(len(frames), 1, *size), torch.zeros(len(frames), 1, 1, 1)
    with torch.no_grad():
        for start in starts:
            part = slice(start, start + config.clip)
            total[part] += network(tensors[part][None])[0].sigmoid()
            count[part] += 1
    return resize(total / count, frames[0].shape[:2])[:, 0].numpy()


@pytest.mark.parametrize("overlap", [0, 1, 2, 3])
@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 8, 11])
def test_overlapping_clips_are_averaged_as_in_a_slow_reference(count, overlap):
    frames, config = frames_of(count), PredictConfig(clip=4, overlap=overlap, size=16, device="cpu")
    found = np.stack(list(saliency_maps(Numbering(), frames, config)))
    assert np.abs(found - slow_reference(Numbering(), frames, config)).max() < 1e-6


def test_the_network_itself_agrees_with_the_slow_reference(network):
    frames, config = frames_of(9), PredictConfig(clip=4, overlap=2, size=32, device="cpu")
    found = np.stack(list(saliency_maps(network, frames, config)))
    assert np.abs(found - slow_reference(network, frames, config)).max() < 1e-5


@pytest.mark.parametrize("length", [1, 3, 4])
@pytest.mark.parametrize("stride", [1, 2, 4])
@pytest.mark.parametrize("count", [1, 3, 4, 9, 10])
def test_windows_hold_every_frame_and_the_last_is_aligned_to_the_end(count, stride, length):
    stride = min(stride, length)
    found = list(windows(iter(range(count)), length, stride))
    assert [list(range(first, first + len(clip))) for first, clip in found] == [c for _, c in found]
    assert sorted({frame for _, clip in found for frame in clip}) == list(range(count))
    assert found[-1][1][-1] == count - 1
    assert all(len(clip) == min(length, count) for _, clip in found)
    starts = [first for first, _ in found]
    assert all(b - a == stride for a, b in pairwise(starts[:-1]))
    assert len(set(starts)) == len(starts), "no clip comes twice"


def test_frames_wait_for_two_clips_at_most(network):
    ahead = []

    def stream():
        for index, frame in enumerate(frames_of(40)):
            ahead.append(index)
            yield frame

    config = PredictConfig(clip=4, overlap=2, size=16, device="cpu")
    for given, _ in enumerate(frames_with_saliency(Numbering(), stream(), config)):
        assert ahead[-1] - given < 2 * config.clip


def test_a_data_set_gets_a_map_for_every_frame_labelled_or_not(network, davis, tmp_path):
    dataset = load(davis, split="train")
    predict(network, dataset, tmp_path / "maps", SMALL)
    expected = {f"{video.name}/{name}.png" for video in dataset for name in video.frame_names}
    assert files_in(tmp_path / "maps") == {*expected, "rcr.json"}
    video = dataset[1]
    maps = list(saliency_maps(network, video.stream(), SMALL))
    for name, saliency in zip(video.frame_names, maps, strict=True):
        written = read_mask(tmp_path / "maps" / video.name / f"{name}.png", soft=True, style="grey")
        assert written.shape == video.size == saliency.shape
        assert np.abs(written - saliency).max() <= 0.5 / 255 + 1e-6


def test_a_folder_keeps_the_names_and_sizes_of_its_frames(network, tmp_path):
    (tmp_path / "holiday").mkdir()
    for number in (7, 8, 10):
        cv2.imwrite(str(tmp_path / "holiday" / f"IMG_{number}.jpg"), frames_of(1, (33, 47))[0])
    predict(network, load(tmp_path / "holiday"), tmp_path / "maps", SMALL)
    names = {f"holiday/IMG_{number}.png" for number in (7, 8, 10)}
    assert files_in(tmp_path / "maps") == {*names, "rcr.json"}
    assert read_mask(tmp_path / "maps" / "holiday" / "IMG_10.png", style="grey").shape == (33, 47)


def test_a_video_file_gets_a_map_for_every_frame(network, tmp_path):
    source = write_film(tmp_path / "clip.avi", frames_of(6, (32, 48)))
    predict(network, load(source), tmp_path / "maps", SMALL)
    assert files_in(tmp_path / "maps") == {*(f"clip/{n:05d}.png" for n in range(6)), "rcr.json"}


def test_a_set_of_images_is_written_flat(network, tmp_path):
    for folder, suffix in (("DUTS-TE-Image", ".jpg"), ("DUTS-TE-Mask", ".png")):
        (tmp_path / "DUTS" / folder).mkdir(parents=True)
        for name, size in (("a", (20, 30)), ("b", (31, 17))):
            picture = np.zeros((*size, 3), np.uint8)
            cv2.imwrite(str(tmp_path / "DUTS" / folder / f"{name}{suffix}"), picture)
    dataset = load(tmp_path / "DUTS")
    predict(network, dataset, tmp_path / "maps", SMALL)
    assert files_in(tmp_path / "maps") == {"a.png", "b.png", "rcr.json"}
    assert read_mask(tmp_path / "maps" / "b.png", style="grey").shape == (31, 17)
    with pytest.raises(OptionError, match="is a set of images, not videos"):
        predict(network, dataset, tmp_path / "more", SMALL, video_overlay=True)


@pytest.mark.parametrize("clip", [1, 50])
def test_clips_may_be_single_frames_or_longer_than_the_video(clip, network, davis, tmp_path):
    dataset = load(davis, split="val")
    config = PredictConfig(clip=clip, size=32, device="cpu")
    predict(network, dataset, tmp_path / "maps", config)
    assert len(files_in(tmp_path / "maps")) == 7 + 1


def test_an_image_network_sees_each_frame_alone():
    torch.manual_seed(0)
    network = RCRNet(NETWORK).eval()
    frames = frames_of(5)
    together = list(saliency_maps(network, frames, SMALL))
    alone = [next(saliency_maps(network, [frame], SMALL)) for frame in frames]
    assert np.abs(np.stack(together) - np.stack(alone)).max() < 1e-5


def test_a_generator_of_pseudo_labels_is_refused_before_anything_is_written(davis, tmp_path):
    generator = FGPLG(NETWORK)
    with pytest.raises(WeightsError, match="FGPLG needs labels"):
        predict(generator, load(davis), tmp_path / "maps", SMALL)
    with pytest.raises(WeightsError, match="FGPLG needs labels"):
        next(saliency_maps(generator, frames_of(1), SMALL))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"clip": 0}, "clip is 0"),
        ({"overlap": 4}, "overlap is 4; it must be 0 to 3"),
        ({"overlap": -1}, "overlap is -1"),
        ({"size": 8}, "size is 8"),
        ({"batch": 0}, "batch is 0"),
        ({"whole": True, "overlap": 2}, "overlap is 2; a whole video is one clip"),
    ],
)
def test_options_out_of_range_are_refused(options, said):
    with pytest.raises(OptionError, match=said):
        PredictConfig(**options)


def test_a_folder_that_exists_is_replaced_only_with_force(network, davis, tmp_path):
    dataset = load(davis, split="val")
    predict(network, dataset, tmp_path / "maps", SMALL)
    with pytest.raises(OptionError, match="exists and is not empty"):
        predict(network, dataset, tmp_path / "maps", SMALL)
    (tmp_path / "maps" / "stale.png").touch()
    predict(network, dataset, tmp_path / "maps", SMALL, force=True)
    assert "stale.png" not in files_in(tmp_path / "maps")


def test_a_broken_frame_in_the_middle_leaves_nothing(network, davis, tmp_path):
    folder = shutil.copytree(davis, tmp_path / "set")
    dataset: Dataset = load(folder, split="train")
    broken = folder / "JPEGImages" / "480p" / dataset[1].name / "00005.jpg"
    broken.write_bytes(broken.read_bytes()[:300])
    with pytest.raises(DataError, match=r"00005\.jpg: cannot be read as an image"):
        predict(network, dataset, tmp_path / "maps", SMALL, video_overlay=True)
    assert [path.name for path in tmp_path.iterdir()] == ["set"]


def test_a_disk_that_fills_up_leaves_nothing(network, davis, tmp_path):
    with small_disk(tmp_path / "disk", "16k") as disk:
        with pytest.raises(OSError, match="No space left") as caught:
            predict(network, load(davis), disk / "maps", SMALL)
        assert caught.value.filename == str(disk / "maps")
        assert list(disk.iterdir()) == []


@pytest.mark.parametrize("batch", [2, 3, 8])
def test_clips_in_batches_answer_as_one_by_one(batch, network):
    frames, one = frames_of(10), PredictConfig(clip=4, overlap=1, size=32, device="cpu")
    alone = np.stack(list(saliency_maps(network, frames, one)))
    together = np.stack(list(saliency_maps(network, frames, replace(one, batch=batch))))
    assert np.abs(together - alone).max() < 1e-5


def test_a_whole_video_is_one_clip(network):
    frames = frames_of(9)
    whole = PredictConfig(whole=True, size=32, device="cpu")
    found = np.stack(list(saliency_maps(network, frames, whole)))
    as_clip = PredictConfig(clip=9, size=32, device="cpu")
    assert np.abs(found - np.stack(list(saliency_maps(network, frames, as_clip)))).max() < 1e-6


def test_a_whole_video_that_does_not_fit_is_refused_with_numbers(network, monkeypatch):
    monkeypatch.setattr("rcrlib.predict.stream.free_memory", lambda device: 10**6)
    config = PredictConfig(whole=True, size=448, device="cpu")
    with pytest.raises(OptionError, match=r"whole: 2 frames need about 0\.0 GiB and .*give clip"):
        next(saliency_maps(network, frames_of(2), config))


@pytest.mark.gpu
@pytest.mark.parametrize("precision", ["32", "auto"])
def test_predictions_on_a_gpu_are_close_to_those_on_a_cpu(precision, network):
    frames = frames_of(6)
    on_cpu = np.stack(list(saliency_maps(network, frames, SMALL)))
    config = PredictConfig(clip=4, size=32, device="cuda", precision=precision)
    tf32 = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = False
    try:
        on_gpu = np.stack(list(saliency_maps(network, frames, config)))
    finally:
        torch.backends.cudnn.allow_tf32 = tf32
        network.to("cpu")
    assert np.abs(on_cpu - on_gpu).max() < (1e-3 if precision == "32" else 0.05)
