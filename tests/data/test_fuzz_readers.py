"""Whatever is in a mask, a label file or a list: a result of the promised form, or a DataError.

1,000 cases on an ordinary day, 100,000 with `--full`. Half of the bytes are good files with a few
places changed: they get further than noise does.
"""

from __future__ import annotations

import io
import json
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from rcrlib.data import read_mask
from rcrlib.data.annotations import decode_rle, read_annotations, read_coco, read_cvat, read_labelme
from rcrlib.data.masks import image_size, read_image
from rcrlib.data.splits import split_names
from rcrlib.errors import DataError

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::RuntimeWarning")

EVERYDAY, FULL = 1_000, 100_000
LABEL = (0, 1, 255)
"""Background, object and void of a label that was drawn in a tool."""

SHARE = {"mask": 0.3, "labelme": 0.2, "coco": 0.2, "cvat": 0.1, "rle": 0.1, "list": 0.1}
"""How the cases are shared out."""


def picture(mode: str, form: str) -> bytes:
    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (6, 8, 3), np.uint8))
    file = io.BytesIO()
    (image.convert("I").convert(mode) if ";" in mode else image.convert(mode)).save(file, form)
    return file.getvalue()


PICTURES = [
    *(picture(mode, "PNG") for mode in ("L", "1", "P", "RGB", "RGBA", "LA", "I;16")),
    picture("RGB", "JPEG"), picture("L", "PPM"), picture("RGB", "BMP"), picture("L", "TIFF"),
    picture("P", "GIF"),
]  # fmt: skip
LISTS = [
    b"bear\ncamel\n",
    b"*bmx\n",
    b"/JPEGImages/480p/bear/00000.jpg /Annotations/480p/bear/00000.png\n",
]


@st.composite
def changed(draw, good):
    """Change a few places of a good file: other bytes, some cut out, some put in."""
    data = bytearray(draw(st.sampled_from(good)))
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, max(len(data) - 1, 0)))
        length = draw(st.sampled_from([0, 0, 1, 1, 4, 30]))
        data[place : place + length] = draw(st.binary(max_size=4))
    return bytes(data)


def files(good):
    return st.one_of(changed(good), st.binary(max_size=60))


numbers = st.one_of(
    st.integers(-5, 30), st.floats(), st.sampled_from([10**30, -1, 2**31, 1e300, None, "4", True])
)
anything = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


def maybe(good):
    """Mostly what belongs there."""
    return st.integers(0, 15).flatmap(lambda number: good if number else anything)


points = maybe(st.lists(st.lists(numbers, min_size=2, max_size=2), max_size=6))
sides = maybe(st.integers(1, 20))
kinds = st.sampled_from(["polygon", "rectangle", "circle", "mask", "line", "point", "", None])
shapes = st.fixed_dictionaries(
    {}, optional={"points": points, "shape_type": maybe(kinds), "mask": maybe(st.text(max_size=9))}
)
labelme_files = st.fixed_dictionaries(
    {
        "shapes": maybe(st.lists(maybe(shapes), max_size=3)),
        "imageHeight": sides,
        "imageWidth": sides,
    }
)
rle = st.fixed_dictionaries(
    {"size": maybe(st.just([6, 8])), "counts": maybe(st.one_of(
        st.lists(st.integers(0, 30), max_size=6), st.text(st.characters(max_codepoint=130))))}
)  # fmt: skip
polygons = st.lists(maybe(st.lists(numbers, max_size=8)), max_size=2)
coco_files = st.fixed_dictionaries({
    "images": maybe(st.lists(maybe(st.fixed_dictionaries(
        {"id": maybe(st.integers(0, 2)), "file_name": maybe(st.sampled_from(["a.png", "b/c.jpg"])),
         "height": maybe(st.just(6)), "width": maybe(st.just(8))})), max_size=2)),
    "annotations": maybe(st.lists(maybe(st.fixed_dictionaries(
        {"image_id": maybe(st.integers(0, 2)), "segmentation": maybe(st.one_of(rle, polygons))})),
        max_size=3)),
})  # fmt: skip


def is_mask(mask, values=(0, 1)) -> None:
    assert mask.ndim == 2
    assert mask.dtype == np.uint8
    assert set(np.unique(mask)) <= set(values)


@pytest.fixture
def fuzz(tmp_path, full):
    """Return what runs a reader on as many cases as its share allows."""

    def run(name, cases, read):
        calls = {"all": 0, "read": 0}

        @settings(
            max_examples=int(SHARE[name] * (FULL if full else EVERYDAY)), deadline=None,
            database=None, derandomize=not full,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        )  # fmt: skip
        @given(cases)
        def one(case):
            calls["all"] += 1
            with suppress(DataError):
                read(case)
                calls["read"] += 1

        one()
        print(f"{name}: {calls['all']} cases, {calls['read']} of them read")
        assert calls["read"] > 0

    return run


def test_broken_masks_are_read_or_refused_in_one_line(fuzz, tmp_path):
    path = tmp_path / "a.png"

    def read(case):
        data, style = case
        path.write_bytes(data)
        for reader in (image_size, read_image):
            with suppress(DataError):
                reader(path)
        is_mask(read_mask(path, style=style))

    styles = st.sampled_from(["auto", "grey", "ids", "on-white"])
    fuzz("mask", st.tuples(files(PICTURES), styles), read)


def test_broken_labelme_files_are_read_or_refused_in_one_line(fuzz, tmp_path):
    folder = tmp_path / "drawn"
    folder.mkdir()
    path = folder / "a.json"

    def read(case):
        path.write_bytes(case if isinstance(case, bytes) else json.dumps(case).encode())
        read_annotations(folder, ["a"], (6, 8))
        is_mask(read_labelme(path), LABEL)

    good = {"shapes": [{"points": [[0, 0], [4, 0], [4, 4]]}], "imageHeight": 6, "imageWidth": 8}
    fuzz("labelme", st.one_of(labelme_files, files([json.dumps(good).encode()])), read)


def test_broken_coco_files_are_read_or_refused_in_one_line(fuzz, tmp_path):
    folder = tmp_path / "drawn"
    folder.mkdir()
    path = folder / "labels.json"

    def read(case):
        path.write_bytes(case if isinstance(case, bytes) else json.dumps(case).encode())
        read_annotations(folder, ["a"], (6, 8))
        for mask in read_coco(path).values():
            is_mask(mask, LABEL)

    good = {
        "images": [{"id": 1, "file_name": "a.png", "height": 6, "width": 8}],
        "annotations": [{"image_id": 1, "segmentation": {"size": [6, 8], "counts": [9, 20, 19]}}],
    }
    fuzz("coco", st.one_of(coco_files, files([json.dumps(good).encode()])), read)


def test_broken_run_lengths_are_read_or_refused_in_one_line(fuzz):
    runs = st.one_of(st.lists(st.integers(-2, 20), max_size=8), st.text(max_size=12))

    def read(case):
        is_mask(decode_rle(case, (3, 4)))

    fuzz("rle", st.one_of(runs, st.just([2, 4, 6]), st.just("246")), read)


def test_broken_cvat_exports_are_read_or_refused_in_one_line(fuzz, tmp_path):
    folder = tmp_path / "SegmentationClass"
    folder.mkdir()

    def read(case):
        (tmp_path / "labelmap.txt").write_bytes(case[0])
        (folder / "a.png").write_bytes(case[1])
        is_mask(read_cvat(tmp_path)["a"], LABEL)

    labelmaps = files([b"# a comment\nbackground:0,0,0::\ndog:1,2,3::\n"])
    fuzz("cvat", st.tuples(labelmaps, files(PICTURES)), read)


def test_broken_split_lists_are_read_or_refused_in_one_line(fuzz, tmp_path):
    (tmp_path / "ImageSets").mkdir()
    path = tmp_path / "ImageSets/train.txt"

    def read(case):
        path.write_bytes(case)
        names = split_names(tmp_path, "train", ("ImageSets",))
        assert names
        assert all(isinstance(name, str) for name in names)

    fuzz("list", files(LISTS), read)
