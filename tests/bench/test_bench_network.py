"""`rcr bench network|training|predict` at sizes that take seconds."""

from __future__ import annotations

import json

import pytest
import torch

from rcrlib.bench import network as of_networks
from rcrlib.bench import subject as of_subjects
from rcrlib.bench.subject import Subject, operations
from rcrlib.cli import main
from rcrlib.errors import OptionError

SMALL = ["--backbone", "resnet18", "--size", "32", "--clip", "2", "--rounds", "1"]


@pytest.fixture
def bench(monkeypatch, tmp_path, capsys):
    """Run `rcr bench ...` on small things and give its rows and what it printed.

    The CPU has no bf16 instructions, whatever the machine.
    """
    monkeypatch.setattr(of_networks, "peak_memory", lambda *given: 1.0)
    native = of_subjects.computes_in_bf16
    monkeypatch.setattr(
        of_subjects, "computes_in_bf16", lambda where: where.type != "cpu" and native(where)
    )

    def run(name: str, *more: str):
        file = tmp_path / f"{name}.json"
        main(["bench", name, *SMALL, "--device", "cpu", "--json", str(file), *more])
        return json.loads(file.read_text())["rows"], capsys.readouterr().out

    return run


@pytest.mark.parametrize("name", ["network", "training"])
def test_both_paths_stand_side_by_side(bench, name):
    rows, text = bench(name)
    assert [row["path"] for row in rows] == ["plain", "fast"]
    assert all(row["ms/frame"] > 0 and row["peak MiB"] == 1 for row in rows)
    assert rows[0]["times as fast"] == 1
    difference = {"network": "logits differ", "training": "gradients differ"}[name]
    assert rows[0][difference] == 0
    assert rows[1][difference] < 1e-2
    assert difference in text


@pytest.mark.parametrize("name", ["network", "training"])
def test_a_cpu_with_bf16_instructions_is_measured_in_bf16_too(bench, name, monkeypatch):
    monkeypatch.setattr(of_subjects, "computes_in_bf16", lambda where: True)
    rows, _ = bench(name)
    assert [(row["path"], row["precision"]) for row in rows] == [
        ("plain", "float32"), ("fast", "float32"), ("fast", "bf16"),
    ]  # fmt: skip
    assert 0 < rows[2][{"network": "logits differ", "training": "gradients differ"}[name]] < 0.2


def test_one_command_measures_everything_on_a_device(bench, tmp_path, capsys):
    file = tmp_path / "all.json"
    main(["bench", "--device", "cpu", "--size", "32", "--rounds", "1", "--json", str(file)])
    titles = [report["title"].split(":")[0] for report in json.loads(file.read_text())]
    assert titles == ["inference", "a training step", "rcr predict"]
    printed = capsys.readouterr().out
    assert all(title in printed for title in titles)


def test_options_of_all_measurements_are_refused_before_a_single_one(capsys):
    with pytest.raises(SystemExit):
        main(["bench", "--device", "cpu", "network"])
    assert capsys.readouterr().err == "rcr: --device: give it after network\n"


def test_clips_that_will_not_fit_are_said_and_not_tried(bench, monkeypatch):
    monkeypatch.setattr(of_networks, "free_memory", lambda device: 10**6)
    rows, _ = bench("network", "--clip", "1")
    assert {(row["path"], row["ms/frame"]) for row in rows if row["path"] == "plain"} == {
        ("plain", "too large")
    }
    assert [row["T"] for row in rows] == [2, 2, 1, 1]


def test_prediction_stands_beside_its_network(bench):
    rows, text = bench("predict", "--frames", "9")
    assert [row["what"] for row in rows] == ["network alone", "rcr predict"]
    assert "9 frames of synthetic" in text


def test_the_fast_path_takes_less_than_half_of_the_operations():
    plain, fast = (Subject(path=path, size=224, clip=1) for path in ("plain", "fast"))
    assert operations(plain) / 2 == pytest.approx(111.8e9 / 4, rel=0.03)
    assert operations(fast) < operations(plain) / 1.8


@pytest.mark.parametrize(
    ("option", "said"), [({"size": 8}, "size is 8"), ({"clip": 0}, "clip is 0")]
)
def test_subjects_out_of_range_are_refused(option, said):
    with pytest.raises(OptionError, match=said):
        Subject(**option)


@pytest.mark.gpu
def test_the_gpu_is_measured_at_float32_and_at_its_best(bench):
    rows, _ = bench("network", "--device", "cuda")
    assert [row["path"] for row in rows] == ["plain", "fast", "fast"]
    assert torch.cuda.get_device_name()
