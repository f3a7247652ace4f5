"""`rcr experiment`: its pages, one run, and what it refuses."""

from __future__ import annotations

import pytest

from rcrlib.cli.experiment import EXPERIMENTS as PAGES
from rcrlib.experiments import EXPERIMENTS, ExperimentConfig

QUICK = ("--preset", "smallest", "--steps", 2, "--seeds", 1, "--device", "cpu", "-o", "grid")


def test_every_experiment_has_its_page_and_names_its_cells(rcr):
    assert set(PAGES) == set(EXPERIMENTS)
    assert "19/20" in rcr("experiment", "table2", "--help").out


def test_an_experiment_is_run_once_and_makes_its_page(rcr, synthetic, tmp_path):
    ended = rcr("experiment", "table4", "--data", synthetic, *QUICK, "--only", "Ga", "--only", "Gd")
    assert (ended.status, ended.err) == (0, "")
    assert "cells/1in5-rgb+labels+flow-m1-Re-s0" in ended.out
    assert "min left" in ended.out
    assert "Gd - Ga, max F" in ended.out
    assert (tmp_path / "grid/table4/figure.png").is_file()
    again = rcr("experiment", "table4", "--data", synthetic, *QUICK, "--only", "Ga")
    assert "min left" not in again.out  # nothing was left to do
    ended = rcr("experiment", "report", "grid/table4", "-o", "RESULTS.md")
    assert (ended.status, ended.out) == (0, "RESULTS.md\n")
    page = (tmp_path / "RESULTS.md").read_text()
    assert "rcr experiment table4 --data set --preset smallest --seeds 1 --only Ga" in page
    assert str(tmp_path) not in page


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ("table7", ("No such command", "table7", "rcr experiment --help")),
        ("table4 --only Gx", ("--only Gx", "Ga, Gb, Gc, Gd")),
        ("table4 --shard 0/2", ("shard '0/2'", "such as 1/2")),
        ("table4 --seeds 0", ("seeds is 0", "at least 1")),
        ("table4 --protocol field", ("protocol 'field'", "paper, davsod")),
        ("table4 --preset huge", ("preset 'huge'", "tiny")),
        ("table4 --flow magic", ("flow method 'magic'",)),
        ("table4 --device tpu", ("device 'tpu'",)),
        ("table4 --data nowhere", ("nowhere", "not there")),
        ("table4 --test nowhere", ("nowhere", "not there")),
        ("table4 --start nowhere.pth", ("nowhere.pth",)),
        ("table4 --images nowhere", ("nowhere", "not there")),
        ("table2 -l 3", ("table2", "use --only, not -l")),
        ("report nowhere.json", ("nowhere.json", "not there")),
        ("report", ("no result to report",)),
    ],
)
def test_a_bad_option_is_refused_in_one_line(refused, synthetic, options, says):
    words = options.split()
    data = [] if "report" in words or "--data" in words else ["--data", synthetic]
    quick = [] if "report" in words or "table7" in words else ["-o", "grid"]
    refused("experiment", *words, *data, *quick, says=says)


def test_the_command_in_a_result_can_be_given_again():
    config = ExperimentConfig("table2", seeds=2, only=("0/5", "1/5"), encoder="none", l=None)
    assert config.command() == (
        "rcr experiment table2 --seeds 2 --only 0/5 --only 1/5 --encoder-weights none"
    )
