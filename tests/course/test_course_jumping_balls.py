"""The clips of lesson 03: balls that jump."""

from __future__ import annotations

import torch

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
