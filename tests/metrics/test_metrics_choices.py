"""Protocols composed of choices: numbers worked by hand, stretched and not, of several sizes.

Above threshold 0, a stretched frame below has one precision and one recall; at 0 all have 1/2, 1.
"""

from __future__ import annotations

import re
from dataclasses import fields, replace
from itertools import product
from pathlib import Path

import cv2
import numpy as np
import pytest

from rcrlib.errors import OptionError
from rcrlib.metrics import CHOICES, PROTOCOLS, SaliencyMetrics, SaliencyProtocol, get_protocol

Frame = tuple[np.ndarray, np.ndarray]

DIM: Frame = (np.uint8([[102, 102, 51, 51]]), np.uint8([[1, 1, 0, 0]]))
"""Stretched: precision 1, recall 1, MAE 0. As it is: MAE (0.6 + 0.6 + 0.2 + 0.2) / 4 = 0.4."""

PART: Frame = (
    np.uint8([[204, 204, 153, 153], [153, 153, 153, 153]]),
    np.uint8([[1, 1, 1, 1], [0, 0, 0, 0]]),
)
"""Stretched: 1, 1/2, MAE 2/8. As it is: MAE (2 * 0.2 + 2 * 0.4 + 4 * 0.6) / 8 = 0.45."""

JUNK: Frame = (np.uint8([[0, 255]] * 3), np.uint8([[1, 0]] * 3))
"""Precision 0, recall 0, MAE 1, stretched or not."""

VIDEOS = {"a": (JUNK, DIM, DIM, JUNK), "b": (DIM, PART, DIM)}


def f(precision: float, recall: float) -> float:
    return 1.3 * precision * recall / (0.3 * precision + recall)


BY_HAND = {
    # name or choices: max F, MAE
    "sod": (f(5 / 7, 4.5 / 7), 2.25 / 7),
    "sod+by-video": (f((0.5 + 1) / 2, (0.5 + 2.5 / 3) / 2), (0.5 + 0.25 / 3) / 2),
    "sod+mean-f": ((4 + f(1, 0.5)) / 7, 2.25 / 7),
    "sod+by-video+mean-f": ((0.5 + (2 + f(1, 0.5)) / 3) / 2, (0.5 + 0.25 / 3) / 2),
    "sod+drop-ends": (f(1, 2.5 / 3), 0.25 / 3),
    "sod+drop-ends+by-video": (f(1, 0.75), 0.25 / 2),
    "sod+drop-ends+mean-f": ((2 + f(1, 0.5)) / 3, 0.25 / 3),
    "davsod": ((1 + f(1, 0.5)) / 2, 0.25 / 2),
    # From 52 to 102 of 255, each DIM has precision 1 and recall 1, PART 1/2 and 1.
    "paper": (f(4.5 / 7, 5 / 7), (2 + 4 * 0.4 + 0.45) / 7),
    "davsod+no-stretch": ((1 + f(0.5, 1)) / 2, (0.4 + 0.45) / 2),
}


@pytest.mark.parametrize("protocol", BY_HAND)
def test_every_choice_has_the_numbers_worked_by_hand(protocol: str) -> None:
    max_f, mae = BY_HAND[protocol]
    result = scored(get_protocol(protocol))
    assert result.max_f == pytest.approx(max_f, abs=1e-12)
    assert result.mae == pytest.approx(mae, abs=1e-12)
    assert result.frames == (3 if "drop-ends" in get_protocol(protocol).choices else 7)


def test_mean_f_over_thresholds_is_that_of_the_averaged_curve() -> None:
    """At threshold 0, precision is 1/2 and recall 1 in every frame."""
    at_zero, above = f(0.5, 1), f(5 / 7, 4.5 / 7)
    assert scored(get_protocol("sod")).mean_f == pytest.approx((at_zero + 255 * above) / 256)
    of_255 = scored(get_protocol("sod", thresholds=255)).mean_f
    assert of_255 == pytest.approx((at_zero + 254 * above) / 255)


def test_s_of_a_map_stretched_and_as_it_is() -> None:
    """Stretched, DIM is its mask. As it is: the object is 0.4, the background 1 - 0.2 throughout;
    the centroid splits off one column of equal pixels, and of the rest means are 4/15 and 1/3,
    sums of squares 2/75 and 2/3, and that of products 2/15.
    """
    objects = (0.8 / (0.16 + 1) + 1.6 / (0.64 + 1)) / 2
    right = 4 * 4 / 15 / 3 * 2 / 15 / ((16 / 225 + 1 / 9) * (2 / 75 + 2 / 3))
    as_it_is = (objects + (1 + 3 * right) / 4) / 2
    for protocol, s in {"sod": 1, "paper": as_it_is}.items():
        metrics = SaliencyMetrics(protocol)
        metrics.update(*DIM)
        assert metrics.compute().s == pytest.approx(s, abs=1e-12)


def test_a_composition_has_the_name_of_the_protocol_that_it_equals() -> None:
    davsod = replace(
        get_protocol("sod"), keep_ends=False, by_video=True, mean_f=True
    )  # what else is chosen stays
    assert davsod == PROTOCOLS["davsod"]
    assert davsod.name == SaliencyMetrics(davsod).protocol == "davsod"
    assert get_protocol("davsod+keep-ends+no-stretch+by-frame+f-of-mean-pr").name == "paper"
    assert get_protocol("paper", stretch=True, mean_f=None).name == "sod"


def test_a_composition_without_a_name_says_all_its_choices_and_is_read_back() -> None:
    for values in product((True, False), repeat=len(CHOICES)):
        for thresholds in (255, 256):
            chosen = SaliencyProtocol(
                **dict(zip(CHOICES, values, strict=True)), thresholds=thresholds
            )
            assert get_protocol(chosen.name) == get_protocol(chosen.choices) == chosen
    name = get_protocol("sod", mean_f=True, thresholds=255).name
    assert name == "keep-ends+stretch+by-frame+mean-f+255-thresholds"
    assert scored(get_protocol(name)).protocol == name


def test_every_choice_but_the_thresholds_has_two_words() -> None:
    assert [*CHOICES, "thresholds"] == [field.name for field in fields(SaliencyProtocol)]


@pytest.mark.parametrize(
    ("protocol", "says"),
    [
        ("vos", "protocol 'vos': expected one of paper, davsod, sod;.*stretch/no-stretch"),
        ("vos+stretch", "protocol 'vos"),
        ("sod+strech", "protocol 'sod.strech'"),
        ("sod+davsod", "protocol 'sod.davsod'"),
        ("sod+1-thresholds", "thresholds 1: expected 2 to 256"),
        ("", "protocol ''"),
    ],
)
def test_an_unknown_choice_is_refused(protocol: str, says: str) -> None:
    with pytest.raises(OptionError, match=says):
        SaliencyMetrics(protocol)


def test_a_field_that_is_no_choice_is_refused() -> None:
    with pytest.raises(OptionError, match="min_max: no choice of a protocol; use keep_ends"):
        get_protocol("sod", min_max=True)


def test_protocols_that_differ_in_one_choice_do_not_merge() -> None:
    with pytest.raises(OptionError, match="do not merge"):
        SaliencyMetrics("sod").merge(SaliencyMetrics("sod+mean-f"))
    SaliencyMetrics("sod").merge(SaliencyMetrics("paper+stretch"))


@pytest.mark.shared
@pytest.mark.parametrize("method", ["Method_1", "Method_2"])
@pytest.mark.parametrize("dataset", ["Dataset_1", "Dataset_2"])
def test_a_published_row_comes_out_to_the_third_digit(shared: Path, dataset, method) -> None:
    """The row's tool takes maps as they are, and averages F; its S is that of Python's ports."""
    folder = shared / "reference" / "sod-metrics"
    row = next(
        line
        for line in (folder / "score/result.txt").read_text().splitlines()
        if dataset in line and method in line
    )
    printed = {name: float(value) for value, name in re.findall(r"\[([\d.]+) (\S+)\]", row)}
    metrics = SaliencyMetrics("sod+no-stretch+mean-f+255-thresholds", weighted=False)
    for png in sorted((folder / "pred_maps" / method / dataset).glob("*.png")):
        mask = cv2.imread(str(folder / "gt" / dataset / png.name), cv2.IMREAD_GRAYSCALE)
        metrics.update(cv2.imread(str(png), cv2.IMREAD_GRAYSCALE), mask > 128, png.stem)
    result = metrics.compute()
    got = {
        "max-fmeasure": result.max_f, "mean-fmeasure": result.mean_f, "mae": result.mae,
        "adp-fmeasure": result.adp_f, "max-Emeasure": result.max_e, "mean-Emeasure": result.mean_e,
        "adp-Emeasure": result.adp_e, "S-measure_alpha05": result.s,
    }  # fmt: skip
    assert got == pytest.approx({name: printed[name] for name in got}, abs=5e-4)


def scored(protocol: SaliencyProtocol):
    metrics = SaliencyMetrics(protocol, weighted=False)
    for video, frames in VIDEOS.items():
        for frame in frames:
            metrics.update(*frame, video)
    return metrics.compute()
