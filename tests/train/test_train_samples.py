"""Images, triplets and clips as the training loop gets them."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from helpers.small_runs import write_videos
from rcrlib.data import Dataset, LabelFiles, denormalise, keep_labels, load, write_mask
from rcrlib.errors import DataError, OptionError
from rcrlib.flow import FlowCache, get_flow
from rcrlib.train import ClipSamples, ClipsWithImages, Sample, StillTriplets, TripletSamples
from rcrlib.train.loader import read_steps
from rcrlib.train.sampler import SampleKey, StepSampler
from rcrlib.train.samples import group_by_length
from rcrlib.triplets import VOID_TARGET, TripletReader, image_tensor, label_tensor

SIZE = (32, 48)


@pytest.fixture(scope="module")
def dataset(videos: Path) -> Dataset:
    return keep_labels(load(videos, split="train"), 2)  # labels 0, 2, 4, 6, 8 of each


@pytest.fixture
def reader() -> TripletReader:
    return TripletReader(get_flow("dis"), SIZE, (40, 56))


def test_clips_hold_consecutive_labelled_frames(dataset):
    samples = ClipSamples(dataset, 3, 1, SIZE)
    assert [clip for _, clip in samples.clips[:3]] == [(0, 2, 4), (2, 4, 6), (4, 6, 8)]
    sample = samples[SampleKey(1, seed=0)]
    video = dataset[0]
    assert sample.frames.shape == (3, 3, *SIZE)
    assert sample.guidance.shape == (3, 0, *SIZE)
    assert sample.labels.shape == (3, 1, *SIZE)
    for place, index in enumerate((2, 4, 6)):
        expected = image_tensor(video.frame(index), SIZE)
        assert torch.allclose(denormalise(sample.frames[place]), expected, atol=1e-5)
        label = label_tensor(video, index, SIZE)
        assert torch.equal(sample.labels[place], (label >= 0.5).float())


def test_images_are_clips_of_one_frame(dataset):
    samples = ClipSamples(dataset, 1, 1, SIZE)
    assert len(samples) == 10
    assert all(samples.frames(index) == 1 for index in range(10))


def test_a_short_video_makes_one_short_clip(dataset):
    short = dataset[0].with_labels({i: dataset[0].labels[i] for i in (2, 8)})
    samples = ClipSamples(replace(dataset, videos=(short, dataset[1])), 4, 4, SIZE)
    assert [samples.frames(index) for index in range(len(samples))] == [2, 4, 4]


def test_labels_are_binary_unless_soft_ones_are_asked_for(dataset):
    hard, soft = (
        ClipSamples(dataset, 2, 2, SIZE, soft=soft)[SampleKey(0, 0)].labels
        for soft in (False, True)
    )
    assert set(hard.unique().tolist()) == {0.0, 1.0}
    assert len(soft.unique()) > 2


def with_void(dataset: Dataset, folder: Path) -> Dataset:
    """Return the data set with void in the left quarter of every label."""
    videos = []
    for video in dataset:
        files = {}
        for index in video.annotated:
            path = folder / video.name / f"{index}.png"
            write_mask(path, video.label(index), left_quarter(*video.size))
            files[index] = LabelFiles((path,))
        videos.append(video.with_labels(files))
    return replace(dataset, videos=tuple(videos))


def left_quarter(height: int, width: int) -> np.ndarray:
    return np.broadcast_to(np.arange(width) < width // 4, (height, width))


@pytest.mark.parametrize("soft", [False, True])
def test_void_pixels_are_marked_in_what_is_learned(dataset, tmp_path, soft):
    void = with_void(dataset, tmp_path)
    marked, plain = (
        ClipSamples(each, 2, 2, SIZE, soft=soft, reverse=True)[SampleKey(1, 1)].labels
        for each in (void, dataset)
    )
    columns = SIZE[1] // 4
    assert (marked[..., : columns - 1] == VOID_TARGET).all()
    assert torch.equal(marked[..., columns + 1 :], plain[..., columns + 1 :])


def test_augmentation_moves_void_with_the_label_and_makes_none_elsewhere(dataset, tmp_path):
    void = with_void(dataset, tmp_path)
    marked, plain = (
        ClipSamples(each, 2, 2, SIZE, augment=True)[SampleKey(1, 5)].labels
        for each in (void, dataset)
    )
    hidden = marked == VOID_TARGET
    assert hidden.any()
    assert (marked == plain)[~hidden].float().mean() > 0.99
    assert set(marked.unique().tolist()) <= {VOID_TARGET, 0.0, 1.0}


def test_void_is_background_to_warping_and_not_learned_from_triplets_and_stills(
    dataset, reader, tmp_path
):
    void = with_void(dataset, tmp_path)
    triplet = TripletSamples(void, reader)[SampleKey(0, 0)]
    assert (triplet.guidance[:, :2] >= 0).all()
    assert (triplet.labels[..., :11] == VOID_TARGET).all()
    for seed in range(6):  # with a distractor and without
        still = StillTriplets(void, SIZE, "paper")[SampleKey(0, seed)]
        assert (still.guidance[:, :2] >= 0).all()
        assert (still.labels == VOID_TARGET).any()


def test_half_of_the_clips_play_backwards_with_their_labels(dataset):
    samples = ClipSamples(dataset, 3, 1, SIZE, reverse=True)
    forwards, backwards = samples[SampleKey(0, seed=10)], samples[SampleKey(0, seed=11)]
    for ahead, back in zip(forwards, backwards, strict=True):
        assert torch.equal(ahead, back.flip(0))


def test_as_many_images_as_a_clip_has_frames_come_between_clips(dataset):
    clips, images = ClipSamples(dataset, 3, 2, SIZE), ClipSamples(dataset, 1, 1, SIZE)
    both = ClipsWithImages(clips, images, ratio=3)
    assert (len(clips), len(images)) == (4, 10)
    assert [both.frames(index) for index in range(len(both))] == [3, 1, 1, 1] * 4
    expected = [*[(clips, 0), (images, 0), (images, 1), (images, 2)],
                *[(clips, 1), (images, 3), (images, 4), (images, 5)],
                *[(clips, 2), (images, 6), (images, 7), (images, 8)],
                *[(clips, 3), (images, 9), (images, 0), (images, 1)]]  # fmt: skip
    for index, (samples, place) in enumerate(expected):
        for got, wanted in zip(
            both[SampleKey(index, 5)], samples[SampleKey(place, 5)], strict=True
        ):
            assert torch.equal(got, wanted)


def test_few_clips_come_again_until_all_images_were_seen(dataset):
    clips, images = ClipSamples(dataset, 5, 5, SIZE), ClipSamples(dataset, 1, 1, SIZE)
    both = ClipsWithImages(clips, images, ratio=2)
    assert (len(clips), len(images), len(both)) == (2, 10, 15)
    again, first = both[SampleKey(6, 0)], both[SampleKey(0, 0)]
    assert torch.equal(again.frames, first.frames)


@pytest.mark.parametrize("kind", ["clips", "triplets"])
def test_a_sample_is_a_pure_function_of_its_key(kind, dataset, reader):
    samples = (
        ClipSamples(dataset, 3, 1, SIZE, augment=True, reverse=True)
        if kind == "clips"
        else TripletSamples(dataset, reader, augment=True)
    )
    before = samples[SampleKey(1, seed=7)]
    torch.manual_seed(123)
    state = torch.get_rng_state()
    samples[SampleKey(0, seed=3)]
    again = samples[SampleKey(1, seed=7)]
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(one, other) for one, other in zip(before, again, strict=True))
    assert not torch.equal(before.frames, samples[SampleKey(1, seed=8)].frames)


def test_triplets_join_neighbouring_kept_labels(dataset, reader):
    samples = TripletSamples(dataset, reader)
    assert [triplet[1:] for triplet in samples.triplets[:3]] == [(0, 2, 4), (2, 4, 6), (4, 6, 8)]
    sample = samples[SampleKey(0, 0)]
    frame, guide = reader(dataset[0], 0, 2, 4)
    assert torch.allclose(denormalise(sample.frames[0]), frame, atol=1e-5)
    assert torch.equal(sample.guidance[0], guide)
    assert sample.labels.shape == (1, 1, *SIZE)
    assert samples.frames(0) == 1


def test_augmentation_moves_warped_labels_and_the_target_alike(dataset):
    # With "rgb+labels" of a triplet whose three labels are one, guidance and target agree.
    video = dataset[0]
    one = video.with_labels(dict.fromkeys((0, 2, 4), video.labels[2]))
    reader = TripletReader(get_flow("dis"), SIZE, SIZE, inputs="rgb+labels")
    samples = TripletSamples(replace(dataset, videos=(one,)), reader, augment=True)
    for seed in range(5):
        sample = samples[SampleKey(0, seed)]
        differ = ((sample.guidance[0, 0] >= 0.5).float() - sample.labels[0, 0]).abs().mean()
        assert differ < 0.02, "they may differ at the edge only: bilinear against nearest"


def test_data_without_labels_are_refused(dataset):
    bare = replace(dataset, videos=tuple(video.with_labels({}) for video in dataset))
    with pytest.raises(DataError, match="has no label to learn from"):
        ClipSamples(bare, 4, 4, SIZE)


def test_two_labels_are_too_few_for_a_triplet(dataset, reader):
    few = replace(dataset, videos=(dataset[0].with_labels({0: dataset[0].labels[0]}),))
    with pytest.raises(DataError, match="3 kept labels"):
        TripletSamples(few, reader)


def test_a_stride_that_leaves_frames_out_is_refused(dataset):
    with pytest.raises(OptionError, match="stride=5"):
        ClipSamples(dataset, 4, 5, SIZE)


def test_samples_of_one_length_are_stacked(dataset):
    long, short = (torch.zeros(n, 1, 2, 2) for n in (4, 2))
    groups = group_by_length([Sample(x, x, x + n) for n, x in enumerate((short, long, long))])
    assert [tuple(group.frames.shape[:2]) for group in groups] == [(2, 4), (1, 2)]
    assert groups[0].labels[:, 0, 0, 0, 0].tolist() == [1, 2]


def test_samples_travel_to_worker_processes_that_are_not_forks(dataset):
    samples = ClipSamples(dataset, 3, 1, SIZE)
    copy = pickle.loads(pickle.dumps(samples))
    assert torch.equal(copy[SampleKey(2, 5)].frames, samples[SampleKey(2, 5)].frames)


@pytest.mark.parametrize("workers", [0, 1])
def test_a_broken_frame_is_one_line_also_from_a_worker(workers, tmp_path):
    folder = write_videos(tmp_path / "set", videos=2, frames=2)
    dataset = load(folder, split="train")
    broken = next((folder / "JPEGImages").rglob("00001.jpg"))
    broken.write_bytes(b"no picture")
    samples = ClipSamples(dataset, 2, 2, SIZE)
    sampler = StepSampler(len(samples), batch=1, steps=1, seed=0)
    with pytest.raises(DataError, match="cannot be read as an image") as caught:
        list(read_steps(samples, sampler, workers=workers, pin_memory=False))
    assert str(broken) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_full_disk_under_the_flow_cache_reaches_the_parent_as_it_is(dataset, tmp_path):
    class Full(FlowCache):
        def __call__(self, a, b, names=None):
            raise OSError(28, "No space left on device", "flow.png")

    samples = TripletSamples(dataset, TripletReader(Full(get_flow("dis"), None), SIZE, SIZE))
    sampler = StepSampler(len(samples), batch=1, steps=1, seed=0)
    with pytest.raises(OSError, match="No space left") as caught:
        list(read_steps(samples, sampler, workers=1, pin_memory=False))
    assert (caught.value.errno, caught.value.filename) == (28, "flow.png")
