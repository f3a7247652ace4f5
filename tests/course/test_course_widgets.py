"""Widgets, driven over their whole range: each view is drawn, its own, described and quick."""

from __future__ import annotations

import itertools
import time
from statistics import median

import cv2
import numpy as np
import pytest
import torch

from rcrlib.course.widgets import (
    Control,
    Explorer,
    View,
    gates_over_time,
    threshold_explorer,
    warped_labels,
)
from rcrlib.course.widgets.gates import steps
from rcrlib.data import SyntheticConfig, make_synthetic
from rcrlib.errors import DataError, OptionError
from rcrlib.flow import get_flow
from rcrlib.models import ConvGRUCell

SECONDS = 0.3


@pytest.fixture(scope="module")
def gates():
    torch.manual_seed(0)
    inputs = torch.randn(8, 8, 24, 24)
    return gates_over_time(ConvGRUCell(8), inputs, [np.full((24, 24), t / 8) for t in range(8)])


@pytest.fixture(scope="module")
def thresholds():
    (video,) = make_synthetic(SyntheticConfig(videos=1, frames=4, size=(96, 96)))
    mask = video.mask(1)
    maps = {"blurred": cv2.blur(mask.astype(np.float32), (15, 15)), "faint": 0.6 * mask}
    return threshold_explorer(video.frame(1), maps, mask)


def scene():
    (video,) = make_synthetic(SyntheticConfig(videos=1, frames=9, size=(96, 96)))
    return [video.frame(t) for t in range(9)], [video.mask(t) for t in range(9)]


@pytest.fixture(scope="module")
def warped():
    return warped_labels(*scene(), k=4, flow=get_flow("dis"))


EXPLORERS = ("gates", "thresholds", "warped")
"""Fixtures of this module; a new widget adds its own."""


@pytest.fixture(params=EXPLORERS)
def explorer(request):
    return request.getfixturevalue(request.param)


def test_every_value_of_every_control_gives_a_picture_of_its_own_in_time(explorer):
    live = explorer.live()
    seen, took = set(), []
    for values in itertools.product(*(control.values for control in explorer.controls)):
        for control, value in zip(explorer.controls, values, strict=True):
            begin = time.process_time()  # what else runs on the machine does not count
            live.inputs[control.name].value = value
            took.append(time.process_time() - begin)
        assert live.words.value.startswith("<i>")
        assert bytes(live.image.value).startswith(b"\xff\xd8")
        seen.add(bytes(live.image.value))
    assert len(seen) == np.prod([len(control.values) for control in explorer.controls])
    print(f"a view takes {1000 * median(took):.0f} ms, {1000 * max(took):.0f} at most")
    assert median(took) <= SECONDS


def test_the_static_sheet_is_described_and_small(explorer):
    from rcrlib.course.figures import check_caption, jpeg

    check_caption(explorer.sheet.caption)
    assert len(jpeg(explorer.sheet.picture)) < 200_000


def test_an_error_is_shown_as_a_sentence_and_the_picture_stays():
    def view(t):
        if t == 1:
            raise DataError("no flow for frame 1; choose another")
        return View(
            np.zeros((8, 8, 3), np.uint8), f"A black square of 8 times 8 pixels, number {t}."
        )

    sheet = View(np.zeros((8, 8, 3), np.uint8), "A black square of 8 times 8 pixels.")
    live = Explorer((Control("t", "frame", (0, 1, 2)),), view, sheet).live()
    before = bytes(live.image.value)
    live.inputs["t"].value = 1
    assert "no flow for frame 1; choose another" in live.words.value
    assert bytes(live.image.value) == before
    live.inputs["t"].value = 2
    assert "number 2" in live.words.value


def test_a_control_begins_at_one_of_its_values():
    assert Control("t", "frame", (0, 1), start=1).first == 1
    with pytest.raises(OptionError, match="none of its values"):
        Control("t", "frame", (0, 1), start=2)


@pytest.mark.parametrize("variant", ["paper", "official"])
def test_the_steps_of_a_gru_are_its_own(variant):
    torch.manual_seed(0)
    cell, inputs, start = ConvGRUCell(4, variant), torch.randn(3, 4, 6, 5), torch.randn(4, 6, 5)
    run = steps(cell, inputs, start)
    with torch.no_grad():
        states = cell.run(inputs[None], start[None])[0]
    torch.testing.assert_close(torch.stack([step.state for step in run]), states)
    assert all(0 <= float(step.z.min()) <= float(step.z.max()) <= 1 for step in run)


def test_gates_need_a_picture_for_each_input():
    with pytest.raises(OptionError, match="1 pictures for 2 inputs"):
        gates_over_time(ConvGRUCell(4), torch.randn(2, 4, 6, 5), [np.zeros((6, 5))])


def test_the_threshold_explorer_says_the_numbers_of_the_library(thresholds):
    view = thresholds.view(name="faint", t=153)
    assert "precision 1.00, recall 1.00, F 1.00" in view.caption  # 0.6 is level 153: found
    assert "precision 0.00, recall 0.00, F 0.00" in thresholds.view(name="faint", t=170).caption


def test_the_threshold_explorer_needs_maps_of_the_masks_size():
    frame, mask = np.zeros((6, 5, 3), np.uint8), np.ones((6, 5))
    with pytest.raises(OptionError, match="no saliency map"):
        threshold_explorer(frame, {}, mask)
    with pytest.raises(OptionError, match=r"map 'small' is \(3, 5\)"):
        threshold_explorer(frame, {"small": np.ones((3, 5))}, mask)


def test_the_warped_labels_name_their_frame_and_what_is_hidden(warped):
    whole = warped.view(side="before", interval=4, hidden="as it is")
    without = warped.view(side="before", interval=4, hidden="left out")
    assert "label of frame 0 brought to frame 4" in whole.caption
    assert whole.caption.split(";")[1] == without.caption.split(";")[1]  # the share that is hidden


def test_the_warped_labels_need_frames_on_both_sides():
    frames, masks = scene()
    for k in (0, 8):
        with pytest.raises(OptionError, match="a frame before and after k"):
            warped_labels(frames, masks, k, get_flow("dis"))
    with pytest.raises(OptionError, match="a mask for each frame"):
        warped_labels(frames, masks[:-1], 4, get_flow("dis"))
