from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from rcrlib.data import image_size, read_image, read_mask, write_mask
from rcrlib.errors import DataError


def test_frame_is_rgb(mini):
    path = mini.frame("a.png", 7)
    assert read_image(path).shape == (12, 16, 3)
    assert tuple(read_image(path)[0, 0]) == (70, 90, 90)


def test_frame_is_turned_upright(mini):
    exif = Image.Exif()
    exif[0x0112] = 6  # a phone held upright
    Image.new("RGB", (16, 12)).save(mini.path("a.jpg"), exif=exif)
    assert read_image(mini.root / "a.jpg").shape == (16, 12, 3)
    assert image_size(mini.root / "a.jpg") == (16, 12)


def test_mask_is_thresholded_at_128(mini):
    path = mini.image("a.png", np.array([[0, 127, 128, 255]], np.uint8))
    assert read_mask(path).tolist() == [[0, 0, 1, 1]]
    assert read_mask(path).dtype == np.uint8


def test_soft_mask_keeps_what_lies_between(mini):
    path = mini.image("a.png", np.array([[0, 51, 255]], np.uint8))
    soft = read_mask(path, soft=True)
    assert soft.dtype == np.float32
    assert soft == pytest.approx(np.array([[0, 0.2, 1]]))


def test_palette_mask_is_every_id_but_0(mini):
    path = mini.palette("a.png", np.array([[0, 1, 2, 3]]))
    assert read_mask(path).tolist() == [[0, 1, 1, 1]]
    assert np.array(Image.open(path).convert("L")).max() < 128  # what a grey reading would miss


def test_palette_of_black_and_white_is_read_as_black_and_white(mini):
    image = Image.fromarray(np.array([[0, 1]], np.uint8), "P")
    image.putpalette([255, 255, 255, 0, 0, 0])
    image.save(mini.path("a.png"))
    assert read_mask(mini.root / "a.png").tolist() == [[1, 0]]


def test_one_bit_mask_is_read(mini):
    Image.fromarray(np.array([[False, True]])).save(mini.path("a.png"))
    assert read_mask(mini.root / "a.png").tolist() == [[0, 1]]


def test_colour_mask_with_equal_channels_is_read_as_grey(mini):
    grey = np.array([[0, 255, 0]], np.uint8)
    path = mini.image("a.png", np.stack([grey] * 3, axis=-1))
    assert read_mask(path).tolist() == [[0, 1, 0]]


def test_opaque_alpha_channel_is_ignored(mini):
    grey = np.array([[0, 255, 0]], np.uint8)
    path = mini.image("a.png", np.stack([grey] * 3 + [np.full_like(grey, 255)], axis=-1))
    assert read_mask(path).tolist() == [[0, 1, 0]]


def test_mask_drawn_in_the_alpha_channel_is_found(mini):
    alpha = np.array([[0, 255, 0]], np.uint8)
    path = mini.image("a.png", np.stack([np.zeros_like(alpha)] * 3 + [alpha], axis=-1))
    assert read_mask(path).tolist() == [[0, 1, 0]]


def test_coloured_mask_is_refused(mini):
    path = mini.image("a.png", np.array([[[0, 0, 0], [200, 0, 0]]], np.uint8))
    with pytest.raises(DataError, match=r"a\.png: the mask is coloured; expected grey"):
        read_mask(path)
    assert read_mask(path, style="ids").tolist() == [[0, 1]]


def test_mask_of_colours_on_white_is_every_colour(mini):
    path = mini.image("a.ppm", np.array([[[255, 255, 255], [0, 0, 255], [0, 0, 0]]], np.uint8))
    assert read_mask(path, style="on-white").tolist() == [[0, 1, 1]]


@pytest.mark.parametrize("soft", [False, True])
@pytest.mark.parametrize("value", [1, 3, 127])
def test_mask_of_ones_or_ids_is_not_read_as_empty(mini, value, soft):
    path = mini.image("a.png", np.array([[0, value]], np.uint8))
    with pytest.raises(DataError, match=f"greatest value is {value} of 255; save it as 0 and 255"):
        read_mask(path, soft=soft)
    assert read_mask(path, style="grey").tolist() == [[0, 0]]


def test_empty_mask_is_legal(mini):
    path = mini.image("a.png", np.zeros((2, 2), np.uint8))
    assert read_mask(path).sum() == 0


def test_mask_of_another_size_is_refused(mini):
    path = mini.mask("a.png")
    with pytest.raises(DataError, match=r"a\.png: the mask is 16x12 and its frame is 12x16 pixels"):
        read_mask(path, size=(16, 12))


@pytest.mark.parametrize("read", [read_image, read_mask])
def test_missing_truncated_and_foreign_files_are_refused(mini, read):
    whole = mini.frame("whole.png", 1, size=(64, 64)).read_bytes()
    mini.path("cut.png").write_bytes(whole[: len(whole) // 2])
    jpeg = mini.frame("whole.jpg", 1, size=(64, 64)).read_bytes()
    mini.path("cut.jpg").write_bytes(jpeg[: 2 * len(jpeg) // 3])
    mini.text("text.png", "no image")
    mini.path("empty.png").write_bytes(b"")
    for name in ("cut.png", "cut.jpg", "text.png", "empty.png"):
        with pytest.raises(DataError, match=f"{name}: cannot be read as an image") as caught:
            read(mini.root / name)
        assert "\n" not in str(caught.value)
    with pytest.raises(DataError, match=r"none\.png: not there"):
        read(mini.root / "none.png")


def test_sixteen_bits_are_refused(mini):
    path = mini.image("a.png", np.zeros((2, 2), np.uint16))
    with pytest.raises(DataError, match="more than 8 bits"):
        read_mask(path)


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.float32])
def test_written_mask_comes_back(tmp_path, dtype):
    mask = np.array([[0, 1, 1], [1, 0, 0]], dtype)
    write_mask(tmp_path / "new" / "a.png", mask)
    assert (read_mask(tmp_path / "new" / "a.png") == mask.astype(np.uint8)).all()
    assert Image.open(tmp_path / "new" / "a.png").mode == "L"


def test_written_soft_mask_is_rounded_to_255ths(tmp_path):
    mask = np.linspace(0, 1, 101, dtype=np.float32)[None]
    write_mask(tmp_path / "a.png", mask)
    assert read_mask(tmp_path / "a.png", soft=True) == pytest.approx(mask, abs=0.5 / 255 + 1e-6)


@pytest.mark.parametrize(
    "mask", [np.full((2, 2), 255, np.uint8), np.full((2, 2), np.nan), np.zeros((2, 2, 1))]
)
def test_what_is_no_mask_is_not_written(tmp_path, mask):
    with pytest.raises(ValueError, match="a mask"):
        write_mask(tmp_path / "a.png", mask)
    assert not (tmp_path / "a.png").exists()
