"""`rcr eval saliency` and `segmentation`: what they print, write and refuse."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from helpers.scored_folders import (
    mask_of,
    saliency_metrics,
    segmentation_metrics,
    write_maps,
    write_picture,
    write_truth,
)


@pytest.fixture
def truth(tmp_path):
    return write_truth(tmp_path / "set")


@pytest.fixture
def maps(tmp_path):
    return write_maps(tmp_path / "maps")


KEYS = {
    "protocol", "frames", "max_f", "mean_f", "adp_f", "s", "mae", "max_e", "mean_e", "adp_e", "w_f",
    "per_video",
}  # fmt: skip


@pytest.mark.parametrize("protocol", ["paper", "davsod", "sod"])
def test_saliency_prints_its_protocol_and_writes_the_numbers_of_the_metrics(
    rcr, maps, truth, protocol
):
    args = ("eval", "saliency", "--pred", maps, "--gt", truth)
    ended = rcr(*args, "--protocol", protocol, "--json", "r.json")
    assert ended.status == 0, ended.err
    assert f"protocol {protocol}" in ended.out
    got, result = json.loads(Path("r.json").read_text()), saliency_metrics(protocol).compute()
    assert got.keys() >= KEYS
    numbers = {name: got[name] for name in KEYS - {"per_video"}}
    assert numbers == pytest.approx({name: getattr(result, name) for name in numbers})
    assert got["per_video"]["dog"]["s"] == pytest.approx(result.per_video["dog"].s)
    assert f"{result.max_f:.3f}" in ended.out


OPPOSITES = {
    "paper": ("--keep-ends", "--no-stretch", "--by-frame", "--f-of-mean-pr"),
    "davsod": ("--drop-ends", "--stretch", "--by-video", "--mean-f"),
}


@pytest.mark.parametrize(("start", "end"), [("paper", "davsod"), ("davsod", "paper")])
def test_every_choice_of_a_protocol_is_an_option(rcr, maps, truth, start, end):
    """With all of them, one protocol becomes the other; with one less, it has none of its own."""
    args = ("eval", "saliency", "--pred", maps, "--gt", truth, "--protocol", start)
    ended = rcr(*args, *OPPOSITES[end], "--json", "r.json")
    assert f"protocol {end}," in ended.out
    got = json.loads(Path("r.json").read_text())
    assert (got["protocol"], got["max_f"]) == (end, saliency_metrics(end).compute().max_f)
    for number, kept in enumerate(OPPOSITES[start]):
        changed = [*OPPOSITES[end][:number], kept, *OPPOSITES[end][number + 1 :]]
        names = "+".join(word[2:] for word in changed) + "+256-thresholds"
        if names == "keep-ends+stretch+by-frame+f-of-mean-pr+256-thresholds":
            names = "sod"
        assert f"protocol {names}, normalisation: " in rcr(*args, *changed).out


def test_a_composition_is_named_by_its_choices_in_every_file(rcr, maps, truth):
    ended = rcr(
        "eval", "saliency", "--pred", maps, "--gt", truth, "--protocol", "sod", "--mean-f",
        "--thresholds", 255, "--csv", "t.csv", "--latex", "t.tex", "--markdown", "t.md",
        "--json", "t.json",
    )  # fmt: skip
    name = "keep-ends+stretch+by-frame+mean-f+255-thresholds"
    assert f"protocol {name}, normalisation: min-max per frame" in ended.out
    for file in ("t.csv", "t.tex", "t.md", "t.json"):
        assert name in Path(file).read_text()
    assert rcr("eval", "saliency", "--pred", maps, "--gt", truth, "--protocol", name).out == (
        ended.out.partition("\nt.json")[0] + "\n"
    )


def test_segmentation_prints_its_threshold_and_writes_j_and_f(rcr, maps, truth):
    ended = rcr("eval", "segmentation", "--pred", maps, "--gt", truth, "--json", "r.json",
                "--threshold", 0.4)  # fmt: skip
    assert "protocol davis16, cut at 0.4" in ended.out
    result, got = segmentation_metrics(0.4).compute(), json.loads(Path("r.json").read_text())
    names = ("j_mean", "j_recall", "j_decay", "f_mean", "f_recall", "f_decay")
    assert {n: got[n] for n in names} == pytest.approx({n: getattr(result, n) for n in names})
    assert (got["protocol"], got["threshold"]) == ("davis16", 0.4)
    assert set(got["per_video"]) == {"cat", "dog"}


def test_several_methods_stand_side_by_side_in_every_file(rcr, maps, truth):
    ended = rcr(
        "eval", "saliency", "--pred", f"our_maps={maps}", "--pred", maps, "--gt", truth,
        "--csv", "t.csv", "--latex", "t.tex", "--markdown", "t.md", "--json", "t.json",
    )  # fmt: skip
    assert ended.status == 0, ended.err
    assert [line.split()[0] for line in ended.out.splitlines()[2:5]] == [
        "method",
        "our_maps",
        "maps",
    ]
    assert ended.out.splitlines()[-4:] == ["t.json", "t.csv", "t.tex", "t.md"]
    assert len(Path("t.csv").read_text().splitlines()) == 1 + 2 * (1 + 2)
    assert r"our\_maps & " in Path("t.tex").read_text()
    assert "| our_maps | " in Path("t.md").read_text()
    assert set(json.loads(Path("t.json").read_text())["methods"]) == {"our_maps", "maps"}


def test_curves_and_worst_frames_are_drawn_into_a_folder_of_their_own(rcr, maps, truth, tmp_path):
    ended = rcr(
        "eval", "saliency", "--pred", maps, "--gt", truth, "--plot", "--worst", 2, "-o", "p"
    )
    assert ended.status == 0, ended.err
    assert {p.name for p in (tmp_path / "p").iterdir()} == {
        "pr.png", "pr.svg", "f.png", "f.svg", "worst-maps.png", "rcr.json"
    }  # fmt: skip
    again = rcr("eval", "saliency", "--pred", maps, "--gt", truth, "--plot", "-o", "p")
    assert "--force" in again.err


def test_missing_and_extra_predictions_are_named(refused, rcr, maps, truth):
    (maps / "cat/00002.png").unlink()
    write_picture(maps / "bird/00000.png", mask_of(0))
    args = ("eval", "saliency", "--pred", maps, "--gt", truth)
    says = ["1 predictions are missing: cat/00002", "bird/", "--allow-missing"]
    refused(*args, says=says)
    ended = rcr(*args, "--allow-missing", "--json", "r.json")
    assert "maps: 1 predictions missing and left out" in ended.out
    assert json.loads(Path("r.json").read_text())["missing"] == ["cat/00002"]


def test_options_are_checked_before_anything_is_measured(refused, maps, truth, tmp_path):
    args = ("eval", "saliency", "--gt", truth)
    refused(*args, "--pred", maps, "--protocol", "vos", says=["protocol 'vos'", "paper, davsod"])
    refused(*args, "--pred", maps, "--pred", f"{maps}/", says=["two methods 'maps'", "NAME=DIR"])
    refused(*args, "--pred", "nowhere", says=["nowhere", "expected a folder"])
    (tmp_path / "r.json").write_text("mine")
    refused(*args, "--pred", maps, "--json", "r.json", says=["r.json: exists", "--force"])
