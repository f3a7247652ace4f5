"""Which step a process takes next where several share a grid."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import SimpleNamespace
from typing import Any, cast

import pytest

from rcrlib.experiments.lab import RESULT, Lab
from rcrlib.experiments.runner import run_steps
from rcrlib.lock import file_lock

pytestmark = pytest.mark.usefixtures("one_thread")

ran: list[str] = []
said: list[str] = []


@dataclass(frozen=True)
class Named:
    """A step that does nothing but say that it was run."""

    name: str
    needs: tuple[Named, ...] = ()

    @property
    def folder(self) -> PurePosixPath:
        return PurePosixPath(self.name)

    def weight(self, lab: Lab) -> int:
        return 1

    def run(self, lab: Lab, folder: Path) -> dict[str, Any]:
        ran.append(self.name)
        folder.mkdir()
        return {}


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    ran.clear()
    said.clear()
    config = SimpleNamespace(name="table2", command=lambda: "rcr", device="cpu", fixed=dict)
    return cast(Lab, SimpleNamespace(
        out=tmp_path, config=config,
        finished=lambda step: (tmp_path / step.folder / RESULT).is_file(),
    ))  # fmt: skip


def test_a_step_that_another_process_is_at_is_left_for_later(lab: Lab):
    image = Named("image")
    steps = [Named("cell", (image,)), Named("other")]

    with file_lock(lab.out / "locks" / "image.lock"):
        worker = threading.Thread(target=run_steps, args=(lab, steps, said.append))
        worker.start()
        deadline = time.monotonic() + 30
        while "image: another rcr is at it; waiting" not in said:
            assert time.monotonic() < deadline
            time.sleep(0.01)
    worker.join(30)
    assert ran == ["other", "image", "cell"]


def test_a_step_that_another_process_has_finished_meanwhile_is_not_run_again(lab: Lab):
    def finish_the_second(line: str) -> None:
        (lab.out / "second").mkdir(exist_ok=True)
        (lab.out / "second" / RESULT).write_text("{}")

    run_steps(lab, [Named("first"), Named("second")], finish_the_second)
    assert ran == ["first"]
