"""F, MAE, S, E and weighted F against pysodmetrics, and a third tool's printed scores."""

from __future__ import annotations

import re
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import oracle
from rcrlib.bench.metrics import degrade
from rcrlib.data import load
from rcrlib.metrics import mae, s_measure
from rcrlib.metrics.counts import count_levels
from rcrlib.metrics.frame import level_scale, measure

TOLERANCE = 1e-6
each_reading = pytest.mark.parametrize("min_max", [True, False], ids=["min-max", "as it is"])


@st.composite
def frames(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Draw a map (uint8) and a mask (bool): odd sizes, single rows, empty, full, borders, noise."""
    height, width = draw(st.tuples(st.integers(1, 24), st.integers(1, 24)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    mask = np.zeros((height, width), bool)
    kind = draw(st.sampled_from(["empty", "full", "pixel", "row", "column", "blob", "noise"]))
    if kind == "full":
        mask[:] = True
    elif kind == "pixel":
        mask[rng.integers(height), rng.integers(width)] = True
    elif kind == "row":
        mask[draw(st.sampled_from([0, -1]))] = True
    elif kind == "column":
        mask[:, draw(st.sampled_from([0, -1]))] = True
    elif kind == "blob":
        mask = cv2.blur(rng.random((height, width)), (5, 5)) > 0.5
    elif kind == "noise":
        mask = rng.random((height, width)) < 0.4
    low, high = sorted(draw(st.tuples(st.integers(0, 255), st.integers(0, 255))))
    levels = rng.integers(low, high + 1, (height, width)).astype(np.uint8)
    if draw(st.booleans()):  # a prediction that follows the mask
        levels = np.where(mask, 255 - levels // 4, levels // 4).astype(np.uint8)
    return levels, mask


@settings(max_examples=1000, deadline=None)
@given(frames(), st.booleans())
def test_random_frames_have_the_numbers_of_pysodmetrics(frame, min_max: bool) -> None:
    """Where pysodmetrics is known to be wrong, exact arithmetic takes its place."""
    ours, theirs = oracle.fast(*frame, min_max), oracle.pysod(*frame, min_max)
    wrong = oracle.known_defects(*frame, min_max)
    assert oracle.differing(ours, theirs, TOLERANCE) <= set(wrong)
    exact = oracle.exact_adaptive(*frame, min_max) | {"s": oracle.exact_s(*frame, min_max)}
    assert {n: ours[n] for n in exact} == pytest.approx(exact, abs=1e-9)


@settings(max_examples=200, deadline=None)
@given(frames(), st.booleans())
def test_the_fast_path_has_the_numbers_of_the_equations(frame, min_max: bool) -> None:
    fast, readable = oracle.fast(*frame, min_max), oracle.readable(*frame, min_max)
    ties = set(oracle.known_defects(*frame, min_max)) & {"adp_f", "adp_e"}
    assert oracle.differing(fast, readable, TOLERANCE) <= ties


def test_a_value_of_twice_the_mean_is_salient_though_the_mean_be_rounded() -> None:
    """Three of six pixels are 100: twice the mean is 100, and 100 >= 100."""
    levels = np.array([[100, 0, 100], [0, 100, 0]], np.uint8)
    assert oracle.fast(levels, levels > 0, min_max=False)["adp_f"] == 1


def test_a_mask_in_the_last_column_has_an_s_and_no_nan() -> None:
    """The quadrants to the right of it are empty. A common tool takes their mean, NaN, says 0.

    By hand: the map is the mask, so each likeness is 1 (the object is 1 throughout, the background
    0 throughout), and so is the similarity of both quadrants that are there.
    """
    mask = np.zeros((4, 5), bool)
    mask[:, -1] = True
    levels = mask * np.uint8(255)
    assert oracle.fast(levels, mask, min_max=False)["s"] == pytest.approx(1)
    assert "s" in oracle.differing(
        oracle.fast(levels, mask, False), oracle.pysod(levels, mask, False), TOLERANCE
    )


def test_one_pixel_alone_has_an_e() -> None:
    """N - 1 is 0; the right divisor of one pixel is one."""
    one = np.ones((1, 1), bool)
    answers = oracle.fast(one * np.uint8(255), one, min_max=False)
    assert answers["e"].tolist() == [1] * 256
    assert answers["adp_e"] == 1


@pytest.mark.shared
@each_reading
def test_degraded_masks_of_davis_have_the_numbers_of_pysodmetrics(shared, full, min_max) -> None:
    dataset = load(shared / "data" / "DAVIS2016", split="val")
    step = 20 if full else 60
    for number, video in enumerate(dataset):
        for index in video.annotated[number % step :: step]:
            mask = video.label(index).astype(bool)
            levels = degrade(mask, index)
            ours, theirs = (ask(levels, mask, min_max) for ask in (oracle.fast, oracle.pysod))
            assert oracle.differing(ours, theirs, TOLERANCE) == set(), (video.name, index)


@pytest.mark.shared
@each_reading
def test_published_maps_have_the_numbers_of_pysodmetrics(shared: Path, min_max: bool) -> None:
    for levels, mask, name in published(shared):
        ours, theirs = (ask(levels, mask, min_max) for ask in (oracle.fast, oracle.pysod))
        wrong = oracle.known_defects(levels, mask, min_max)
        assert oracle.differing(ours, theirs, TOLERANCE) <= set(wrong), name


@pytest.mark.shared
@pytest.mark.parametrize("method", ["Method_1", "Method_2"])
@pytest.mark.parametrize("dataset", ["Dataset_1", "Dataset_2"])
def test_printed_scores_are_reproduced_to_their_digits(shared, dataset: str, method: str) -> None:
    """The tool that printed them takes maps as they are, 255 thresholds, F and E of each image.

    Its S puts the centroid's row and column into the lower right quadrant.
    """
    printed = printed_scores(shared, dataset, method)
    measured = []
    for levels, mask, _ in published(shared, dataset, method):
        pair = torch.from_numpy(levels)[None], torch.from_numpy(mask)[None]
        (counts,) = count_levels(*pair, "lower right")
        measured.append(measure(counts, level_scale(counts, min_max=False)))
    thresholds = np.ceil(np.linspace(0, 255, 255)).astype(int)
    f = np.mean([frame.f for frame in measured], axis=0)[thresholds]
    e = np.mean([frame.e for frame in measured], axis=0)[thresholds]
    got = {
        "max-fmeasure": f.max(), "mean-fmeasure": f.mean(), "max-Emeasure": e.max(),
        "mean-Emeasure": e.mean(), "adp-fmeasure": np.mean([frame.adp_f for frame in measured]),
        "adp-Emeasure": np.mean([frame.adp_e for frame in measured]),
        "S-measure_alpha05": np.mean([frame.s for frame in measured]),
        "mae": np.mean([frame.mae for frame in measured]),
    }  # fmt: skip
    assert got == pytest.approx({name: printed[name] for name in got}, abs=5.1e-5)


@pytest.mark.shared
def test_the_readable_s_takes_either_centroid(shared: Path) -> None:
    levels, mask, _ = next(published(shared))
    pair = torch.from_numpy(levels)[None], torch.from_numpy(mask)[None]
    for centroid_in in ("upper left", "lower right"):
        (counts,) = count_levels(*pair, centroid_in)
        fast = measure(counts, level_scale(counts, min_max=False))
        assert s_measure(levels / 255, mask, centroid_in=centroid_in) == pytest.approx(fast.s)
        assert mae(levels / 255, mask) == pytest.approx(fast.mae)


def published(shared: Path, dataset: str = "*", method: str = "*"):
    """Yield map, mask and name of the shared prediction and mask pairs."""
    folder = shared / "reference" / "sod-metrics"
    for png in sorted(folder.glob(f"pred_maps/{method}/{dataset}/*.png")):
        truth = folder / "gt" / png.parent.name / png.name
        mask = cv2.imread(str(truth), cv2.IMREAD_GRAYSCALE) > 128
        yield cv2.imread(str(png), cv2.IMREAD_GRAYSCALE), mask, f"{png.parent.name}/{png.name}"


def printed_scores(shared: Path, dataset: str, method: str) -> dict[str, float]:
    """Read the line of one data set and method: `[0.0217 mae], [0.9218 max-fmeasure], ...`."""
    path = shared / "reference" / "sod-metrics" / "score" / "result.txt"
    line = next(
        line for line in path.read_text().splitlines() if dataset in line and method in line
    )
    return {name: float(value) for value, name in re.findall(r"\[([\d.]+) (\S+)\]", line)}
