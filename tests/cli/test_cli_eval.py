"""`rcr eval`: what it prints and writes, and every folder that cannot be scored."""

from __future__ import annotations

import csv
import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from rcrlib.metrics import SaliencyMetrics, SegmentationMetrics

SIZE = (20, 30)
NAMES = ("00000", "00001", "00002", "00003")


def mask_of(number: int) -> np.ndarray:
    mask = np.zeros(SIZE, np.uint8)
    mask[4 + number : 14 + number, 8:20] = 255
    return mask


def map_of(mask: np.ndarray, seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).integers(0, 60, SIZE)
    return (mask * 0.7 + noise).astype(np.uint8)


@pytest.fixture
def truth(tmp_path):
    """Return a data set of two videos; the last frame has no label."""
    for video in ("cat", "dog"):
        for number, name in enumerate(NAMES):
            write(tmp_path / f"set/{video}/frames/{name}.png", np.full((*SIZE, 3), 90, np.uint8))
            write(tmp_path / f"set/{video}/labels/{name}.png", mask_of(number))
        write(tmp_path / f"set/{video}/frames/00004.png", np.full((*SIZE, 3), 90, np.uint8))
    return tmp_path / "set"


@pytest.fixture
def maps(tmp_path, truth):
    """Return predictions of all labelled frames and of the one without a label."""
    for seed, video in enumerate(("cat", "dog")):
        for number, name in enumerate((*NAMES, "00004")):
            write(
                tmp_path / f"maps/{video}/{name}.png", map_of(mask_of(number), 10 * seed + number)
            )
    return tmp_path / "maps"


def write(path, picture):
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), picture)


def expected(protocol: str) -> SaliencyMetrics:
    metrics = SaliencyMetrics(protocol)
    for seed, video in enumerate(("cat", "dog")):
        for number in range(len(NAMES)):
            levels = map_of(mask_of(number), 10 * seed + number)
            metrics.update(levels, mask_of(number) > 128, video)
    return metrics


KEYS = {
    "protocol", "frames", "max_f", "mean_f", "adp_f", "s", "mae", "max_e", "mean_e", "adp_e", "w_f",
    "per_video",
}  # fmt: skip


@pytest.mark.parametrize("protocol", ["paper", "davsod"])
def test_saliency_prints_its_protocol_and_writes_the_numbers_of_the_metrics(
    rcr, maps, truth, protocol
):
    ended = rcr(
        "eval",
        "saliency",
        "--pred",
        maps,
        "--gt",
        truth,
        "--protocol",
        protocol,
        "--json",
        "r.json",
    )
    assert ended.status == 0, ended.err
    assert f"protocol {protocol}" in ended.out
    got, result = json.loads(Path("r.json").read_text()), expected(protocol).compute()
    assert got.keys() >= KEYS
    numbers = {name: got[name] for name in KEYS - {"per_video"}}
    assert numbers == pytest.approx({name: getattr(result, name) for name in numbers})
    assert got["per_video"]["dog"]["s"] == pytest.approx(result.per_video["dog"].s)
    assert f"{result.max_f:.3f}" in ended.out


def test_segmentation_prints_its_threshold_and_writes_j_and_f(rcr, maps, truth):
    ended = rcr("eval", "segmentation", "--pred", maps, "--gt", truth, "--json", "r.json",
                "--threshold", 0.4)  # fmt: skip
    assert "protocol davis16, cut at 0.4" in ended.out
    metrics = SegmentationMetrics("davis16", 0.4)
    for seed, video in enumerate(("cat", "dog")):
        for number in range(len(NAMES)):
            levels = map_of(mask_of(number), 10 * seed + number)
            metrics.update(levels / 255, mask_of(number) > 128, video)
    result, got = metrics.compute(), json.loads(Path("r.json").read_text())
    names = ("j_mean", "j_recall", "j_decay", "f_mean", "f_recall", "f_decay")
    assert {n: got[n] for n in names} == pytest.approx({n: getattr(result, n) for n in names})
    assert (got["protocol"], got["threshold"]) == ("davis16", 0.4)
    assert set(got["per_video"]) == {"cat", "dog"}


def test_several_methods_stand_side_by_side_with_the_best_marked(rcr, maps, truth, tmp_path):
    perfect = tmp_path / "perfect"
    for video in ("cat", "dog"):
        for number, name in enumerate(NAMES):
            write(perfect / video / f"{name}.png", mask_of(number))
    ended = rcr(
        "eval", "saliency", "--pred", f"our_maps={maps}", "--pred", perfect, "--gt", truth,
        "--csv", "t.csv", "--latex", "t.tex", "--markdown", "t.md", "--json", "t.json",
    )  # fmt: skip
    assert ended.status == 0, ended.err
    rows = {
        (r["method"], r["video"]): r for r in csv.DictReader(Path("t.csv").read_text().splitlines())
    }
    assert len(rows) == 2 * (1 + 2)
    assert float(rows["perfect", "dog"]["mae"]) == 0
    latex, page = Path("t.tex").read_text(), Path("t.md").read_text()
    assert r"our\_maps & " in latex
    assert re.search(r"perfect & (\\textbf\{[\d.]+\}( & )?)+ \\\\", latex)
    assert "| perfect | **1.000** |" in page
    assert "protocol paper" in latex
    assert "protocol paper" in page
    assert set(json.loads(Path("t.json").read_text())["methods"]) == {"our_maps", "perfect"}


def test_curves_and_worst_frames_are_drawn_with_alt_texts(rcr, maps, truth, tmp_path):
    ended = rcr(
        "eval", "saliency", "--pred", maps, "--gt", truth, "--plot", "--worst", 2, "-o", "p"
    )
    assert ended.status == 0, ended.err
    assert {p.name for p in (tmp_path / "p").iterdir()} == {
        "pr.png", "pr.svg", "f.png", "f.svg", "worst-maps.png", "rcr.json"
    }  # fmt: skip
    for name in ("pr", "f"):
        label = ET.parse(tmp_path / f"p/{name}.svg").getroot().get("aria-label")
        assert "protocol paper" in label
        assert "maps: largest F" in label
        assert Image.open(tmp_path / f"p/{name}.png").text["Description"] == label
    again = rcr("eval", "saliency", "--pred", maps, "--gt", truth, "--plot", "-o", "p")
    assert "--force" in again.err


def test_a_plain_folder_of_masks_is_ground_truth_too(rcr, maps, truth, tmp_path):
    for video in ("cat", "dog"):
        (truth / video / "labels").rename(tmp_path / video)
        (tmp_path / "masks").mkdir(exist_ok=True)
        (tmp_path / video).rename(tmp_path / "masks" / video)
    args = ("eval", "saliency", "--pred", maps, "--gt", "masks")
    assert "belong to no masks of masks: cat/00004, dog/00004" in rcr(*args).err
    ended = rcr(*args, "--allow-missing", "--worst", 1)
    assert f"{expected('paper').compute().max_f:.3f}" in ended.out
    assert "2 predictions (or folders of them) without a frame" in ended.out


def test_a_set_of_images_is_flat(rcr, tmp_path):
    for number in range(3):
        write(tmp_path / f"imgs/{number}.jpg", np.full((*SIZE, 3), 90, np.uint8))
        write(tmp_path / f"gt/{number}.png", mask_of(number))
        write(tmp_path / f"maps/{number}.png", map_of(mask_of(number), number))
    ended = rcr("eval", "saliency", "--pred", "maps", "--gt", ".", "--layout", "images")
    assert "3 frames" in ended.out, ended.err
    plain = rcr("eval", "saliency", "--pred", "maps", "--gt", "gt")
    assert plain.out.splitlines()[2:] == ended.out.splitlines()[2:]
    davsod = rcr("eval", "saliency", "--pred", "maps", "--gt", "gt", "--protocol", "davsod")
    assert "use protocol 'paper'" in davsod.err


def test_predictions_of_another_size_are_resized_in_memory_and_counted(rcr, maps, truth):
    path = maps / "cat/00000.png"
    write(path, cv2.resize(cv2.imread(str(path), 0), (60, 40)))
    before = path.read_bytes()
    ended = rcr("eval", "saliency", "--pred", maps, "--gt", truth)
    assert "maps: 1 predictions resized to the mask (bilinear, in memory)" in ended.out
    assert path.read_bytes() == before


BAD = {
    "RGB": (lambda: Image.fromarray(np.arange(1800, dtype=np.uint8).reshape(*SIZE, 3)), "coloured"),
    "palette": (lambda: coloured_palette(), "coloured"),
    "16-bit": (lambda: Image.fromarray(np.zeros(SIZE, np.uint16)), "more than 8 bits"),
}


def coloured_palette() -> Image.Image:
    image = Image.fromarray(np.arange(600, dtype=np.uint8).reshape(SIZE) % 3, "P")
    image.putpalette([0, 0, 0, 128, 0, 0, 0, 128, 0])
    return image


@pytest.mark.parametrize("kind", BAD)
def test_maps_that_are_not_grey_and_8_bits_are_refused_or_counted(refused, rcr, maps, truth, kind):
    make, says = BAD[kind]
    make().save(maps / "cat/00001.png")
    args = ("eval", "saliency", "--pred", maps, "--gt", truth)
    refused(*args, "--json", "r.json", says=["cat/00001.png", says, "--allow-missing"])
    assert "1 predictions unreadable and left out" in rcr(*args, "--allow-missing").out


def test_a_float_tiff_is_refused(refused, maps, truth):
    (maps / "cat/00001.png").unlink()
    nan = np.full(SIZE, np.nan, np.float32)
    Image.fromarray(nan).save(maps / "cat/00001.tiff")
    says = ["00001.tiff", "more than 8 bits", "save it with 8 bits"]
    refused("eval", "saliency", "--pred", maps, "--gt", truth, says=says)


def test_arrays_are_refused_with_what_to_save_instead(refused, truth, tmp_path):
    (tmp_path / "maps/cat").mkdir(parents=True)
    np.save(tmp_path / "maps/cat/00000.npy", np.zeros(SIZE))
    says = ["maps", "00000.npy is no picture", "8-bit PNG", "VIDEO/FRAME.png"]
    refused("eval", "saliency", "--pred", "maps", "--gt", truth, says=says)


def test_missing_and_extra_predictions_are_named(refused, rcr, maps, truth):
    (maps / "cat/00002.png").unlink()
    write(maps / "bird/00000.png", mask_of(0))
    args = ("eval", "saliency", "--pred", maps, "--gt", truth)
    says = ["1 predictions are missing: cat/00002", "bird/", "--allow-missing"]
    refused(*args, says=says)
    ended = rcr(*args, "--allow-missing", "--json", "r.json")
    assert "maps: 1 predictions missing and left out" in ended.out
    assert json.loads(Path("r.json").read_text())["missing"] == ["cat/00002"]


def test_ground_truth_without_masks_is_refused(refused, maps, truth, tmp_path):
    (tmp_path / "empty").mkdir()
    args = ("eval", "saliency", "--pred", maps, "--gt")
    refused(*args, "empty", says=["empty"])
    refused(*args, "empty", "--layout", "masks", says=["empty: holds no masks"])
    refused(*args, "nowhere", says=["nowhere: not there"])
    for video in ("cat", "dog"):
        for path in (truth / video / "labels").iterdir():
            path.unlink()
    refused(*args, truth, says=["set", "has no masks", "annotations"])


def test_masks_of_zero_and_one_are_refused_as_segmentations(refused, maps, truth):
    write(maps / "dog/00003.png", mask_of(3) // 255)
    says = ["dog/00003.png", "holds 0 and 1 of 255", "save masks as 0 and 255"]
    refused("eval", "segmentation", "--pred", maps, "--gt", truth, says=says)


def test_object_ids_are_a_segmentation(rcr, maps, truth):
    ids = Image.fromarray((mask_of(0) // 255 * 3).astype(np.uint8), "P")
    ids.putpalette([0, 0, 0, 128, 0, 0, 0, 128, 0, 128, 128, 0])
    ids.save(maps / "cat/00000.png")
    args = ("eval", "segmentation", "--protocol", "all-frames", "--pred", maps, "--gt", truth)
    assert rcr(*args, "--worst", 9).status == 0


def test_options_are_checked_before_anything_is_measured(refused, maps, truth, tmp_path):
    args = ("eval", "saliency", "--gt", truth)
    refused(*args, "--pred", maps, "--protocol", "vos", says=["protocol 'vos'", "paper, davsod"])
    refused(*args, "--pred", maps, "--pred", f"{maps}/", says=["two methods 'maps'", "NAME=DIR"])
    refused(*args, "--pred", "nowhere", says=["nowhere", "expected a folder"])
    (tmp_path / "r.json").write_text("mine")
    refused(*args, "--pred", maps, "--json", "r.json", says=["r.json: exists", "--force"])


def test_bench_metrics_prints_a_table_and_writes_json(rcr):
    ended = rcr("bench", "metrics", "--frames", 3, "--rounds", 1, "--json", "b.json")
    assert ended.status == 0, ended.err
    rows = json.loads(Path("b.json").read_text())["rows"]
    assert [row["what"].partition(",")[0] for row in rows] == ["F + S + MAE", "all nine numbers"]
    assert all(row["what"] in ended.out for row in rows)
    assert "peak memory from disk" in ended.out
