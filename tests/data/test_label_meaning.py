"""What values of mask files mean: palettes of greys, ids, void, and files that do not tell."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from rcrlib.data import LabelFiles, read_map, read_mask, read_void, write_mask
from rcrlib.errors import DataError

VOC = [0, 0, 0, 128, 0, 0, 0, 128, 0] + [0] * 756 + [224, 224, 192]
RAMP = [value for level in range(256) for value in (level, level, level)]


def palette(mini, name, values, colours=VOC):
    image = Image.fromarray(np.array(values, np.uint8), "P")
    image.putpalette(colours)
    image.save(mini.path(name))
    return mini.root / name


def test_255_beside_other_ids_of_a_palette_is_void(mini):
    path = palette(mini, "a.png", [[0, 1, 2, 255]])
    assert read_mask(path).tolist() == [[0, 1, 1, 0]]
    assert read_void(path).tolist() == [[False, False, False, True]]
    assert read_map(path, palette_ids=True).tolist() == [[0, 255, 255, 0]]


def test_a_file_without_void_has_none(mini):
    assert read_void(palette(mini, "a.png", [[0, 1, 2]])) is None
    assert read_void(mini.mask("b.png")) is None


def test_255_as_the_only_id_of_coloured_palettes_is_refused_with_what_settles_it(mini):
    path = palette(mini, "a.png", [[0, 255]])
    with pytest.raises(DataError, match=r"a\.png: holds the values 0, 255 .*void; save .*ids-void"):
        read_mask(path)
    assert read_mask(path, style="ids").tolist() == [[0, 1]]
    assert read_mask(path, style="ids-void").tolist() == [[0, 0]]
    assert read_void(path, style="ids-void").tolist() == [[False, True]]
    assert read_void(path, style="ids") is None


def test_greys_with_a_palette_are_read_as_the_greys_that_are_seen(mini):
    values = [[0, 40, 153, 255]]
    plain = mini.image("b.png", np.array(values, np.uint8))
    path = palette(mini, "a.png", values, RAMP)
    assert read_mask(path, soft=True).tolist() == read_mask(plain, soft=True).tolist()
    assert read_map(path, palette_ids=True).tolist() == values
    assert read_void(path) is None


def test_greys_of_a_palette_in_another_order_are_read_as_seen(mini):
    path = palette(mini, "a.png", [[0, 1, 2]], [153] * 3 + [0] * 3 + [20] * 3)
    assert read_mask(path).tolist() == [[1, 0, 0]]


def test_an_all_black_frame_of_an_inverted_palette_is_empty(mini):
    path = palette(mini, "a.png", [[1, 1]], [255, 255, 255, 0, 0, 0])
    assert read_mask(path).tolist() == [[0, 0]]


def test_ids_that_all_look_black_are_refused(mini):
    path = palette(mini, "a.png", [[0, 1, 2]], [0] * 768)
    with pytest.raises(DataError, match="values 0, 1, 2 with a palette in which some look alike"):
        read_mask(path)


@pytest.mark.parametrize("values", [[0, 1, 255], [0, 1, 2, 3, 255]])
@pytest.mark.parametrize("colours", [None, RAMP])
def test_ids_and_255_without_colours_are_refused(mini, values, colours):
    if colours is None:
        path = mini.image("a.png", np.array([values], np.uint8))
    else:
        path = palette(mini, "a.png", [values], colours)
    with pytest.raises(DataError, match=r"holds the values 0, 1, .*255 without a palette"):
        read_mask(path)
    assert read_mask(path, style="ids-void").tolist() == [[0, *[1] * (len(values) - 2), 0]]


@pytest.mark.parametrize("values", [[0, 1, 254, 255], [0, 40, 255], [0, 1, 3, 255]])
def test_grey_edges_are_no_ids(mini, values):
    path = mini.image("a.png", np.array([values], np.uint8))
    assert read_mask(path).tolist() == [[int(value >= 128) for value in values]]


@pytest.mark.parametrize("objects", [0, 1])
def test_void_that_was_written_comes_back(tmp_path, objects):
    mask = np.array([[0, objects, 0]], np.uint8)
    void = np.array([[False, False, True]])
    write_mask(tmp_path / "a.png", mask, void)
    assert read_mask(tmp_path / "a.png").tolist() == mask.tolist()
    assert read_void(tmp_path / "a.png").tolist() == void.tolist()
    assert Image.open(tmp_path / "a.png").mode == "P"


def test_void_beside_soft_values_is_not_written(tmp_path):
    with pytest.raises(ValueError, match="void pixels go with a mask of 0 and 1"):
        write_mask(tmp_path / "a.png", np.array([[0.5, 0]]), np.array([[False, True]]))
    assert list(tmp_path.iterdir()) == []


def test_a_pixel_is_void_where_one_file_says_so_and_none_has_an_object(mini):
    first = palette(mini, "a.png", [[0, 1, 255, 255]])
    second = palette(mini, "b.png", [[0, 0, 1, 0]])
    files = LabelFiles((first, second))
    assert files.read().tolist() == [[0, 1, 1, 0]]
    assert files.read_void().tolist() == [[False, False, False, True]]


def test_void_of_another_size_is_refused(mini):
    with pytest.raises(DataError, match="the mask is 3x1 and its frame is 2x2"):
        read_void(palette(mini, "a.png", [[0, 1, 255]]), size=(2, 2))
