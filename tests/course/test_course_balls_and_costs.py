"""The clips of lesson 03, and what students measure costs with."""

from __future__ import annotations

import torch
from rcrlib.course.measuring import compare, largest_tensor, prove, seconds

from rcrlib.course.lessons.l03_nonlocal.jumping_balls import GREY, clips


def test_the_ball_that_is_meant_has_one_colour_and_is_pointed_at_in_the_first_frame_only():
    frames, pointer, truth = clips(5, seed=3)
    assert frames.shape == (5, 3, 3, 12, 12)
    assert 0 <= float(frames.min()) <= float(frames.max()) <= 1
    assert torch.equal(pointer[:, 0], truth[:, 0])
    assert not pointer[:, 1:].any()
    for clip, where in zip(frames, truth, strict=True):
        colours = clip.movedim(1, -1)[where[:, 0] > 0.5]
        assert float((colours - colours[0]).abs().max()) == 0
        assert (where.sum(dim=(1, 2, 3)) >= 5).all()


def test_balls_do_not_overlap_and_differ_in_colour():
    frames, _, truth = clips(5, seed=3)
    for clip, where in zip(frames, truth, strict=True):
        colours = {tuple(one.tolist()) for one in clip.movedim(1, -1).reshape(-1, 3)}
        assert len(colours) == 4  # three balls and the ground
        assert (GREY, GREY, GREY) in colours
        assert 0 < float(where.mean()) < 0.15


def test_the_same_seed_gives_the_same_clips_and_another_gives_others():
    assert torch.equal(clips(2, seed=0).frames, clips(2, seed=0).frames)
    assert not torch.equal(clips(2, seed=0).frames, clips(2, seed=1).frames)


def test_the_largest_tensor_is_that_between_two_products():
    a = torch.randn(100, 3)
    assert largest_tensor(lambda x: x @ x.mT @ x, a) == 4 * 100 * 100
    assert largest_tensor(lambda x: x @ (x.mT @ x), a) == 4 * 100 * 3
    assert largest_tensor(lambda x: x.max(dim=0), a) == 8 * 3  # values and indices
    assert largest_tensor(lambda x: x.double(), a) == 8 * 100 * 3


def test_a_time_is_that_of_one_run():
    runs = []
    assert 0 <= seconds(runs.append, 1, repeats=4) < 1
    assert runs == [1] * 4


def test_forms_are_compared_with_the_first_by_a_students_own_ratio(capsys):
    forms = {"long": lambda x: (x @ x.mT) @ x, "short": lambda x: x @ (x.mT @ x)}
    compare(forms, torch.randn(300, 4), rounds=3, ratio=lambda slow, fast: 7.0)
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("long: ")
    assert first.endswith("largest tensor 0.4 MB")
    assert second.startswith("short: 7.00 times as fast (rounds: ")


def test_a_proof_is_in_float64_and_leaves_what_is_given_as_it_was(capsys):
    layer = torch.nn.Linear(4, 4)
    forms = {"one": lambda layer, x, k: k * layer(x), "two": lambda layer, x, k: layer(x) * k + k}
    with torch.no_grad():
        prove(forms | {"same": forms["one"]}, layer, torch.ones(2, 4), 2)
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "same: 0e+00 apart in float32, 0e+00 in float64"
    assert float(lines[0].split()[1]) > 0.1
    assert layer.weight.dtype == torch.float32
