"""A full disk, a full memory, Ctrl-C, SIGTERM: one line, and nothing half written."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
import torch
from PIL import Image

import rcrlib.predict
import rcrlib.pseudo
from helpers.disks import small_disk
from helpers.processes import start_process
from rcrlib.cli.main import main
from rcrlib.data import SyntheticVideo
from rcrlib.train.progress import Log

RUN = ("--preset", "smallest", "--steps", 3, "--batch", 2, "--device", "cpu")


@pytest.fixture
def disk(tmp_path):
    """Return a disk of 16 KiB, or skip where none can be mounted."""
    with small_disk(tmp_path / "disk", "16k") as folder:
        yield folder


@pytest.mark.parametrize(
    "command",
    [
        "data synth",
        "data show",
        "data label",
        "train image",
        "pseudo-label",
        "predict",
        "weights import",
        "demo",
    ],
)
def test_a_full_disk_is_said_and_leaves_nothing_half_written(refused, trained, disk, command):
    data, weights, out = trained.data, trained.weights, disk / "out"
    arguments = {
        "data synth": (out, "--videos", 2, "--val", 1, "--frames", 9, "--height", 32),
        "data show": (data, "-o", disk / "out.png"),
        "data label": (data / "JPEGImages/480p/synthetic-000", "-o", out),
        "train image": (data, "-o", out, *RUN),
        "pseudo-label": (data, "--fgplg", weights("fgplg"), "-o", out),
        "predict": (data, "--weights", weights("video"), "-o", out),
        "weights import": (weights("image"), disk / "out.safetensors"),
        "demo": ("--data", data, "-o", out, "--steps", 2, "--preset", "smallest"),
    }[command]
    line = refused(*command.split(), *arguments, says=[disk / "out"], leaves="disk")
    assert "No space left on device; free some space and run again" in line
    whole = {"rcr.json", "metrics.jsonl"} if command in ("train image", "demo") else set()
    left = [path for path in disk.rglob("*") if path.is_file() and path.parent.name != "locks"]
    whole |= {"result.json"} if command == "demo" else set()  # of steps that are finished
    assert {path.name for path in left} <= whole


def test_a_write_that_fails_for_want_of_space_names_the_file(
    refused, trained, monkeypatch, tmp_path
):
    """Where nothing can be mounted: the writers fail as they do, without the name of a file."""

    def fail(*arguments, **options):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Image.Image, "save", fail)
    monkeypatch.setattr(torch, "save", fail)
    says = (tmp_path, "No space left on device; free some space")
    weights = ("--weights", trained.weights("video"))
    refused("predict", trained.data, *weights, "-o", "maps", says=[tmp_path / "maps", *says])
    train = ("train", "image", trained.data, "-o", tmp_path / "run", *RUN)
    refused(*train, says=[tmp_path / "run/checkpoint.pt", *says], leaves="run")


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (RuntimeError("CUDA out of memory. Tried to allocate 9 GiB"), ("--batch", "--device cpu")),
        (RuntimeError("[...] DefaultCPUAllocator: not enough memory"), ("--batch", "more of it")),
        (MemoryError(), ("memory is full", "--batch")),
    ],
)
def test_a_full_memory_says_what_to_lower(refused, synthetic, monkeypatch, error, says):
    def fail(*arguments, **options):
        raise error

    monkeypatch.setattr("rcrlib.train.train_image", fail)
    refused("train", "image", synthetic, "-o", "run", says=["the memory is full; try", *says])


def interrupt_at(monkeypatch, owner, name, call, number=signal.SIGINT):
    """Send this process a signal, Ctrl-C's, at the so-and-so-many-th call of a function."""
    function = getattr(owner, name)
    calls = []

    def wrapper(*arguments, **options):
        calls.append(name)
        if len(calls) == call:
            signal.raise_signal(number)
        return function(*arguments, **options)

    monkeypatch.setattr(owner, name, wrapper)


def test_ctrl_c_while_making_videos_leaves_nothing_half(refused, monkeypatch):
    interrupt_at(monkeypatch, SyntheticVideo, "frame", 5)
    size = ("--frames", 9, "--height", 32, "--width", 32)
    refused("data", "synth", "out", *size, says=["out: stopped by Ctrl-C", "nothing is half"])


def test_ctrl_c_while_making_a_data_set_of_a_film_leaves_nothing_half(refused, videos, monkeypatch):
    videos.video("film", labels=(0,))
    frames, labels = (videos.root / "film" / name for name in ("frames", "labels"))
    interrupt_at(monkeypatch, shutil, "copyfile", 3)
    label = ("data", "label", frames, "--labels", labels, "-o", "my-set")
    refused(*label, says=["my-set: stopped by Ctrl-C", "nothing is half"], leaves="my-set")


def test_ctrl_c_while_downloading_ends_in_one_line(refused, monkeypatch):
    interrupt_at(monkeypatch, httpx.Client, "stream", 1)
    get = ("data", "get", "davis2016", "--root", "sets")
    refused(*get, says=["sets: stopped by Ctrl-C", "run the command again"], leaves="sets")


def test_ctrl_c_while_writing_maps_leaves_nothing_half(refused, trained, monkeypatch):
    interrupt_at(monkeypatch, rcrlib.predict.folder, "write_mask", 3)
    predict = ("predict", trained.data, "--weights", trained.weights("video"), "-o", "maps")
    refused(*predict, says=["maps: stopped by Ctrl-C", "run the command again"])


def test_ctrl_c_while_writing_pseudo_labels_leaves_nothing_half(refused, trained, monkeypatch):
    interrupt_at(monkeypatch, rcrlib.pseudo, "write_mask", 2)
    command = ("pseudo-label", trained.data, "--fgplg", trained.weights("fgplg"), "-o", "labels")
    refused(*command, says=["labels: stopped by Ctrl-C", "run the command again"])


@pytest.mark.parametrize("stage", ["image", "fgplg", "video"])
def test_ctrl_c_in_training_ends_the_step_and_resume_goes_on(
    refused, rcr, trained, monkeypatch, tmp_path, stage
):
    train = ("train", stage, trained.data, "-o", "run", *RUN)
    with monkeypatch.context() as patch:
        interrupt_at(patch, Log, "step", 2)
        refused(*train, says=["run: stopped at step 2 of 3; --resume goes on"], leaves="run")
    assert not (tmp_path / "run/model.safetensors").exists()
    assert rcr(*train, "--resume").status == 0
    assert (tmp_path / "run/model.safetensors").exists()


def test_ctrl_c_in_the_demo_and_resume_goes_on(refused, rcr, synthetic, monkeypatch, tmp_path):
    demo = ("demo", "--data", synthetic, "--steps", 2, "--preset", "smallest")
    with monkeypatch.context() as patch:
        interrupt_at(patch, rcrlib.pseudo, "write_mask", 2)
        says = ["rcr-demo: stopped by Ctrl-C", "--resume goes on"]
        refused(*demo, says=says, leaves="rcr-demo")
    assert not (tmp_path / "rcr-demo/pseudo-labels").exists()
    resumed = rcr(*demo, "--resume")
    assert resumed.status == 0
    maps = (tmp_path / "rcr-demo/maps-pseudo").stat().st_ino
    again = rcr(*demo, "--resume")
    assert again.status == 0
    assert (tmp_path / "rcr-demo/maps-pseudo").stat().st_ino == maps
    assert _numbers(again.out) == _numbers(resumed.out)


def _numbers(out: str) -> list[str]:
    return [line for line in out.splitlines() if line.startswith(("(a)", "(b)"))]


def test_ctrl_c_from_outside_ends_in_one_line(tmp_path):
    """The process itself, a real SIGINT, at whatever it does while it makes the demo's videos."""
    root = str(Path(rcrlib.__file__).parents[1])
    process = subprocess.Popen(
        [sys.executable, "-m", "rcrlib", "demo"], cwd=tmp_path, stderr=subprocess.PIPE, text=True,
        stdout=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": root},
    )  # fmt: skip
    deadline = time.monotonic() + 120
    while not any(tmp_path.rglob("*.jpg")) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert (
        said == "rcr: rcr-demo: stopped by Ctrl-C, and nothing is half written; --resume goes on\n"
    )
    assert process.returncode == 2
    left = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    assert left <= {"rcr.json", "data.lock"}


def test_a_termination_from_outside_ends_as_ctrl_c_does(tmp_path):
    """As `timeout` sends it: to the process and to its group, so twice."""
    process = start_process(_demo, tmp_path)
    deadline = time.monotonic() + 120
    while not any(tmp_path.rglob("*.jpg")) and time.monotonic() < deadline:
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGTERM)
    os.killpg(process.pid, signal.SIGTERM)
    process.join(60)
    said = (tmp_path / "said").read_text()
    ending = "stopped by SIGTERM, and nothing is half written; --resume goes on\n"
    assert said == f"rcr: rcr-demo: {ending}"
    assert process.exitcode == 143
    left = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    assert left <= {"rcr.json", "data.lock", "said"}


def _demo(folder: Path) -> None:
    os.setsid()
    os.chdir(folder)
    with Path("said").open("w") as said, contextlib.redirect_stderr(said):
        main(["demo"])


def test_a_termination_in_training_keeps_a_checkpoint_and_its_status(
    rcr, trained, monkeypatch, tmp_path
):
    train = ("train", "image", trained.data, "-o", "run", *RUN)
    with monkeypatch.context() as patch:
        interrupt_at(patch, Log, "step", 2, signal.SIGTERM)
        ended = rcr(*train)
    assert ended.status == 143
    assert ended.err == "rcr: run: stopped at step 2 of 3; --resume goes on\n"
    assert rcr(*train, "--resume").status == 0
    assert (tmp_path / "run/model.safetensors").exists()


def test_a_reader_that_has_enough_of_the_output_is_no_error(tmp_path):
    """`rcr demo --help | head -1`."""
    reading, writing = os.pipe()
    os.close(reading)
    root = str(Path(rcrlib.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-m", "rcrlib", "demo", "--help"], stdout=writing, text=True, cwd=tmp_path,
        stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": root},
    )  # fmt: skip
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_broken_video_file_makes_no_noise_of_other_libraries(tmp_path):
    """OpenCV and FFmpeg write to stderr past Python, so this needs a process of its own."""
    (tmp_path / "film.mp4").write_bytes(b"no video" * 99)
    root = str(Path(rcrlib.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-m", "rcrlib", "data", "show", "film.mp4"], cwd=tmp_path, text=True,
        capture_output=True, env={**os.environ, "PYTHONPATH": root},
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("rcr: film.mp4: cannot be opened as a video")
