"""Labels of other tools against masks that are known."""

from __future__ import annotations

import base64
import io
import json

import numpy as np
import pytest
from PIL import Image

from rcrlib.data.annotations import (
    decode_rle,
    fill_polygon,
    read_coco,
    read_cvat,
    read_labelme,
)
from rcrlib.errors import DataError

SIZE = (12, 16)


def box(left, top, right, bottom, size=SIZE):
    mask = np.zeros(size, np.uint8)
    mask[top:bottom, left:right] = 1
    return mask


def corners(left, top, right, bottom):
    return [[left, top], [right, top], [right, bottom], [left, bottom]]


def labelme(tmp_path, *shapes, height=SIZE[0], width=SIZE[1]):
    path = tmp_path / "a.json"
    content = {"shapes": list(shapes), "imageHeight": height, "imageWidth": width}
    path.write_text(json.dumps(content))
    return path


def coco(tmp_path, *segmentations, height=SIZE[0], width=SIZE[1]):
    path = tmp_path / "a.json"
    images = [{"id": 7, "file_name": "film/a.jpg", "height": height, "width": width}]
    annotations = [{"image_id": 7, "segmentation": each} for each in segmentations]
    path.write_text(json.dumps({"images": images, "annotations": annotations}))
    return path


def test_a_polygon_with_whole_corners_covers_exactly_its_pixels():
    mask = fill_polygon(np.array(corners(3, 2, 9, 7), float), SIZE)
    assert mask.tolist() == box(3, 2, 9, 7).tolist()


def test_a_polygon_covers_the_pixels_whose_centres_are_in_it():
    """Against every centre's winding by itself: the slow path."""
    points = np.random.default_rng(0).uniform(-4, 20, (9, 2))
    mask = fill_polygon(points, SIZE)
    for y in range(SIZE[0]):
        for x in range(SIZE[1]):
            inside = False
            for (x0, y0), (x1, y1) in zip(points, np.roll(points, -1, axis=0), strict=True):
                if (y0 > y + 0.5) != (y1 > y + 0.5):
                    inside ^= x + 0.5 < x0 + (y + 0.5 - y0) / (y1 - y0) * (x1 - x0)
            assert mask[y, x] == inside, (x, y)


def test_polygons_side_by_side_neither_overlap_nor_leave_gaps():
    points = np.array([[0, 0], [16, 0], [16, 12], [0, 12], [7.3, 5.1]])
    a, b, c, d, middle = points
    parts = [
        fill_polygon(np.array([p, q, middle]), SIZE) for p, q in ((a, b), (b, c), (c, d), (d, a))
    ]
    assert (sum(part.astype(int) for part in parts) == 1).all()


def test_run_lengths_go_down_the_columns():
    assert decode_rle([2, 3, 1], (2, 3)).tolist() == [[0, 1, 1], [0, 1, 0]]


def test_compressed_run_lengths_come_back():
    """Texts as COCO's own API writes them, worked out by hand: 40 takes two characters."""
    assert decode_rle("231", (2, 3)).tolist() == [[0, 1, 1], [0, 1, 0]]
    runs = [40, 3, 7, 40, 10]
    written = decode_rle(text_of(runs), (10, 10))
    assert written.tolist() == decode_rle(runs, (10, 10)).tolist()


def text_of(runs):
    text = ""
    for index, run in enumerate(runs):
        number = run - (runs[index - 2] if index > 2 else 0)
        more = True
        while more:
            bits = number & 31
            number >>= 5
            more = number != (-1 if bits & 16 else 0)
            text += chr(48 + bits + (32 if more else 0))
    return text


def test_labelme_takes_the_union_of_its_shapes(tmp_path):
    path = labelme(
        tmp_path,
        {"label": "dog", "points": corners(0, 0, 4, 4)},
        {"label": "cat", "points": [[10, 8], [6, 5]], "shape_type": "rectangle"},
    )
    assert read_labelme(path).tolist() == (box(0, 0, 4, 4) | box(6, 5, 10, 8)).tolist()


def test_labelme_circles_and_masks_are_filled(tmp_path):
    picture = io.BytesIO()
    Image.fromarray(np.full((3, 2), True)).save(picture, format="PNG")
    mask = base64.b64encode(picture.getvalue()).decode()
    circle = {"points": [[8, 6], [8, 3]], "shape_type": "circle"}
    pasted = {"points": [[15, 10], [16, 12]], "shape_type": "mask", "mask": mask}
    found = read_labelme(labelme(tmp_path, circle, pasted))
    assert found[:, :12].sum() == pytest.approx(np.pi * 9, abs=4)
    assert found[10:, 15].tolist() == [1, 1]  # what is outside of the picture is cut off


def test_labelme_in_which_nothing_was_drawn_is_an_empty_label(tmp_path):
    assert not read_labelme(labelme(tmp_path)).any()


@pytest.mark.parametrize(
    ("shape", "says"),
    [
        ({"shape_type": "line", "points": [[0, 0], [5, 5]]}, "'line' has no inside"),
        ({"points": [[0, 0], [5, 5]]}, "3 points"),
        ({"points": [[0, 0], [5, 5], [1, "x"]]}, "3 points"),
        ({"points": [[0, 0], [5, 5], [1, 1e99]]}, "3 points"),
        ({"points": "none"}, "3 points"),
        ({"shape_type": "mask", "points": [[0, 0]], "mask": "no"}, "a mask that is no picture"),
    ],
)
def test_labelme_shapes_that_are_none_are_refused(tmp_path, shape, says):
    with pytest.raises(DataError, match=says):
        read_labelme(labelme(tmp_path, shape))


def test_coco_polygons_and_run_lengths_are_filled(tmp_path):
    flat = [0, 0, 4, 0, 4, 4, 0, 4]
    other = box(6, 5, 10, 8)
    runs = np.flatnonzero(np.diff(np.concatenate([[0], other.T.ravel(), [0]])))
    counts = [int(n) for n in np.diff([0, *runs, other.size])]
    for rle in (counts, text_of(counts)):
        path = coco(tmp_path, [flat], {"size": list(SIZE), "counts": rle})
        assert read_coco(path)["a"].tolist() == (box(0, 0, 4, 4) | other).tolist()


@pytest.mark.parametrize(
    ("segmentation", "says"),
    [
        ([], "neither polygons nor run lengths"),
        (None, "neither polygons nor run lengths"),
        ([[1, 2, 3]], "is not a list of x, y"),
        ({"size": [1, 1], "counts": [1]}, r"of the size \[1, 1\]"),
        ({"size": list(SIZE), "counts": [5, 5]}, "do not cover 16x12"),
        ({"size": list(SIZE), "counts": "~~"}, "stands for none"),
    ],
)
def test_coco_annotations_that_have_no_inside_are_refused(tmp_path, segmentation, says):
    with pytest.raises(DataError, match=says):
        read_coco(coco(tmp_path, segmentation))


def test_coco_reads_nothing_of_pictures_that_are_not_asked_for(tmp_path):
    path = coco(tmp_path, [[1, 2, 3]], height=10**9)
    assert read_coco(path, only=("b",)) == {}


@pytest.mark.parametrize("background", [(0, 0, 0), (10, 20, 30)])
def test_cvat_masks_are_everything_but_the_background(tmp_path, background):
    folder = tmp_path / "SegmentationClass"
    folder.mkdir()
    pixels = np.full((*SIZE, 3), background, np.uint8)
    pixels[2:7, 3:9] = 250, 50, 83
    Image.fromarray(pixels).save(folder / "a.png")
    lines = "# label:color_rgb:parts:actions\nbackground:{}::\ndog:250,50,83::\n"
    (tmp_path / "labelmap.txt").write_text(lines.format(",".join(map(str, background))))
    assert read_cvat(tmp_path)["a"].tolist() == box(3, 2, 9, 7).tolist()


@pytest.mark.parametrize("lines", ["background:1,2", "background:a,b,c::", "background:1,2,999::"])
def test_a_cvat_labelmap_that_is_none_is_refused(tmp_path, lines):
    (tmp_path / "SegmentationClass").mkdir()
    (tmp_path / "labelmap.txt").write_text(lines)
    with pytest.raises(DataError, match=r"labelmap\.txt"):
        read_cvat(tmp_path)
