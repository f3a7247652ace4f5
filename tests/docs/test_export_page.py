"""docs/export.md: its commands and examples run, and do what it says."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
import pytest

from helpers.films import write_film
from rcrlib import Saliency
from rcrlib.cli.main import main

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "export.md"
TEXT = PAGE.read_text(encoding="utf-8")
FILM, PROGRAM = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
COMMANDS = dict(re.findall(r"^rcr (weights export .*-o (model\.\w+))", TEXT, re.MULTILINE))
SMALL = ("--size", "64")

pytestmark = pytest.mark.usefixtures("one_thread")


def command_for(name: str) -> list[str]:
    (line,) = (line for line, out in COMMANDS.items() if out == name)
    return shlex.split(line)


def run(code: str) -> dict[str, object]:
    names: dict[str, object] = {"__name__": "example"}
    exec(compile(code, PAGE.name, "exec"), names)
    return names


def moving_disk(count: int) -> list[np.ndarray]:
    frames = [np.full((96, 128, 3), 90, np.uint8) for _ in range(count)]
    for index, frame in enumerate(frames):
        cv2.circle(frame, (30 + 6 * index, 48), 20, (200, 150, 30), -1)
    return frames


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return what the page's first command writes, but at 64 pixels."""
    folder = tmp_path_factory.mktemp("page")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        main([*command_for("model.onnx"), *SMALL])
    return folder / "model.onnx"


@pytest.mark.parametrize(
    ("count", "in_one_clip"), [(3, ()), (8, range(8)), (10, (0, 1, 2, 3, 4, 5, 8, 9))]
)
def test_the_example_makes_the_maps_of_predict(count, in_one_clip, model, tmp_path, monkeypatch):
    """Where a frame is in two clips, predict takes the mean; of three frames it makes no four."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.onnx").symlink_to(model)
    write_film(tmp_path / "film.mp4", moving_disk(count))
    run(FILM)
    found = [cv2.imread(f"{number:05d}.png", cv2.IMREAD_UNCHANGED) for number in range(count)]
    assert all(each.shape == (96, 128) for each in found)
    maps = list(Saliency(clip=4, size=64, device="cpu", precision="32").video("film.mp4"))
    assert np.ptp(maps) > 0.3  # it sees the disk
    for number in in_one_clip:
        np.testing.assert_allclose(found[number] / 255, maps[number], atol=3 / 255)


def test_the_packages_licence_is_in_the_file(model):
    said = onnxruntime.InferenceSession(model).get_modelmeta().custom_metadata_map
    assert said["licence"] == "CC BY-NC 4.0"
    assert all(f"`{name}`" in TEXT for name in said if name != "rcrlib")


def test_the_example_of_torch_export_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    main(command_for("model.pt2"))
    assert run(PROGRAM)["saliency"].shape == (1, 2, 1, 180, 320)


def test_the_page_is_one_screen_and_the_readme_leads_to_it():
    assert len(FILM.splitlines()) <= 20
    assert "(docs/export.md)" in (ROOT / "README.md").read_text(encoding="utf-8")
    for link in re.findall(r"\]\(((?!https:)[^)#]+)", TEXT):
        assert (PAGE.parent / link).is_file()
