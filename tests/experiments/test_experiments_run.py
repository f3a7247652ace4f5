"""Every experiment from end to end, what they share, and what they refuse."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import pytest

from helpers.small_experiments import finished, run_small, scores, write_set
from rcrlib.data import SyntheticConfig
from rcrlib.errors import DataError, OptionError
from rcrlib.experiments import (
    EXPERIMENTS,
    ExperimentConfig,
    catalogue,
    load_result,
    students,
)
from rcrlib.experiments import steps as stages
from rcrlib.experiments.lab import claim, open_lab, places
from rcrlib.experiments.merge import merge_results
from rcrlib.experiments.world import World

pytestmark = pytest.mark.usefixtures("one_thread")

CELLS = {
    "table1": ["ours"],
    "fig5": ["ours"],
    "table5": ["ours"],
    "table2": ["0/1", "0/2", "0/5", "1/5", "4/5"],
    "fig7": ["0/1", "0/2", "0/5", "1/5", "4/5", "0/10"],
    "table3": ["Ra", "Rb", "Rc", "Rd", "Re"],
    "table4": ["Ga", "Gb", "Gc", "Gd", "Gd+"],
    "demo": ["0/5", "1/5", "0/1"],
    "keyframes": ["even", "appearance", "flow", "k-centre"],
    "noise": ["0/5", "4/5", "flow-0%", "flow-8%", "labels-0%", "labels-8%"],
}
"""What eleven frames a video allow."""


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    """Return the folder that all experiments here share."""
    return tmp_path_factory.mktemp("grids") / "out"


@pytest.mark.parametrize("name", CELLS)
def test_an_experiment_gives_table_figure_words_and_json(name, data, out, monkeypatch):
    monkeypatch.setattr(catalogue, "AMOUNTS", (0.0, 0.08))
    result = run_small(name, data, out)
    folder = out / name
    assert [run.cell for run in result.runs] == CELLS[name]
    page, words = (folder / "README.md").read_text(), (folder / "figure.txt").read_text().strip()
    assert f"![{words}](figure.png)" in page
    assert cv2.imread(str(folder / "figure.png")).shape[2] == 3
    table = (folder / "table.txt").read_text()
    for run in result.runs:
        main = run.scores["j_mean" if name == "table5" else "max_f"]
        assert 0 <= main <= 1
        assert f"{main:.3f}" in table
        assert run.labels > 0
        assert run.per_video.keys() == {"synthetic-002"}
    for row in result.rows:
        assert row.name in table
        assert row.problem in table
        assert (row.name in CELLS[name]) != bool(row.problem)
    assert load_result(folder) == result
    assert "stage 1 learns from: the cell's own kept labels" in page
    assert re.search("Made by:\n\n- `rcr experiment .* --data set", page)


def test_every_experiment_is_run_here():
    assert set(CELLS) | {"appearance"} == set(EXPERIMENTS)


def test_cells_share_every_step_that_they_can(data, out):
    """Of the nine experiments above; each line is the paper's main way, 1/5, seed 0."""
    done = finished(out)
    names = [step.removeprefix("cells/") for step in done if step.startswith("cells/")]
    students_ = {name.split("/")[0] for name in names}
    # 0/1 0/2 0/5 0/10; 1/5 with Ra to Re; 4/5; Gb to Gd; 4 policies; 2 + 2 of noise
    assert len(students_) == 4 + 5 + 1 + 3 + 4 + 4
    assert {step for step in done if step.startswith("image/")} == {
        f"image/1in{key}-s0"
        for key in ("1", "2", "5", "10", *(f"5-{name}" for name in CELLS["keyframes"]))
    }
    assert len([step for step in done if step.startswith("fgplg/")]) == 4 + 4 + 2
    assert len([step for step in done if step.startswith("pseudo-labels/")]) == 5 + 4 + 4


def test_what_is_finished_is_never_run_again(data, out, monkeypatch):
    def never(*arguments, **options):
        raise AssertionError("ran again")

    for module, name in ((stages, "train_image"), (stages, "train_fgplg"),
                         (students, "train_video"), (students, "predict")):  # fmt: skip
        monkeypatch.setattr(module, name, never)
    before = (out / "table4" / "table.txt").read_bytes()
    run_small("table4", data, out)
    assert (out / "table4" / "table.txt").read_bytes() == before


def test_another_protocol_needs_no_training(data, out, monkeypatch):
    monkeypatch.setattr(students, "train_video", lambda *a, **o: pytest.fail("trained"))
    result = run_small("table1", data, out, protocol="davsod")
    assert {run.protocol for run in result.runs} == {"davsod"}
    assert "protocol davsod" in (out / "table1" / "table.txt").read_text()


def test_fewer_steps_are_needed_for_two_tables_than_for_each(data, out):
    """Table 4's Ga and Gd+ are Table 2's 0/5 and 1/5, and Table 3's Re is the latter."""
    origins = {}
    for table, cell in (("table2", "1/5"), ("table4", "Gd+"), ("table3", "Re"), ("table1", "ours")):
        result = load_result(out / table)
        (run,) = (run for run in result.runs if run.cell == cell)
        origins[table] = {result.origins[number].command.split()[2] for number in run.origins}
    assert set.union(*origins.values()) == {"table1"}  # which came first


def test_a_cell_is_a_folder_with_all_that_belongs_to_it(data, out):
    cell = out / "cells" / "1in5-rgb+labels+flow-residual-m1-Re-s0"
    stored = json.loads((cell / "result.json").read_text())
    assert stored["settings"]["seed"] == 0
    assert stored["lab"]["preset"] == "smallest"
    assert stored["result"]["labels"] == 6  # three of each of two videos
    assert stored["result"]["pseudo_labels"] == 4
    assert {"command", "commit", "machine", "threads", "seconds"} <= stored["made"].keys()
    assert {path.name for path in (cell / "run").iterdir()} == {
        "rcr.json", "metrics.jsonl", "model.safetensors"
    }  # fmt: skip
    assert (cell / "set" / "saliency-paper" / "result.json").is_file()


def test_shards_and_only_together_give_the_whole(data, tmp_path):
    whole = run_small("table4", data, tmp_path / "whole", only=("Ga", "Gc"))
    first = run_small("table4", data, tmp_path / "parts", only=("Ga", "Gc"), shard="1/2")
    assert [run.cell for run in first.runs] == ["Ga"]
    assert "4 of 5 numbers are not there yet" in (tmp_path / "parts/table4/table.txt").read_text()
    run_small("table4", data, tmp_path / "parts", only=("Ga",))
    parts = run_small("table4", data, tmp_path / "parts", only=("Gc",))
    assert scores(parts) == scores(whole)
    tables = [(tmp_path / name / "table4/table.txt").read_bytes() for name in ("parts", "whole")]
    assert tables[0] == tables[1]
    assert parts.origins != whole.origins  # which command made what is not the same


def test_a_set_of_images_for_stage_1_is_shared_by_all_cells(data, tmp_path):
    images = tmp_path / "pictures"
    for kind, source in (("images", "JPEGImages"), ("ground_truth_mask", "Annotations")):
        (images / kind).mkdir(parents=True)
        for path in sorted((data / source / "480p" / "synthetic-000").iterdir()):
            (images / kind / path.name).write_bytes(path.read_bytes())
    result = run_small("table2", data, tmp_path / "out", only=("0/1", "0/5"), images=images)
    assert [step for step in finished(tmp_path / "out") if step.startswith("image/")] == [
        "image/given-s0"
    ]
    assert result.setup["stage 1 learns from"] == "pictures (11 images)"
    weights = tmp_path / "out/image/given-s0/run/model.safetensors"
    given = run_small("table2", data, tmp_path / "start", only=("0/5",), start=weights)
    assert scores(given)["0/5", 0, "set"] == scores(result)["0/5", 0, "set"]


def test_sets_to_judge_on_can_be_named_beside_the_data(data, tmp_path):
    other = write_set(tmp_path / "other")
    result = run_small("table1", data, tmp_path / "out", tests=(data, other))
    assert result.tests == ["set", "other"]
    assert len({run.scores["max_f"] for run in result.runs}) == 1  # the same videos


@pytest.mark.parametrize(
    ("name", "options", "says"),
    [
        ("table9", {}, "experiment 'table9': unknown; use one of table1"),
        ("table4", {"only": ("Ge",)}, "--only Ge: table4 has the cells Ga, Gb, Gc, Gd"),
        ("table2", {"only": ("7/20",)}, "do not allow 7/20.*at most 11 a video leaves 1"),
        ("table2", {"l": 3}, "table2: its cells are named m/l"),
        ("table4", {"l": 1}, "m=0, l=1: table4 needs pseudo-labels"),
        ("table4", {"l": 3, "m": 3}, "m=3, l=3"),
        ("table3", {"l": 11}, "do not allow Ra.*leaves 1"),
        ("table4", {"shard": "3/2"}, "shard '3/2': expected I/N"),
        ("table4", {"shard": "half"}, "shard 'half': expected I/N"),
        ("table4", {"seeds": 0}, "seeds is 0"),
        ("table4", {"protocol": "mine"}, "protocol 'mine': expected one of paper, davsod"),
        ("table4", {"start": "a", "images": "b"}, "give one of them"),
    ],
)
def test_an_option_that_cannot_be_is_refused(data, tmp_path, name, options, says):
    with pytest.raises(OptionError, match=says):
        run_small(name, data, tmp_path / "out", **options)
    assert finished(tmp_path / "out") == set()


def test_a_set_of_videos_is_no_set_of_images_for_stage_1(data, tmp_path):
    with pytest.raises(DataError, match=r"--images .*set: holds videos .*set of single images"):
        run_small("table2", data, tmp_path / "out", only=("0/5",), images=data)


def test_images_without_masks_are_refused(data, tmp_path):
    images = tmp_path / "pictures"
    for name in ("images", "ground_truth_mask"):
        (images / name).mkdir(parents=True)
    shutil.copy(data / "JPEGImages/480p/synthetic-000/00000.jpg", images / "images/a.jpg")
    with pytest.raises(DataError, match="pictures: has no masks"):
        run_small("table2", data, tmp_path / "out", only=("0/5",), images=images)


def test_kept_labels_can_be_asked_for_by_name(data, tmp_path):
    result = run_small("table2", data, tmp_path / "out", only=("0/5",), images=Path("kept-labels"))
    assert result.setup["stage 1 learns from"].startswith("the cell's own kept labels")


def small_world(monkeypatch):
    """Let generated worlds be three videos of 21 frames, one to judge on, and four images."""
    videos = SyntheticConfig(videos=3, frames=21, size=(32, 32))

    def of_seed(cls, seed, **knobs):
        return cls(replace(videos, seed=seed, **knobs), 1, 4)

    monkeypatch.setattr(World, "of_seed", classmethod(of_seed))


def test_every_seed_generates_a_world_of_its_own(tmp_path, monkeypatch):
    small_world(monkeypatch)
    result = run_small("demo", None, tmp_path / "out", seeds=2)
    assert [(run.cell, run.seed) for run in result.runs] == [
        (cell, seed) for seed in (0, 1) for cell in ("0/10", "9/10", "0/1")
    ]
    assert result.videos_by_seed
    assert result.difference(("9/10", "0/10"), "synthetic", "max_f").how.endswith(
        "2 seeds, t interval"
    )
    frames = [
        tmp_path / f"out/seed-{s}/synthetic/JPEGImages/480p/synthetic-000/00000.jpg" for s in (0, 1)
    ]
    assert frames[0].read_bytes() != frames[1].read_bytes()
    assert result.setup["stage 1 learns from"] == "synthetic-images (4 images)"


def test_seeds_run_apart_make_the_same_table(tmp_path, monkeypatch):
    small_world(monkeypatch)
    whole = run_small("demo", None, tmp_path / "whole", seeds=2)
    run_small("demo", None, tmp_path / "parts", seeds=2, seed=(1,))
    parts = run_small("demo", None, tmp_path / "parts", seeds=2, seed=(0,))
    assert scores(parts) == scores(whole)
    one = run_small("demo", None, tmp_path / "one", seeds=1)
    other = run_small("demo", None, tmp_path / "other", seed=(1,))
    assert scores(merge_results([one, other])) == scores(whole)


def test_the_knob_is_turned_and_videos_that_are_given_are_refused(data, tmp_path, monkeypatch):
    small_world(monkeypatch)
    knob = replace(EXPERIMENTS["appearance"].knob, settings=(0.0, 0.5))
    monkeypatch.setitem(EXPERIMENTS, "appearance", replace(EXPERIMENTS["appearance"], knob=knob))
    result = run_small("appearance", None, tmp_path / "out")
    assert [row.name for row in result.rows] == [
        f"{cell} at {setting}" for setting in ("0", "0.5") for cell in ("0/10", "9/10", "0/1")
    ]
    assert "appearance change 0, " in result.setup["videos"]
    assert "appearance change 0.5, " in result.setup["videos"]
    with pytest.raises(OptionError, match="takes no --data"):
        run_small("appearance", data, tmp_path / "given")


def test_only_names_a_cell_at_every_setting_of_the_knob_or_at_one(tmp_path, monkeypatch):
    small_world(monkeypatch)
    knob = replace(EXPERIMENTS["appearance"].knob, settings=(0.0, 0.5))
    monkeypatch.setitem(EXPERIMENTS, "appearance", replace(EXPERIMENTS["appearance"], knob=knob))
    out = tmp_path / "out"
    with pytest.raises(OptionError, match=r"0/10 at 0\.7: appearance has the cells 0/10 at 0,"):
        run_small("appearance", None, out, only=("0/10 at 0.7",))
    result = run_small("appearance", None, out, only=("0/10 at 0.5",))
    assert [run.cell for run in result.runs] == ["0/10 at 0.5"]
    result = run_small("appearance", None, out, only=("0/10",))
    assert [run.cell for run in result.runs] == ["0/10 at 0", "0/10 at 0.5"]


def test_results_of_different_set_ups_are_not_mixed(data, tmp_path, out):
    longer = run_small("table4", data, tmp_path / "out", only=("Ga",), steps=3)
    with pytest.raises(OptionError, match="steps of the three stages: 2/2/2 and 3/3/3"):
        merge_results([load_result(out / "table4"), longer])
    with pytest.raises(OptionError, match="table4 and table2 are not one table"):
        merge_results([load_result(out / "table4"), load_result(out / "table2")])


def begin(data, out, **options):
    (place,) = places(ExperimentConfig("table4", out, data, device="cpu", **options))
    return claim(open_lab(place))


def test_other_options_in_the_same_folder_are_refused(data, tmp_path):
    begin(data, tmp_path / "out")
    begin(data, tmp_path / "out", seeds=7, only=("Ga",), protocol="davsod", workers=1)
    with pytest.raises(
        OptionError, match=r"was started with other settings \(flow: 'dis' -> 'farneback'"
    ):
        begin(data, tmp_path / "out", flow="farneback")


def test_data_that_changed_since_the_folder_was_begun_are_refused(data, tmp_path):
    begin(data, tmp_path / "out")
    moved = shutil.copytree(data, tmp_path / "set")
    begin(moved, tmp_path / "out")  # where they lie does not matter
    for split in ("train", "val"):
        listing = moved / f"ImageSets/480p/{split}.txt"
        whole = listing.read_text()
        other = "synthetic-001" if split == "train" else "synthetic-000"
        listing.write_text(whole.replace("synthetic-000", other).replace("synthetic-002", other))
        with pytest.raises(OptionError, match=r"other settings \(fingerprint: "):
            begin(moved, tmp_path / "out")
        listing.write_text(whole)


def test_a_folder_of_something_else_is_refused(data, tmp_path):
    (tmp_path / "note.txt").write_text("mine")
    with pytest.raises(OptionError, match="exists and is not empty"):
        run_small("table4", data, tmp_path)


def test_one_video_cannot_be_learned_from_and_judged_on(data, tmp_path):
    with pytest.raises(DataError, match=r"is one video.*--test"):
        run_small("table4", data / "JPEGImages/480p/synthetic-000", tmp_path / "out")
