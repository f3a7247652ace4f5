"""Finding what a person drew: every tool's files, and what to do with two of one frame."""

from __future__ import annotations

import json
import zipfile

import numpy as np
import pytest
from PIL import Image

from rcrlib.data.annotations import read_annotations
from rcrlib.errors import DataError

SIZE = (12, 16)
NAMES = ("00000", "00001", "00002")
BOX = [[3, 2], [9, 2], [9, 7], [3, 7]]


@pytest.fixture
def write(tmp_path):
    """Return a writer of label files into `tmp_path/drawn`, in each tool's form."""
    root = tmp_path / "drawn"

    class Writer:
        folder = root

        def path(self, name):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            return root / name

        def labelme(self, name, *shapes):
            content = {"imageHeight": SIZE[0], "imageWidth": SIZE[1]}
            content["shapes"] = [{"points": points} for points in shapes]
            self.path(name).write_text(json.dumps(content))

        def coco(self, name, *frames):
            flat = [value for point in BOX for value in point]
            images = [
                {"id": i, "file_name": f"{frame}.jpg", "height": SIZE[0], "width": SIZE[1]}
                for i, frame in enumerate(frames)
            ]
            annotations = [{"image_id": i, "segmentation": [flat]} for i in range(len(frames))]
            content = {"images": images, "annotations": annotations}
            self.path(name).write_text(json.dumps(content))

        def png(self, name, value=255, size=SIZE):
            pixels = np.zeros(size, np.uint8)
            pixels[2:7, 3:9] = value
            Image.fromarray(pixels).save(self.path(name))

    root.mkdir()
    return Writer()


def drawn(write, source=""):
    return read_annotations(write.folder / source, NAMES, SIZE)


@pytest.mark.parametrize(
    ("tool", "name"),
    [
        ("labelme", "00001.json"),
        ("labelme", "pictures/00001.json"),
        ("labelme", "frames/00001.json"),
        ("png", "00001.png"),
        ("png", "labels/00001.png"),
        ("png", "SegmentationClass/00001.png"),
        ("png", "export/SegmentationClass/00001.png"),
    ],
)
def test_the_label_of_any_tool_is_read(write, tool, name):
    getattr(write, tool)(name, *([BOX] if tool == "labelme" else []))
    found = drawn(write)
    assert (list(found.masks), found.empty, found.problems) == (["00001"], [], [])
    assert found.masks["00001"].sum() == 30


@pytest.mark.parametrize("name", ["labels.json", "annotations/instances_default.json"])
def test_a_coco_file_labels_all_its_frames(write, name):
    write.coco(name, *NAMES)
    assert {frame: int(mask.sum()) for frame, mask in drawn(write).masks.items()} == dict.fromkeys(
        NAMES, 30
    )


def test_a_single_file_and_a_zip_are_read(write, tmp_path):
    write.coco("labels.json", "00001")
    assert list(drawn(write, "labels.json").masks) == ["00001"]
    with zipfile.ZipFile(tmp_path / "drawn/export.zip", "w") as file:
        file.write(write.folder / "labels.json", "annotations/instances_default.json")
    assert list(drawn(write, "export.zip").masks) == ["00001"]


def test_an_empty_label_gives_way_to_a_drawn_one(write):
    write.labelme("pictures/00001.json")
    write.png("labels/00001.png")
    write.png("labels/00002.png", value=0)
    found = drawn(write)
    assert (list(found.masks), found.empty, found.problems) == (["00001"], ["00002"], [])


def test_two_drawn_labels_of_one_frame_are_a_problem(write):
    write.labelme("pictures/00001.json", BOX)
    write.png("labels/00001.png")
    (problem,) = drawn(write).problems
    assert "00001.json labels 00001 too; keep one of the two" in problem


def test_every_problem_is_found_and_the_rest_is_read(write):
    write.labelme("pictures/00000.json", BOX)
    write.labelme("pictures/00001.json", [[0, 0], [1, 1]])
    write.labelme("pictures/77777.json", BOX)
    write.png("labels/00002.png", size=(5, 5))
    found = drawn(write)
    assert list(found.masks) == ["00000"]
    assert len(found.problems) == 3


def test_a_coco_file_of_other_pictures_is_a_problem(write):
    write.coco("labels.json", "elsewhere")
    (problem,) = drawn(write).problems
    assert "labels none of the frames; they are called 00000, 00001, 00002" in problem


def test_a_folder_with_nothing_to_read_is_refused(write):
    with pytest.raises(DataError, match="holds no labels; expected NAME"):
        drawn(write)
    with pytest.raises(DataError, match="nowhere: not there"):
        drawn(write, "nowhere")


def test_a_zip_that_leads_out_of_its_folder_is_refused(write):
    with zipfile.ZipFile(write.folder / "bad.zip", "w") as file:
        file.writestr("../out.json", "{}")
    with pytest.raises(DataError, match="outside of its folder"):
        drawn(write, "bad.zip")


def rezip(write, *entries, name="export.zip"):
    """Zip files of the folder under other names, and remove them."""
    with zipfile.ZipFile(write.folder / name, "w") as file:
        for source, target in entries:
            file.write(write.folder / source, target)
    return name


@pytest.mark.parametrize(
    "inside", ["to-draw/pictures", "a/b/to-draw", "to-draw/labels/annotations"]
)
def test_a_zip_of_the_folder_is_read_like_the_folder(write, inside):
    write.labelme("00001.json", BOX)
    name = rezip(write, ("00001.json", f"{inside}/00001.json"), ("00001.json", "__MACOSX/x.json"))
    assert list(drawn(write, name).masks) == ["00001"]


def test_errors_in_a_zip_name_the_zip(write):
    write.labelme("00001.json", [[0, 0], [1, 1]])
    name = rezip(write, ("00001.json", "to-draw/00001.json"))
    (problem,) = drawn(write, name).problems
    assert problem.startswith(f"{write.folder / name}/to-draw/00001.json: shape 1")
    other = rezip(write, ("00001.json", "one/a.txt"), ("00001.json", "two/a.txt"), name="b.zip")
    with pytest.raises(DataError, match=r"b\.zip: holds no labels \(but the folders one, two\)"):
        drawn(write, other)


@pytest.mark.parametrize("name", ["labels.xml", "00001.png"])
def test_a_file_that_is_no_archive_is_refused_with_what_is_expected(write, name):
    write.path(name).write_text("<annotations/>")
    with pytest.raises(DataError, match="expected labels: a folder"):
        drawn(write, name)


@pytest.mark.parametrize(
    "picture",
    [
        "images/3f2a1b4c-00001",
        "film-00001",
        "film_00001",
        "00001_jpg.rf.1a2b3c",
        "frame_000001",
        "C:\\work\\00001",
    ],
)
def test_pictures_are_frames_under_the_names_that_tools_give_them(write, picture):
    write.coco("labels.json", picture)
    found = read_annotations(write.folder, NAMES, SIZE, "film")
    assert (list(found.masks), found.problems) == (["00001"], [])


@pytest.mark.parametrize("picture", ["cafe\u0301_1", " caf\u00e9_1", "bu\u0308hne-caf\u00e9_1"])
def test_names_of_pictures_are_compared_as_people_see_them(write, picture):
    write.coco("labels.json", picture)
    found = read_annotations(write.folder, ["caf\u00e9_1"], SIZE, "b\u00fchne")
    assert (list(found.masks), found.problems) == (["caf\u00e9_1"], [])


def test_label_files_are_found_in_any_case_and_hidden_ones_passed_over(write):
    write.labelme("00001.JSON", BOX)
    write.path("._00002.json").write_bytes(b"\0\5\x16\7")
    found = drawn(write)
    assert (list(found.masks), found.problems) == (["00001"], [])


def test_a_link_to_a_label_file_that_is_gone_is_said(write):
    write.labelme("00001.json", BOX)
    (write.folder / "00002.json").symlink_to("gone.json")
    with pytest.raises(DataError, match=r"00002\.json: leads to nothing"):
        drawn(write)


def test_a_frame_of_another_videos_name_is_not_taken(write):
    write.coco("labels.json", "other_00001")
    (problem,) = read_annotations(write.folder, NAMES, SIZE, "film").problems
    assert "the file's pictures are called other_00001.jpg" in problem


def test_a_coco_file_of_several_videos_labels_the_one_that_its_folder_names(write):
    write.coco("labels.json", "film/00000", "other/00000", "other/00001")
    found = read_annotations(write.folder, NAMES, SIZE, "film")
    assert (list(found.masks), found.problems) == (["00000"], [])


def test_a_coco_file_whose_folders_do_not_tell_is_refused_with_both_pictures(write):
    write.coco("labels.json", "one/00000", "two/00000")
    (problem,) = read_annotations(write.folder, NAMES, SIZE, "film").problems
    assert "two pictures show one frame, 00000: one/00000.jpg and two/00000.jpg" in problem


def test_what_was_left_out_of_a_label_is_noted(write):
    write.coco("labels.json", "00000")
    content = json.loads((write.folder / "labels.json").read_text())
    content["annotations"][0]["segmentation"].append([1, 1])
    (write.folder / "labels.json").write_text(json.dumps(content))
    found = drawn(write)
    assert found.masks["00000"].sum() == 30
    assert "an outline of 1 points has no inside" in found.notes[0]


def test_void_is_kept_apart_from_the_object(write):
    content = {"imageHeight": SIZE[0], "imageWidth": SIZE[1]}
    aside = [[10, 2], [12, 2], [12, 4], [10, 4]]
    content["shapes"] = [{"points": BOX}, {"points": aside, "label": "__ignore__"}]
    write.path("00001.json").write_text(json.dumps(content))
    found = drawn(write)
    assert found.masks["00001"].sum() == 30
    assert found.voids["00001"].sum() == 4


def test_void_in_a_palette_png_is_kept(write):
    ids = np.zeros(SIZE, np.uint8)
    ids[2:7, 3:9], ids[8] = 1, 255
    image = Image.fromarray(ids, "P")
    image.putpalette([0, 0, 0, 128, 0, 0] + [0] * 759 + [224, 224, 192])
    image.save(write.path("labels/00002.png"))
    found = drawn(write)
    assert (found.masks["00002"].sum(), found.voids["00002"].sum()) == (30, 16)
