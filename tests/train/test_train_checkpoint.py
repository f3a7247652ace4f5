"""The folder of a run: what may be started, resumed or replaced in it."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest
import torch

from helpers.small_runs import small_preset, train_stage
from rcrlib.errors import OptionError
from rcrlib.files import PARTIAL, RECORD, output_folder
from rcrlib.train.checkpoint import RunFolder

pytestmark = pytest.mark.usefixtures("one_thread")

SETTINGS = {
    "command": "train",
    "lr": 0.1,
    "workers": 0,
    "device": "cpu",
    "clip": (3, 4),
    "network": {"backbone": "resnet18"},
}


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    """Return a run that was started and has made one checkpoint of two steps."""
    run = RunFolder(tmp_path / "run")
    assert run.open(SETTINGS, resume=False, force=False) is False
    for step in (1, 2, 3):
        run.add_metrics({"step": step})
    run.save(_checkpoint())
    return run


def _checkpoint() -> dict:
    names = ("network", "optimiser", "scaler", "random", "settings")
    return {**{name: {"x": torch.arange(1000)} for name in names}, "step": 2}


def test_a_run_is_not_overwritten_and_the_error_offers_to_go_on(run):
    with pytest.raises(OptionError, match=r"exists and is not empty.*--resume goes on") as caught:
        run.open(SETTINGS, resume=False, force=False)
    assert "\n" not in str(caught.value)
    assert run.checkpoint.is_file()


def test_force_starts_a_run_over(run):
    run.weights.write_bytes(b"old weights")
    assert run.open({**SETTINGS, "lr": 0.2}, resume=False, force=True) is False
    assert [path.name for path in run.path.iterdir()] == [RECORD]
    assert json.loads((run.path / RECORD).read_text())["lr"] == 0.2


def test_force_deletes_nothing_that_is_not_a_run(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(OptionError, match="was not written by rcr"):
        RunFolder(tmp_path / "mine").open(SETTINGS, resume=False, force=True)
    with output_folder(tmp_path / "maps", {"command": "predict"}) as folder:
        (folder / "00000.png").write_bytes(b"a map")
    with pytest.raises(OptionError, match="is not that of a training run"):
        RunFolder(tmp_path / "maps").open(SETTINGS, resume=False, force=True)
    assert (tmp_path / "maps" / "00000.png").is_file()


def test_resume_starts_where_there_is_nothing_and_refuses_what_is_no_run(tmp_path):
    assert RunFolder(tmp_path / "new").open(SETTINGS, resume=True, force=False) is False
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "file").touch()
    with pytest.raises(OptionError, match="exists and is not empty"):
        RunFolder(tmp_path / "other").open(SETTINGS, resume=True, force=False)


def test_a_kill_before_the_settings_were_written_leaves_a_folder_that_can_be_used(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / f"{PARTIAL}rcr-x.json").write_text("{")
    assert RunFolder(tmp_path / "run").open(SETTINGS, resume=False, force=False) is False
    assert [path.name for path in (tmp_path / "run").iterdir()] == [RECORD]


def test_resume_goes_on_with_the_same_settings(run):
    assert run.open(SETTINGS, resume=True, force=False) is True
    assert run.load()["step"] == 2
    run.trim_metrics(2)
    assert run.metrics.read_text().splitlines() == ['{"step": 1}', '{"step": 2}']


def test_resume_with_other_settings_names_them(run):
    other = {**SETTINGS, "lr": 0.2, "network": {"backbone": "resnet50"}, "new": 1}
    with pytest.raises(OptionError) as caught:
        run.open(other, resume=True, force=False)
    message = str(caught.value)
    assert "lr: 0.1 -> 0.2" in message
    assert "network.backbone: 'resnet18' -> 'resnet50'" in message
    assert "new: None -> 1" in message
    assert "clip" not in message
    assert "\n" not in message


def test_resume_may_change_where_and_with_how_many_workers_it_runs(run):
    assert run.open({**SETTINGS, "workers": 2, "device": "cuda"}, resume=True, force=False)


@pytest.mark.parametrize("damage", ["truncated", "garbage", "empty", "something else", "a tensor"])
def test_a_damaged_checkpoint_is_named(run, damage):
    if damage == "truncated":
        run.checkpoint.write_bytes(run.checkpoint.read_bytes()[:-500])
    elif damage == "something else":
        torch.save({"weights": torch.zeros(1)}, run.checkpoint)
    elif damage == "a tensor":
        torch.save(torch.zeros(1), run.checkpoint)
    else:
        run.checkpoint.write_bytes(b"rubbish" if damage == "garbage" else b"")
    with pytest.raises(OptionError, match=r"checkpoint\.pt: is damaged; start over"):
        run.load()


def test_a_checkpoint_with_foreign_objects_is_not_loaded_and_they_are_named(run):
    torch.save({"network": {}, "settings": argparse.Namespace(lr=1)}, run.checkpoint)
    with pytest.raises(OptionError, match=r"is no checkpoint of rcr.*\(argparse\.Namespace\)"):
        run.load()


def test_damaged_settings_are_named(run):
    (run.path / RECORD).write_text("{")
    with pytest.raises(OptionError, match=r"rcr\.json: is not that of a training run"):
        run.open(SETTINGS, resume=True, force=False)


def test_a_stage_refuses_other_settings_before_it_trains(videos, whole):
    weights = whole / "video" / "model.safetensors"
    before = weights.read_bytes()
    with pytest.raises(OptionError, match=r"lr: 0\.001 -> 0\.01"):
        train_stage("video", videos, whole / "video", small_preset(lr=0.01), resume=True)
    with pytest.raises(OptionError, match="--resume goes on"):
        train_stage("video", videos, whole / "video", small_preset())
    assert weights.read_bytes() == before


def test_other_start_weights_are_other_settings(videos, whole, tmp_path):
    from rcrlib.data import load
    from rcrlib.train import train_video

    preset = small_preset(steps=1, augment=False)
    dataset = load(videos, split="train")
    start = tmp_path / "start.safetensors"
    start.write_bytes((whole / "image" / "model.safetensors").read_bytes())
    train_video(dataset, preset, tmp_path / "run", start=start)
    train_stage("image", videos, tmp_path / "image", small_preset(steps=1, seed=1))
    (tmp_path / "image" / "model.safetensors").rename(start)
    with pytest.raises(OptionError, match=r"start: '.*start\.safetensors \("):
        train_video(dataset, preset, tmp_path / "run", start=start, resume=True)
