"""Any command, stopped at any moment: run again it gives the same files, and nothing partial stays.

SIGKILL leaves what it leaves until the command runs again; SIGTERM leaves nothing half written.
"""

from __future__ import annotations

import os
import random
import re
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from helpers import archive_server as server
from helpers.fetch_in_process import get_from
from helpers.processes import run_process, start_process
from helpers.published_archives import packed
from helpers.small_runs import known, metrics, small_preset
from rcrlib.cli.main import main
from rcrlib.files import PARTIAL
from rcrlib.signals import raise_signals

EVERYDAY, FULL = 2, 10
"""Moments for each of the five commands."""

NAME = "DAVIS-data.zip"
TRAIN = ("--preset", "smallest", "--steps", 6, "--batch", 2, "--device", "cpu")


SMALL = ("--size", "32", "--device", "cpu")


def rcr(folder: Path, arguments: Sequence[object], url: str) -> None:
    """Be the command `rcr` in a folder of its own; archives come from `url`."""
    folder.mkdir(exist_ok=True)
    os.chdir(folder)

    def get(published: Any, root: Path, **options: Any) -> None:
        get_from(url, root, ())

    with known(small_preset()), patch("rcrlib.data.fetch.get", get), raise_signals():
        begun(folder).touch()
        main([str(argument) for argument in arguments])


def begun(folder: Path) -> Path:
    """Return the file that says that the command has begun: Python and PyTorch are there."""
    return folder.with_suffix(".begun")


def start(folder: Path, arguments: Sequence[object], url: str) -> BaseProcess:
    """Start the command, and return once it has begun."""
    process = start_process(rcr, folder, arguments, url)
    while not begun(folder).exists():
        assert process.is_alive()
        time.sleep(0.002)
    return process


@pytest.fixture(scope="module")
def maps(trained, tmp_path_factory) -> Path:
    """Return the maps of the trained network."""
    out = tmp_path_factory.mktemp("maps") / "maps"
    weights = trained.weights("video")
    main(["predict", str(trained.data), "--weights", str(weights), *SMALL, "-o", str(out)])
    return out


@pytest.fixture
def command(request, trained):
    """Return the command, and the options with which it goes on where it was stopped."""
    name, data = request.param, trained.data
    if name == "train":
        return ("train", "image", data, "--split", "train", "-o", "run", *TRAIN), ("--resume",)
    if name == "pseudo-label":
        fgplg = ("--fgplg", trained.weights("fgplg"), "-l", 5, "-m", 2)
        return ("pseudo-label", data, *fgplg, "-o", "labels"), ("--force",)
    if name == "predict":
        weights = ("--weights", trained.weights("video"))
        return ("predict", data, *weights, *SMALL, "-o", "maps"), ("--force",)
    if name == "eval":
        scored = ("--pred", request.getfixturevalue("maps"), "--gt", data)
        drawn = ("--csv", "scores.csv", "--worst", 2, "-o", "drawn")
        return ("eval", "saliency", *scored, *drawn), ("--force",)
    return ("data", "get", "davis2016", "--root", "sets"), ()


@pytest.mark.parametrize(
    "command", ["train", "pseudo-label", "predict", "eval", "data get"], indirect=True
)
def test_a_command_stopped_at_any_moment_goes_on_to_the_same_files(
    command, trained, tmp_path, full
):
    arguments, again = command
    site = server.Site(files={NAME: packed(trained.data, around="DAVIS")})
    with server.serving(site) as here:
        url = here.url(NAME)
        process = start(tmp_path / "whole", arguments, url)
        before = time.perf_counter()
        process.join()
        duration = time.perf_counter() - before
        assert process.exitcode == 0
        whole = content(tmp_path / "whole")
        for number in range(FULL if full else EVERYDAY):
            folder = tmp_path / str(number)
            sent = (signal.SIGTERM, signal.SIGKILL)[number % 2]
            moment = random.SystemRandom().uniform(0, duration)
            process = start(folder, arguments, url)
            time.sleep(moment)
            with suppress(ProcessLookupError):  # it was through
                os.kill(process.pid, sent)
            process.join(60)
            print(f"{sent.name} after {moment:.2f} of {duration:.2f} s: {process.exitcode}")
            if sent == signal.SIGTERM:
                assert process.exitcode in (0, 143)
                assert partial(folder) == []
            assert run_process(rcr, folder, [*arguments, *again], url) == 0
            assert partial(folder) == []
            assert content(folder) == whole


def partial(folder: Path) -> list[Path]:
    return list(folder.rglob(f"{PARTIAL}*"))


def content(folder: Path) -> dict[str, object]:
    """Return all files byte for byte, but of a run its metrics without their speed.

    Scores are rounded: a sum's last digits depend on where in memory its terms happen to lie.
    """
    files: dict[str, object] = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name not in ("checkpoint.pt", "metrics.jsonl")
    }
    for name in [name for name in files if name.endswith(".csv")]:
        files[name] = re.sub(
            r"\d\.\d+(e-\d+)?",
            lambda found: f"{float(found[0]):.8f}",
            (folder / name).read_text(encoding="utf-8"),
        )
    return files | {
        str(run.parent.name): metrics(run.parent) for run in folder.rglob("metrics.jsonl")
    }
