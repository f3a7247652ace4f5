"""What lesson 08 stands on: its small table, and its view of whatever results are stored."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from helpers.results import make_run
from rcrlib.course.lessons.l08_ablations.pixel_ablation import PARTS, SIDE, pixels, train_rows
from rcrlib.course.lessons.l08_ablations.stored_tables import (
    ASKED,
    claimed,
    compared,
    drawn,
    fig7_of,
    median_deviation,
    missing,
    of_nothing,
    short_table,
    tables_of,
)
from rcrlib.experiments.paper import PAPER_CELLS
from rcrlib.experiments.result import Result, Row, Run


def make_result(*runs: Run) -> Result:
    rows = [Row(name, name, "", {"set": PAPER_CELLS["table2"][name]}) for name in ("0/5", "1/5")]
    return Result(
        experiment="table2", title="Table 2", measure="saliency",
        setup={"judged on": "set", "preset": "tiny"}, differs=[], seeds=3,
        rows=[*rows, Row("7/20", "few labels", "too few labels")],
        pairs=[("1/5", "0/5"), ("7/20", "0/5")], origins=[], runs=list(runs),
    )  # fmt: skip


ONE_SEED = make_result(make_run("0/5", 0, 0.6), make_run("1/5", 0, 0.61))
CLEAR = make_result(
    *(make_run("0/5", seed, x) for seed, x in enumerate((0.60, 0.62, 0.64))),
    *(make_run("1/5", seed, x) for seed, x in enumerate((0.61, 0.635, 0.65))),
)


@pytest.fixture(scope="module")
def small():
    return pixels(4, frames=3, seed=0), pixels(2, frames=3, seed=1)


def test_the_lesson_asks_about_rows_that_the_paper_has():
    for table, pairs in ASKED.items():
        for pair in pairs:
            assert abs(claimed(table, pair)) < 0.03  # as the lesson says
    assert claimed("table2", ("1/5", "0/5")) == pytest.approx(0.012)


def test_a_difference_over_seeds_is_said_with_its_interval_and_the_papers():
    (one,) = compared(CLEAR)  # 7/20 was left out
    # 0.010, 0.015, 0.010: mean 0.0117, t = 4.3027, standard error 0.001667
    assert one.says == (
        "1/5 - 0/5 +0.012, +0.004 to +0.019: 3 seeds say better; the paper's +0.012 is within"
    )


def test_with_one_seed_its_videos_speak_and_with_one_video_nobody():
    (one,) = compared(ONE_SEED)
    assert "2 videos of one seed say better; the paper's +0.012 is not within" in one.says
    lonely = [replace(run, per_video={"a": run.scores}) for run in ONE_SEED.runs]
    (one,) = compared(replace(ONE_SEED, runs=lonely))
    assert one.says.endswith("no interval: one seed and one video cannot tell")
    assert median_deviation(ONE_SEED) is None
    assert median_deviation(CLEAR) == pytest.approx((0.02 + 0.0202) / 2, abs=1e-4)


def test_the_runs_that_belong_together_are_those_of_shared_seeds():
    runs = CLEAR.paired(("1/5", "0/5"), "set")
    assert [[run.scores["max_f"] for run in pair] for pair in runs] == [
        [0.61, 0.60], [0.635, 0.62], [0.65, 0.64]
    ]  # fmt: skip
    assert CLEAR.paired(("7/20", "0/5"), "set") == []


def test_a_table_of_nothing_is_as_wide_as_our_deviation_says():
    spans = {8: 3.0}
    assert of_nothing(CLEAR, spans) == (
        "the paper's 8 rows span 4.0 points; as many equal rows, with our deviation of 2.0: 6.0"
    )
    assert "nobody knows" in of_nothing(ONE_SEED, spans)


def test_pictures_of_whatever_is_stored_say_its_numbers():
    caption, picture = drawn("table2-tiny", compared(CLEAR))
    assert "1/5 - 0/5 +0.012, +0.004 to +0.019" in caption
    assert picture.ndim == 3
    caption, _ = fig7_of({"table4": replace(CLEAR, experiment="table4"), "table2": CLEAR})
    assert "0.620 at 20" in caption
    assert fig7_of({"table4": replace(CLEAR, experiment="table4")}) is None


def test_whatever_is_stored_can_be_shown_and_what_is_not_is_named():
    assert tables_of({}) == {}
    assert [said.split()[0] for said in missing({})] == ["table2", "table3", "table4", "fig7"]
    stored = {"table2-tiny": CLEAR, "empty": make_result(), "noise": replace(CLEAR, experiment="x")}
    assert list(tables_of(stored)) == ["table2-tiny"]
    assert [said.split()[0] for said in missing(stored)] == ["table3", "table4", "fig7"]
    assert missing(stored)[-1].endswith("taken from table2")
    table = short_table("table2-tiny", CLEAR)
    assert "| 1/5 | 3 |" in table
    assert "7/20" not in table


def test_pixels_come_in_parts_and_the_same_seed_gives_the_same(small):
    learn, _ = small
    assert learn.features.shape == (4, 3, SIDE**2, 10)
    assert learn.truth.shape == (4, 3, SIDE**2)
    assert 0 < float(learn.truth.mean()) < 0.5
    assert sorted(i for part in PARTS.values() for i in range(10)[part]) == list(range(10))
    again = pixels(4, frames=3, seed=0)
    assert torch.equal(again.features, learn.features)
    assert torch.isfinite(learn.features).all()


def test_networks_trained_at_once_are_those_trained_alone(small):
    three = train_rows(["colour"], *small, seeds=3, labelled=2, steps=5)
    assert three.shape == (3, 2, 3)
    assert ((three >= 0) & (three <= 1)).all()
    two = train_rows(["colour"], *small, seeds=2, labelled=2, steps=5)
    torch.testing.assert_close(two, three[:2], atol=0.02, rtol=0)  # sums in another order
    assert not torch.equal(three, train_rows(list(PARTS), *small, seeds=3, labelled=2, steps=5))
