"""How a notebook begins, what it does when the memory is full, and its pictures."""

from __future__ import annotations

import pytest
import torch

from rcrlib.course import figures, session
from rcrlib.course.lessons import LESSONS, lesson
from rcrlib.course.session import halve_batch, one_thread, setup
from rcrlib.errors import OptionError, RcrError


def test_setup_says_device_preset_and_how_long_it_takes(capsys, monkeypatch):
    monkeypatch.setattr(session, "pick_device", lambda: torch.device("cpu"))
    made = setup("04_convgru")
    said = capsys.readouterr().out
    assert (made.device.type, made.precision, made.preset) == ("cpu", "32-true", "tiny")
    assert "cpu" in said
    assert "float32" in said
    assert "under 60 s on two CPU cores" in said
    assert f"{lesson('04').minutes} minutes" in said


def test_a_t4_gets_fp16_and_the_preset_small(capsys, monkeypatch):
    monkeypatch.setattr(session, "pick_device", lambda: torch.device("cuda", 0))
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (7, 5))
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "Tesla T4")
    made = setup("04_convgru")
    assert (made.precision, made.preset) == ("16-mixed", "small")
    assert "Tesla T4, fp16" in capsys.readouterr().out


def test_an_unknown_lesson_is_refused():
    with pytest.raises(OptionError, match=r"lesson '44_x': unknown.*04_convgru"):
        setup("44_x")


def test_full_memory_halves_the_batch_and_says_so(capsys):
    tried = []

    def work(batch):
        tried.append(batch)
        if batch > 3:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
        return f"done with {batch}"

    assert halve_batch(work, 16) == "done with 2"
    assert tried == [16, 8, 4, 2]
    assert "full with a batch of 16: going on with 8" in capsys.readouterr().out


def test_full_memory_with_a_batch_of_one_ends_in_a_sentence():
    def work(batch):
        raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory")

    with pytest.raises(RcrError, match="batch of 1"):
        halve_batch(work, 4)


def test_other_errors_are_not_taken_for_full_memory():
    def work(batch):
        raise RuntimeError("shapes do not fit")

    with pytest.raises(RuntimeError, match="shapes"):
        halve_batch(work, 4)


def test_lessons_stand_in_order_and_build_on_earlier_ones():
    assert [one.number for one in LESSONS] == [f"{n:02d}" for n in range(len(LESSONS))]
    for one in LESSONS:
        assert all(lesson(number).number < one.number for number in one.after)
        assert 45 <= one.minutes <= 75


@pytest.mark.parametrize("caption", ["Too short, 1.", "no number in all of these many words here"])
def test_a_picture_that_is_not_described_is_refused(caption):
    with pytest.raises(OptionError, match="at least eight words"):
        figures.check_caption(caption)


def test_heat_is_light_halfway_and_differs_at_its_ends():
    low, middle, high = figures.heat([[0.0, 0.5, 1.0]])[0].astype(int)
    assert middle.min() > 240
    assert low[2] > low[0] + 100  # blue
    assert high[0] > high[2] + 100  # brown


def test_one_thread_is_one_until_the_block_ends():
    before = torch.get_num_threads()
    with one_thread():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == before
