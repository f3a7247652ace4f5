"""The metrics in torchmetrics' manner: one process, two of Fabric, merged, saved."""

from __future__ import annotations

import copy
import io
import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from helpers import metrics_with_fabric
from helpers.metrics_with_fabric import batches, metrics, plain
from rcrlib.errors import OptionError
from rcrlib.metrics import SaliencyMetrics, SegmentationMetrics
from rcrlib.metrics.torchmetrics import RECORDS, SaliencyMetric, SegmentationMetric

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def whole() -> dict[str, dict[str, float]]:
    """Return the numbers of `SaliencyMetrics` and `SegmentationMetrics` over all batches."""
    plain_ones = {
        "davsod": SaliencyMetrics("davsod"),
        "sod": SaliencyMetrics("sod", weighted=False),
        "davis16": SegmentationMetrics(),
    }
    for one in batches():
        for i, (video, number) in enumerate(zip(one["video"], one["frames"], strict=True)):
            preds, target, void = (one[name][i, 0] for name in ("preds", "target", "void"))
            for metric in plain_ones.values():
                metric.update(preds, target, video, [number], void=void)
    return {name: vars(metric.compute()) for name, metric in plain_ones.items()}


def same(found: dict[str, float], expected: dict[str, float]) -> bool:
    assert found == pytest.approx({name: expected[name] for name in found}, abs=1e-6)
    assert len(found) >= 7
    return True


def test_one_process_has_the_numbers_of_the_plain_metrics(whole) -> None:
    measured = metrics()
    for one in batches():
        for metric in measured.values():
            metric.update(**one)
    assert all(same(plain(metric), whole[name]) for name, metric in measured.items())


def test_two_processes_of_fabric_have_the_numbers_of_one(whole, tmp_path: Path) -> None:
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    done = subprocess.run(
        [sys.executable, metrics_with_fabric.__file__, str(tmp_path), "2"],
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": path},
        capture_output=True, text=True, timeout=900,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    first, second = (json.loads((tmp_path / f"{rank}.json").read_text()) for rank in (0, 1))
    assert first == second
    only = first.pop("only the second process")
    assert 0 < only["frames"] < whole["sod"]["frames"]
    assert all(same(numbers, whole[name]) for name, numbers in first.items())


def test_states_merge_whichever_frames_they_hold(whole) -> None:
    left, right = metrics(), metrics()
    for number, one in enumerate(batches()):
        for metric in (left, right)[number % 2].values():
            metric.update(**one)
    for name, metric in left.items():
        metric.merge_state(right[name])
        assert same(plain(metric), whole[name])


def test_what_is_kept_is_merged_before_it_grows(whole) -> None:
    metric = SaliencyMetric("sod", weighted=False)
    frame = torch.eye(4)
    for number in range(2 * RECORDS + 3):
        metric.update(frame, frame, "v", [number])
        assert len(metric.records) <= RECORDS
    assert plain(metric)["frames"] == 2 * RECORDS + 3


def test_copies_pickles_and_saved_states_hold_the_same(whole) -> None:
    metric = SaliencyMetric("davsod")
    metric.persistent(True)
    for one in batches():
        metric.update(**one)
    file = io.BytesIO()
    torch.save(metric.state_dict(), file)
    file.seek(0)
    loaded = SaliencyMetric("davsod")
    loaded.persistent(True)
    loaded.load_state_dict(torch.load(file, weights_only=True))
    for other in (copy.deepcopy(metric), pickle.loads(pickle.dumps(metric)), loaded):
        assert same(plain(other), whole["davsod"])
    metric.set_dtype(torch.float16)  # torchmetrics turns every state into this type
    assert same(plain(metric), whole["davsod"])


def test_forward_returns_the_numbers_of_the_batch_and_keeps_all() -> None:
    metric = SaliencyMetric("sod", weighted=False)
    right, wrong = torch.eye(4), 1 - torch.eye(4)
    assert float(metric(right, right, "v")["mae"]) == 0
    assert float(metric(wrong, right, "v")["mae"]) == 1
    assert float(metric.compute()["mae"]) == 0.5
    metric.reset()
    metric.update(right, right)
    assert float(metric.compute()["mae"]) == 0


def test_where_the_order_of_frames_matters_their_numbers_are_asked_for() -> None:
    for metric in (SaliencyMetric("davsod"), SegmentationMetric("all-frames")):
        with pytest.raises(OptionError, match="give it the frames' numbers"):
            metric.update(torch.eye(4), torch.eye(4), "v")
    batch = torch.eye(4).expand(2, 1, 4, 4)
    with pytest.raises(OptionError, match="found 1 videos and no numbers for 2 frames"):
        SaliencyMetric().update(batch, batch, ["v"])


def test_states_of_other_settings_are_refused() -> None:
    other = SaliencyMetric("sod", weighted=False)
    other.update(torch.eye(4), torch.eye(4))
    metric = SaliencyMetric("paper", weighted=False)
    metric.merge_state(other)
    with pytest.raises(OptionError, match=r"'paper'.*'sod'.*do not merge"):
        metric.compute()


def test_a_state_dict_holds_all_of_the_plain_metrics() -> None:
    """What goes through a file, or to another process, merges as if it had been measured here."""
    whole, parts = SaliencyMetrics("davsod"), [SaliencyMetrics("davsod") for _ in range(2)]
    for number, one in enumerate(batches()):
        for i, video in enumerate(one["video"]):
            args = (one["preds"][i : i + 1], one["target"][i : i + 1], video, one["frames"][i:][:1])
            whole.update(*args)
            parts[number % 2].update(*args)
    file = io.BytesIO()
    torch.save(parts[1].state_dict(), file)
    file.seek(0)
    loaded = SaliencyMetrics("davsod")
    loaded.load_state_dict(torch.load(file, weights_only=True))
    parts[0].merge(loaded)
    assert parts[0].compute().max_f == pytest.approx(whole.compute().max_f, abs=1e-12)
    with pytest.raises(OptionError, match="do not merge"):
        SaliencyMetrics().load_state_dict(loaded.state_dict())
    segmentation = SegmentationMetrics("all-frames")
    segmentation.update(torch.eye(4) > 0, torch.eye(4), "v")
    again = SegmentationMetrics("all-frames")
    again.load_state_dict(segmentation.state_dict())
    assert again.compute() == segmentation.compute()


def test_nothing_imports_torchmetrics_unless_asked() -> None:
    code = (
        "import sys, rcrlib.metrics, rcrlib.evaluation, rcrlib.cli\n"
        "print([name for name in sys.modules if name.startswith('torchmetrics')])"
    )
    assert python(code) == "[]"


def test_without_torchmetrics_one_line_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['torchmetrics'] = None\n"
        "from rcrlib.errors import OptionError\n"
        "try: import rcrlib.metrics.torchmetrics\n"
        "except OptionError as error: print(error)"
    )
    assert python(code).endswith("needs it: pip install 'rcrlib[torchmetrics]'")


def python(code: str) -> str:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()
