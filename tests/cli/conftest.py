"""The command `rcr`, called in this process, and small data to call it on."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest

from helpers.small_runs import known, one_thread, small_preset
from rcrlib.cli.main import main

SIZE = (24, 32)
TRAIN = ("--preset", "smallest", "--steps", "2", "--batch", "2", "--device", "cpu")


@dataclass(frozen=True)
class Ended:
    """How a command ended and what it said."""

    status: object
    out: str
    err: str


Rcr = Callable[..., Ended]
Refused = Callable[..., str]


@pytest.fixture
def rcr(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Rcr:
    """Return the command; it runs in `tmp_path` and knows `--preset smallest`, for quick runs.

    On one thread: tensors as small as these only wait for more of them.
    """
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object) -> Ended:
        capsys.readouterr()
        status: object = 0
        try:
            with one_thread(), known(small_preset()):
                main([str(argument) for argument in arguments])
        except SystemExit as end:
            status = end.code
        captured = capsys.readouterr()
        return Ended(status, captured.out, captured.err)

    return run


@pytest.fixture
def refused(rcr: Rcr, tmp_path: Path) -> Refused:
    """Return the command, for calls that must end in one line on stderr, status 2 and no trace.

    `says`: what the line must contain. `leaves`: the one folder that may be new or changed
    afterwards, as a run that can be resumed is; but nothing in it may be half written.
    """

    def run(*arguments: object, says: Sequence[object], leaves: str = "-") -> str:
        before = _tree(tmp_path)
        ended = rcr(*arguments)
        line = ended.err.removesuffix("\n")
        print(f"$ rcr {' '.join(map(str, arguments))}\n{line}")
        assert ended.status == 2
        assert line.startswith("rcr: ")
        assert "\n" not in line
        assert "Traceback" not in ended.out
        for words in says:
            assert str(words) in line
        after = _tree(tmp_path)
        changed = {name for name in before | after if before.get(name) != after.get(name)}
        assert [name for name in changed if Path(name).parts[0] != leaves] == []
        assert [name for name in changed if Path(name).name.startswith(".")] == []
        return line

    return run


def _tree(root: Path) -> dict[str, str]:
    """Return the digest of every file below `root`, hidden ones too; and every folder."""
    return {
        str(path.relative_to(root)): (
            hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"
        )
        for path in root.rglob("*")
    }


class VideoSet:
    """Writes a set of videos SET/VIDEO/{frames,labels}; a square moves to the right."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def video(self, name: str, frames: int = 11, labels: Sequence[int] | None = None) -> Path:
        """Write a video; by default every frame is labelled."""
        for index in range(frames):
            pixels = np.full((*SIZE, 3), 60, np.uint8)
            pixels[8:16, index : index + 8] = 200, 180, 60
            self.image(f"{name}/frames/{index:05d}.png", pixels)
        for index in range(frames) if labels is None else labels:
            self.mask(f"{name}/labels/{index:05d}.png", index)
        return self.root / name

    def mask(self, name: str, index: int = 0, size: tuple[int, int] = SIZE) -> Path:
        mask = np.zeros(size, np.uint8)
        mask[8:16, index : index + 8] = 255
        return self.image(name, mask)

    def image(self, name: str, pixels: np.ndarray) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        # OpenCV itself ends the process at a name that is not UTF-8, so it never sees one.
        path.write_bytes(cv2.imencode(path.suffix, pixels)[1].tobytes())
        return path


@pytest.fixture
def videos(tmp_path: Path) -> VideoSet:
    """Return a writer of videos into `tmp_path/set`."""
    return VideoSet(tmp_path / "set")


@dataclass(frozen=True)
class Trained:
    """A data set and what every stage of the method made of it, all through the command."""

    root: Path

    @property
    def data(self) -> Path:
        """Four synthetic videos of 11 frames in DAVIS' layout; one is for validation."""
        return self.root / "set"

    @property
    def pseudo(self) -> Path:
        return self.root / "pseudo"

    def weights(self, stage: str) -> Path:
        return self.root / stage / "model.safetensors"


@pytest.fixture(scope="session")
def synthetic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a small synthetic set, made by the command."""
    root = tmp_path_factory.mktemp("synthetic")
    size = ("--height", "48", "--width", "64")
    main(["data", "synth", f"{root}/set", "--videos", "4", "--val", "1", "--frames", "11", *size])
    return root / "set"


@pytest.fixture(scope="session")
def trained(synthetic: Path) -> Trained:
    """Run the four commands of the method, one after another."""
    with one_thread(), known(small_preset()):
        return _train(synthetic)


def _train(synthetic: Path) -> Trained:
    root = synthetic.parent
    data = (str(synthetic), "--split", "train")
    start = ("--start", f"{root}/image/model.safetensors")
    fgplg = ("--fgplg", f"{root}/fgplg/model.safetensors")
    main(["train", "image", *data, "-o", f"{root}/image", *TRAIN])
    main(["train", "fgplg", *data, "-o", f"{root}/fgplg", *start, "-l", "5", *TRAIN])
    main(["pseudo-label", *data, "-o", f"{root}/pseudo", *fgplg, "-l", "5", "-m", "2"])
    labels = ("--labels", f"{root}/pseudo")
    main(["train", "video", *data, "-o", f"{root}/video", *start, *labels, *TRAIN])
    return Trained(root)
