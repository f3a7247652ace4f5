"""What a step computes, what a stage changes, and that it learns."""

from __future__ import annotations

import copy
import math
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import torch
from torch.nn import functional as F

from helpers.networks import NETWORK
from helpers.small_runs import STAGES, content, metrics, small_preset, train_stage
from rcrlib.data import load
from rcrlib.errors import OptionError
from rcrlib.flow import get_flow
from rcrlib.models import FGPLG, RCRNet, RCRNetNER, load_weights
from rcrlib.train import (
    ClipSamples,
    Preset,
    Sample,
    TrainConfig,
    fit,
    frame_loss,
    load_as,
    train_fgplg,
    train_image,
    train_video,
)
from rcrlib.triplets import VOID_TARGET

pytestmark = pytest.mark.usefixtures("one_thread")

STATISTICS = ("running_mean", "running_var", "num_batches_tracked")


def plain_preset(steps: int) -> Preset:
    return small_preset(
        steps=steps, lr=2e-3, schedule="constant", augment=False, checkpoint_every=100
    )


def test_the_loss_is_worked_out_by_hand():
    logits = torch.tensor([[[[[0.0, 2.0]]], [[[-1.0, 0.0]]]]])  # one clip, two frames of 1x2
    labels = torch.tensor([[[[[1.0, 1.0]]], [[[0.0, 0.5]]]]])
    first = (math.log(2) + math.log(1 + math.exp(-2))) / 2
    second = (math.log(1 + math.exp(-1)) + math.log(2)) / 2
    assert frame_loss(logits, labels).item() == pytest.approx(first + second)


def test_void_pixels_are_left_out_of_the_loss():
    logits = torch.tensor([[[[[0.0, 2.0]]], [[[-1.0, 0.0]]]]], requires_grad=True)
    labels = torch.tensor([[[[[1.0, VOID_TARGET]]], [[[VOID_TARGET, VOID_TARGET]]]]])
    loss = frame_loss(logits, labels)
    loss.backward()
    assert loss.item() == pytest.approx(math.log(2))  # of the one pixel that is known
    assert logits.grad.flatten().tolist() == [-0.5, 0, 0, 0]


def test_the_loss_of_a_step_is_the_mean_over_all_frames_and_pixels(videos, tmp_path):
    dataset = load(videos, split="train")
    short = dataset[0].with_labels({i: dataset[0].labels[i] for i in (1, 4)})
    samples = ClipSamples(replace(dataset, videos=(short, dataset[1])), 3, 3, (32, 32))
    assert {samples.frames(index) for index in range(len(samples))} == {2, 3}
    torch.manual_seed(0)
    network = RCRNetNER(replace(NETWORK, dropout=0.0))
    before = copy.deepcopy(network)
    config = TrainConfig(batch=4, lr=1e-3, steps=1, device="cpu")
    seen: list[Sample] = []

    def forward(network, batch):
        seen.append(batch)
        return network(batch.frames)

    fit(network, samples, forward, config, tmp_path / "run", record={})

    losses = []
    for batch in seen:
        logits = before(batch.frames)
        losses += F.binary_cross_entropy_with_logits(
            logits, batch.labels, reduction="none"
        ).flatten(0, 1)
    expected = torch.stack(losses).mean().item()
    assert len(losses) > 8, "a short and a long clip should be in the step"
    assert metrics(tmp_path / "run")[0]["loss"] == pytest.approx(expected, abs=1e-6)


def test_the_gradient_does_not_grow_with_the_length_of_the_clip():
    logits = torch.randn(1, 2, 1, 4, 4, requires_grad=True)
    labels = torch.ones_like(logits)
    (frame_loss(logits, labels) / 2).backward()
    twice = logits.detach().repeat(1, 2, 1, 1, 1).requires_grad_()
    (frame_loss(twice, labels.repeat(1, 2, 1, 1, 1)) / 4).backward()
    assert twice.grad.sum() == pytest.approx(logits.grad.sum().item())


def test_the_learning_rate_follows_its_schedule(whole):
    config = small_preset().video
    assert [row["lr"] for row in metrics(whole / "video")] == [
        config.rate(step, 6) for step in range(6)
    ]


STILL = 1e-30
"""A rate too low to change the bits of a parameter."""


@pytest.fixture(scope="module")
def trained(videos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the three stages, one after the other, on labels of every frame."""
    folder = tmp_path_factory.mktemp("trained")
    dataset, preset = load(videos, split="train"), plain_preset(steps=12)
    image = train_image(dataset, preset, folder / "image")
    train_fgplg(dataset, preset, folder / "fgplg", start=image, flow=get_flow("dis"))
    train_video(dataset, preset, folder / "video", start=image)
    return folder


@pytest.fixture(scope="module")
def untrained(videos: Path, trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the networks that the stages of `trained` began with."""
    folder = tmp_path_factory.mktemp("untrained")
    dataset, preset = load(videos, split="train"), small_preset(steps=1, lr=STILL)
    image = trained / "image" / "model.safetensors"
    train_image(dataset, preset, folder / "image")
    train_fgplg(dataset, preset, folder / "fgplg", start=image, flow=get_flow("dis"))
    train_video(dataset, preset, folder / "video", start=image)
    return folder


def _network(run: Path) -> torch.nn.Module:
    return load_weights(run / "model.safetensors")


def _statistics(network: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Return what batch normalisation has gathered."""
    found = {n: value for n, value in network.state_dict().items() if n.endswith(STATISTICS)}
    assert found
    return found


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_learns(stage, trained):
    losses = [row["loss"] for row in metrics(trained / stage)]
    assert sum(losses[-3:]) < 0.9 * sum(losses[:3]), losses


@pytest.mark.parametrize("stage", STAGES)
def test_every_part_of_the_network_is_trained(stage, trained, untrained):
    learned = dict(_network(trained / stage).named_parameters())
    still = [
        name
        for name, parameter in _network(untrained / stage).named_parameters()
        if torch.equal(parameter, learned[name])
    ]
    assert still == []


def test_the_image_stage_gathers_the_statistics_of_batch_normalisation(trained):
    start, end = _statistics(RCRNet(NETWORK)), _statistics(_network(trained / "image"))
    assert [name for name in start if torch.equal(start[name], end[name])] == []


@pytest.mark.parametrize("stage", ["fgplg", "video"])
def test_the_video_stages_leave_the_statistics_to_the_last_bit(stage, trained):
    image = load_as(RCRNet, trained / "image" / "model.safetensors")
    start = _statistics({"fgplg": FGPLG, "video": RCRNetNER}[stage].from_rcrnet(image))
    end = _statistics(_network(trained / stage))
    assert start.keys() == end.keys()
    assert [name for name in start if not torch.equal(start[name], end[name])] == []


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_goes_on_from_the_network_of_the_last_stage(stage, videos, trained, tmp_path):
    last = trained / "video" / "model.safetensors"
    preset = small_preset(steps=1, lr=STILL)
    train = {
        "image": train_image,
        "fgplg": partial(train_fgplg, flow=get_flow("dis")),
        "video": train_video,
    }[stage]
    end = load_weights(train(load(videos, split="train"), preset, tmp_path / "run", start=last))
    start = load_as(RCRNetNER, last)
    start, end = {
        "image": lambda: (start.rcrnet, end),
        "fgplg": lambda: (start.rcrnet, end.network),
        "video": lambda: (start, end),
    }[stage]()
    went_on = end.state_dict()
    other = [
        name
        for name, value in start.state_dict().items()
        if not torch.equal(value, went_on[name][:, :3] if "resnet.conv1" in name else went_on[name])
    ]
    assert [name for name in other if not name.endswith(STATISTICS)] == []


def test_the_same_seed_gives_the_same_bits_and_another_seed_others(videos, tmp_path):
    for name, seed in (("one", 0), ("same", 0), ("other", 1)):
        torch.manual_seed(hash(name) % 1000)  # what the caller drew before must not matter
        train_stage("video", videos, tmp_path / name, small_preset(steps=2, seed=seed))
    one, same, other = (
        content(tmp_path / name / "model.safetensors")[0] for name in ("one", "same", "other")
    )
    assert one == same
    assert metrics(tmp_path / "one") == metrics(tmp_path / "same")
    assert metrics(tmp_path / "one") != metrics(tmp_path / "other")
    assert sum(one[name] != other[name] for name in one) > len(one) / 2


def test_stage_3_learns_from_images_too_where_they_are_given(videos, tmp_path):
    dataset, preset = load(videos, split="train"), small_preset(steps=2)
    images = load(videos, split="val")
    train_video(dataset, preset, tmp_path / "both", start=None, images=images)
    train_video(dataset, preset, tmp_path / "clips", start=None)
    both, clips = (content(tmp_path / n / "model.safetensors") for n in ("both", "clips"))
    assert both[0] != clips[0]
    assert both[1]["images"] == {"data": images.name, "fingerprint": images.fingerprint()}
    assert "images" not in clips[1]


def test_a_residual_generator_is_recorded_as_one(videos, tmp_path):
    path = train_stage("fgplg", videos, tmp_path / "run", small_preset(steps=1), residual=True)
    assert load_as(FGPLG, path).residual
    assert content(path)[1]["residual"] is True


@pytest.mark.parametrize("side", [64, 128])
@pytest.mark.parametrize("stage", STAGES)
def test_weights_lie_as_convolutions_read_them_where_frames_are_large(
    stage, side, videos, monkeypatch, tmp_path
):
    found = []
    monkeypatch.setattr("rcrlib.train.stages.fit", lambda network, *_, **__: found.append(network))
    train_stage(stage, videos, tmp_path / "run", replace(small_preset(), size=side))
    convolutions = [m for m in found[0].modules() if isinstance(m, torch.nn.Conv2d)]
    weights = [m.weight for m in convolutions if m.kernel_size != (1, 1) and m.in_channels > 1]
    last = [w.is_contiguous(memory_format=torch.channels_last) for w in weights]
    assert weights
    assert last == [side == 128] * len(weights)


def test_a_batch_of_one_image_is_refused(videos, tmp_path):
    with pytest.raises(OptionError, match=r"batch is 1 .* at least 2 images"):
        train_stage("image", videos, tmp_path / "run", small_preset(batch=1))
    assert not (tmp_path / "run").exists()


def test_a_batch_of_one_clip_is_fine_where_batch_normalisation_is_frozen(videos, tmp_path):
    train_stage("video", videos, tmp_path / "run", small_preset(batch=1, steps=1))
    assert len(metrics(tmp_path / "run")) == 1


def test_a_loss_that_is_no_number_ends_the_run(videos, tmp_path):
    preset = small_preset(lr=1e30, schedule="constant", checkpoint_every=1)
    with pytest.raises(OptionError, match="the loss is nan at step 2; lower lr"):
        train_stage("video", videos, tmp_path / "run", preset)
    assert not (tmp_path / "run" / "model.safetensors").exists()
