"""Labels of other tools against masks that are known."""

from __future__ import annotations

import base64
import io
import json
import time

import numpy as np
import pytest
from PIL import Image

from rcrlib.data.annotations import (
    FrameNames,
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


@pytest.mark.parametrize("kind", ["rectangle", "rotation", "oriented_rectangle"])
def test_labelme_rectangles_of_four_corners_keep_their_shape(tmp_path, kind):
    shape = {"points": corners(3, 2, 9, 7), "shape_type": kind}
    assert read_labelme(labelme(tmp_path, shape)).tolist() == box(3, 2, 9, 7).tolist()


def test_labelme_rectangles_whose_corners_cross_keep_their_shape(tmp_path):
    a, b, c, d = corners(3, 2, 9, 7)
    shape = {"points": [a, c, b, d], "shape_type": "rectangle"}
    assert read_labelme(labelme(tmp_path, shape)).tolist() == box(3, 2, 9, 7).tolist()


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("rectangle", r"shape 1 \(dog\): a rectangle of 3 points; expected 2 or 4"),
        ("circle", "a circle of 3 points; expected 2"),
    ],
)
def test_labelme_shapes_with_points_too_many_are_refused(tmp_path, kind, says):
    shape = {"label": "dog", "points": [[0, 0], [5, 5], [1, 2]], "shape_type": kind}
    with pytest.raises(DataError, match=says):
        read_labelme(labelme(tmp_path, shape))


@pytest.mark.parametrize("name", ["_background_", "__background__", " Background "])
def test_labelme_shapes_called_background_are_holes(tmp_path, name):
    outer, hole = {"points": corners(0, 0, 9, 9)}, {"points": corners(2, 2, 5, 5), "label": name}
    expected = box(0, 0, 9, 9) - box(2, 2, 5, 5)
    assert read_labelme(labelme(tmp_path, outer, hole)).tolist() == expected.tolist()
    with pytest.raises(DataError, match=r"shape 1 .* a hole that later shapes cover; move it"):
        read_labelme(labelme(tmp_path, hole, outer))


def test_an_object_in_a_hole_is_an_object(tmp_path):
    outer, hole = {"points": corners(0, 0, 9, 9)}, {"points": corners(2, 2, 7, 7)}
    inner = {"points": corners(4, 4, 5, 5)}
    found = read_labelme(labelme(tmp_path, outer, hole | {"label": "_background_"}, inner))
    assert found.sum() == 81 - 25 + 1


@pytest.mark.parametrize("name", ["__ignore__", "ignore", "void"])
def test_labelme_shapes_to_be_ignored_are_void(tmp_path, name):
    ignored = {"points": corners(10, 2, 14, 5), "label": name}
    found = read_labelme(labelme(tmp_path, {"points": corners(0, 0, 4, 4)}, ignored))
    assert ((found == 1).sum(), (found == 255).sum()) == (16, 12)


def coco_file(tmp_path, names, annotations, categories=()):
    path = tmp_path / "a.json"
    images = [
        {"id": number, "file_name": name, "height": SIZE[0], "width": SIZE[1]}
        for number, name in enumerate(names)
    ]
    content = {"images": images, "annotations": annotations, "categories": list(categories)}
    path.write_text(json.dumps(content))
    return path


FLAT = [0, 0, 4, 0, 4, 4, 0, 4]


def test_coco_classes_and_flags_that_mean_void_or_background(tmp_path):
    inner, aside = [1, 1, 2, 1, 2, 2, 1, 2], [10, 2, 14, 2, 14, 5, 10, 5]
    annotations = [
        {"id": 1, "image_id": 0, "category_id": 1, "segmentation": [FLAT]},
        {"id": 2, "image_id": 0, "category_id": 2, "segmentation": [inner]},
        {"id": 3, "image_id": 0, "category_id": 1, "segmentation": [aside], "ignore": 1},
        {"id": 4, "image_id": 0, "category_id": 3, "segmentation": [[6, 6, 7, 6, 7, 7, 6, 7]]},
    ]
    classes = [{"id": i, "name": n} for i, n in enumerate(("dog", "background", "void"), start=1)]
    found = read_coco(coco_file(tmp_path, ["a.jpg"], annotations, classes))["a"]
    assert ((found == 1).sum(), (found == 255).sum()) == (15, 13)


def test_coco_errors_name_annotation_and_picture_and_how_many_more(tmp_path):
    box_alone = {"image_id": 0, "segmentation": [], "bbox": [1, 1, 5, 5]}
    annotations = [{**box_alone, "id": n} for n in (7, 8, 9)]
    with pytest.raises(DataError, match=r"annotation 7 of film/a\.jpg: .*\(2 more annotations"):
        read_coco(coco_file(tmp_path, ["film/a.jpg"], annotations))


def test_coco_outlines_of_two_points_add_nothing_and_are_noted(tmp_path):
    annotation = {"id": 7, "image_id": 0, "segmentation": [FLAT, [1, 1, 2, 2]]}
    notes = []
    found = read_coco(coco_file(tmp_path, ["a.jpg"], [annotation]), notes=notes)
    assert found["a"].sum() == 16
    (note,) = notes
    assert "annotation 7 of a.jpg: an outline of 2 points has no inside and adds nothing" in note


def test_coco_ids_that_come_twice_are_refused_with_both_pictures(tmp_path):
    path = coco_file(tmp_path, ["a/x.jpg", "b/x.jpg"], [])
    content = json.loads(path.read_text())
    content["images"][1]["id"] = 0
    path.write_text(json.dumps(content))
    with pytest.raises(DataError, match=r"two pictures have the id 0: a/x\.jpg and b/x\.jpg"):
        read_coco(path)


def test_coco_files_of_many_pictures_are_read_in_a_time_that_grows_with_them(tmp_path):
    """Looking each name up in a list, 60,000 took over a minute."""
    names = [f"{number:06d}.jpg" for number in range(60_000)]
    path = coco_file(tmp_path, names, [{"id": 1, "image_id": 3, "segmentation": [FLAT]}])
    start = time.process_time()
    found = read_coco(path, only=FrameNames([name[:-4] for name in names[:10]]))
    assert found["000003"].sum() == 16
    assert time.process_time() - start < 15


def cvat(tmp_path, pixels, lines=None, name="a"):
    (tmp_path / "SegmentationClass").mkdir(exist_ok=True)
    Image.fromarray(pixels).save(tmp_path / f"SegmentationClass/{name}.png")
    if lines is not None:
        (tmp_path / "labelmap.txt").write_text(lines)
    return tmp_path


def cvat_pixels():
    pixels = np.zeros((*SIZE, 3), np.uint8)
    pixels[2:7, 3:9] = 250, 50, 83
    pixels[7:9, 3:9] = 224, 224, 192
    return pixels


@pytest.mark.parametrize("lines", [None, "background:0,0,0::\ndog:250,50,83::\n"])
def test_cvat_colour_of_void_is_void(tmp_path, lines):
    found = read_cvat(cvat(tmp_path, cvat_pixels(), lines))["a"]
    assert ((found == 1).sum(), (found == 255).sum()) == (30, 12)


def test_cvat_labelmap_decides_over_colours(tmp_path):
    lines = "background:0,0,0::\ncat:224,224,192::\nignore:250,50,83::\n"
    found = read_cvat(cvat(tmp_path, cvat_pixels(), lines))["a"]
    assert ((found == 1).sum(), (found == 255).sum()) == (12, 30)


def test_cvat_colours_that_the_labelmap_does_not_list_are_refused(tmp_path):
    folder = cvat(tmp_path, cvat_pixels(), "background:0,0,0::\ndog:1,2,3::\n")
    with pytest.raises(DataError, match=r"a\.png: has colours .* does not list: 250,50,83"):
        read_cvat(folder)


def test_cvat_pictures_of_ids_without_colours_do_not_tell_void(tmp_path):
    pixels = np.zeros(SIZE, np.uint8)
    pixels[2:7, 3:9], pixels[7:9] = 1, 255
    with pytest.raises(DataError, match=r"a\.png: holds the values 0, 1, 255 without a palette"):
        read_cvat(cvat(tmp_path, pixels))


def test_cvat_folders_of_several_videos_are_told_apart_by_name(tmp_path):
    for name in ("film/a", "other/a"):
        (tmp_path / "SegmentationClass" / name).parent.mkdir(parents=True)
        cvat(tmp_path, cvat_pixels(), name=name)
    assert list(read_cvat(tmp_path, "film")) == ["a"]
    with pytest.raises(DataError, match="holds the folders film, other; call the one of this"):
        read_cvat(tmp_path, "third")
