"""Labels by hand: boxes, strokes and GrabCut."""

from __future__ import annotations

import numpy as np
import pytest

from rcrlib.course.lessons.l09_your_video.grabcut import (
    BACKGROUND,
    MAYBE_OBJECT,
    OBJECT,
    Stroke,
    box_around,
    cut,
    grab_cut,
    in_pixels,
    marked,
    save_label,
    trimap,
)
from rcrlib.data import SyntheticConfig, make_synthetic
from rcrlib.data.annotations import read_annotations
from rcrlib.errors import OptionError
from rcrlib.metrics import iou


@pytest.fixture(scope="module")
def film():
    return make_synthetic(SyntheticConfig(videos=6, frames=24, size=(180, 320)))[3]


def test_a_box_around_the_object_gives_its_outline(film):
    mask = film.mask(0)
    found = grab_cut(film.frame(0), box_around(mask))
    assert found.shape == mask.shape
    assert found.dtype == np.uint8
    assert iou(found, mask) > 0.85
    np.testing.assert_array_equal(found, grab_cut(film.frame(0), box_around(mask)))


def test_a_stroke_takes_the_reed_out_of_the_label(film):
    box, reed = (9, 43, 33, 79), Stroke(22, 44, 27, 79, is_object=False)
    alone, with_stroke = (
        iou(grab_cut(film.frame(12), box, strokes), film.mask(12)) for strokes in ([], [reed])
    )
    assert with_stroke > alone + 0.1


@pytest.mark.parametrize(
    ("box", "says"),
    [
        ((60, 10, 40, 90), "turned round: left 60 %, right 40 %"),
        ((10, 50, 40, 50), "turned round: top 50 %, bottom 50 %"),
        ((-5, 10, 40, 90), "leaves the frame"),
        ((0, 0, 100, 100), "whole frame"),
        ((10, 10, 10.3, 90), "draw it wider"),
    ],
)
def test_a_bad_box_is_a_sentence(film, box, says):
    with pytest.raises(OptionError, match=says):
        grab_cut(film.frame(0), box)


def test_where_all_looks_alike_nothing_is_found():
    assert not grab_cut(np.full((60, 80, 3), 90, np.uint8), (20, 20, 80, 80)).any()


def test_a_trimap_lets_strokes_count_more_than_the_box():
    nothing = np.zeros((4, 6), bool)
    on_object, on_background = nothing.copy(), nothing.copy()
    on_object[0, 0], on_background[1, 2] = True, True
    codes = trimap((1, 1, 4, 3), on_object, on_background)
    assert codes[0, 0] == OBJECT
    assert codes[1, 2] == BACKGROUND
    assert (codes == MAYBE_OBJECT).sum() == 5


def test_all_marked_alike_is_a_sentence():
    frame = np.zeros((8, 8, 3), np.uint8)
    for code in (BACKGROUND, OBJECT):
        with pytest.raises(OptionError, match="marked alike"):
            cut(frame, np.full((8, 8), code, np.uint8))


def test_boxes_and_strokes_are_in_per_cent_of_the_frame():
    assert in_pixels((10, 20, 50, 100), (100, 200)) == (20, 20, 100, 100)
    on_object, on_background = marked([Stroke(0, 50, 100, 50, is_object=True)], (101, 51))
    assert not on_background.any()
    assert on_object[50].all()
    assert on_object.any(axis=1).sum() <= 6


def test_a_box_is_proposed_around_what_is_found_and_in_the_middle_where_nothing_is():
    saliency = np.zeros((100, 200))
    saliency[40:60, 20:100] = 0.9
    assert box_around(saliency, margin=5) == (5, 35, 55, 65)
    assert box_around(np.zeros((4, 4))) == (25, 25, 75, 75)


def test_a_saved_label_is_found_by_what_brings_labels_back(film, tmp_path):
    mask = film.mask(0)
    with pytest.raises(OptionError, match="no such frame"):
        save_label(tmp_path, "00000", mask)
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels/00000.png").touch()
    save_label(tmp_path, "00000", mask)
    drawn = read_annotations(tmp_path, ["00000", "00001"], mask.shape)
    np.testing.assert_array_equal(drawn.masks["00000"], mask)
