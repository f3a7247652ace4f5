"""Which frames are chosen, on videos in which the answer is known."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from rcrlib.data import load
from rcrlib.errors import OptionError
from rcrlib.keyframes import POLICIES, KCentre, get_policy


@pytest.fixture
def video(tmp_path):
    """Return a function that writes a video from frames (H, W, 3)."""

    def write(frames):
        folder = tmp_path / "video"
        folder.mkdir()
        for index, frame in enumerate(frames):
            Image.fromarray(frame).save(folder / f"{index:05d}.png")
        return load(folder)[0]

    return write


def grey(*values):
    return [np.full((48, 64, 3), value, np.uint8) for value in values]


def texture():
    noise = np.random.default_rng(0).uniform(0, 255, (6, 60))
    image = Image.fromarray(noise.astype(np.uint8)).resize((600, 48), Image.Resampling.BICUBIC)
    return np.stack([np.array(image)] * 3, axis=-1)


def choose(policy, video, count):
    return get_policy(policy, encoder="none", device="cpu")(video, count)


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_as_many_different_frames_as_asked_for_in_order(video, policy, count):
    chosen = choose(policy, video(grey(*range(0, 210, 30))), count)
    assert len(set(chosen)) == count
    assert list(chosen) == sorted(chosen)
    assert chosen[0] >= 0
    assert chosen[-1] <= 6
    if count > 1:
        assert (chosen[0], chosen[-1]) == (0, 6)


@pytest.mark.parametrize("policy", POLICIES)
def test_a_video_in_which_nothing_changes_still_gives_as_many_frames_as_asked_for(video, policy):
    assert len(set(choose(policy, video(grey(*[50] * 9)), 4))) == 4


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("count", [0, 4])
def test_no_frames_and_more_than_there_are_are_refused(video, policy, count):
    with pytest.raises(OptionError, match="has 3 frames; choose 1 to 3"):
        choose(policy, video(grey(1, 2, 3)), count)


def test_even_policy_keeps_even_distances(video):
    assert choose("even", video(grey(*range(11))), 5) == (0, 2, 5, 8, 10)


def test_appearance_labels_most_where_the_picture_changes(video):
    still = [40] * 12
    changing = list(range(40, 240, 20))
    chosen = choose("appearance", video(grey(*still, *changing)), 6)
    assert sum(index >= 11 for index in chosen) == 5


def test_flow_labels_most_where_things_move(video):
    wide = texture()
    places = [0] * 10 + [4 * k for k in range(12)]
    chosen = choose("flow", video([wide[:, place : place + 64] for place in places]), 6)
    assert sum(index >= 9 for index in chosen) == 5


def test_k_centre_takes_one_frame_of_each_scene(video):
    """Five scenes of unequal length: every scene is seen before any is seen twice."""
    wide = texture()
    lengths = (9, 2, 3, 8, 1)
    scenes = [wide[:, 110 * k : 110 * k + 64] // (1 + k % 2) for k in range(5)]
    frames = [scene for scene, length in zip(scenes, lengths, strict=True) for _ in range(length)]
    scene_of = np.repeat(np.arange(5), lengths)
    assert sorted(scene_of[list(choose("k-centre", video(frames), 5))]) == [0, 1, 2, 3, 4]


def test_k_centre_is_within_twice_the_best_distance(video, monkeypatch):
    """Against all choices there are of points whose distances are known."""
    from itertools import combinations

    points = torch.rand(9, 2, generator=torch.Generator().manual_seed(0))
    # No picture has features of known distances.
    monkeypatch.setattr(KCentre, "_features", lambda self, video: points)
    chosen = KCentre()(video(grey(*range(9))), 4)

    def radius(centres):
        return max(min(float((p - points[c]).norm()) for c in centres) for p in points)

    best = min(radius((0, 8, *others)) for others in combinations(range(1, 8), 2))
    assert radius(chosen) <= 2 * best


def test_an_unknown_policy_is_refused():
    with pytest.raises(OptionError, match="policy 'best': unknown; use even, appearance, flow"):
        get_policy("best")


def test_the_global_random_state_is_left_alone(video):
    torch.manual_seed(1)
    before = torch.get_rng_state()
    choose("k-centre", video(grey(1, 2, 3)), 2)
    assert torch.equal(torch.get_rng_state(), before)
