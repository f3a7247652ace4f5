"""A machine like Colab's: packages already loaded, a checkout at the network's address."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from helpers.course_notebooks import ROOT
from rcrlib.course.building.build import SOURCES
from rcrlib.course.building.head import Address, read_address

GIGABYTES = 12
"""Free space that making an environment asks for: 7 stay, and wheels are unpacked beside it."""

KERNEL = '{"argv": ["PYTHON", "-m", "ipykernel_launcher", "-f", "{connection_file}"],\
 "display_name": "loaded", "language": "python"}'


@dataclass(frozen=True)
class Loaded:
    """What such a machine has before anybody opens a notebook."""

    python: str
    """Its version, such as 3.10."""

    packages: tuple[str, ...]
    """What the set-up cell must not touch: torch, torchvision, numpy, OpenCV."""

    jupyter: tuple[str, ...] = ("ipykernel", "ipython", "ipywidgets")

    def names(self) -> list[str]:
        return [package.split("==")[0] for package in self.packages]


# Exactly what pyproject.toml's lower bounds name; a test holds the two against each other. Jupyter
# as Colab has had it for years.
OLDEST = Loaded(
    "3.10",
    ("torch==2.4.0", "torchvision==0.19.0", "numpy==1.26.0", "opencv-python==4.8.0.74"),
    ("ipykernel==6.17.1", "ipython==7.34.0", "ipywidgets==7.7.1"),
)
NEWEST = Loaded("3.13", ("torch", "torchvision", "numpy", "opencv-python"))


def interpreter(version: str) -> str | None:
    """Find a Python that runs, on the PATH or among pyenv's."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    places = [shutil.which(f"python{version}"), *pyenv.glob(f"versions/{version}.*/bin/python")]
    for place in filter(None, places):
        if subprocess.run([place, "--version"], capture_output=True).returncode == 0:
            return str(place)
    return None


@dataclass
class Machine:
    """A virtual environment in a folder, which pretends to be one of Colab's machines."""

    folder: Path
    environment: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.environment = {
            name: value
            for name, value in os.environ.items()
            # a library of the test's own, and options of its own pytest, are not on that machine
            if not name.startswith(("PYTHONPATH", "PYTEST", "RCR_", "JUPYTER"))
        }
        address = read_address(ROOT / SOURCES)
        self.environment |= {
            "COLAB_RELEASE_TAG": "release-colab-rehearsed",
            "PIP_NO_CACHE_DIR": "1",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "JUPYTER_PATH": str(self.folder / "share/jupyter"),
            # git finds the checkout where the set-up cell says github.com: no byte of it changes
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"url.{self._published(address).as_uri()}.insteadOf",
            "GIT_CONFIG_VALUE_0": f"https://github.com/{address.repo}",
        }

    @property
    def python(self) -> str:
        return str(self.folder / "venv/bin/python")

    def load(self, loaded: Loaded, base: str) -> None:
        """Make the environment; its kernel is called `loaded`."""
        self._run(base, "-m", "venv", str(self.folder / "venv"))
        self._run(self.python, "-m", "pip", "install", "-q", "--no-compile", *loaded.packages)
        self._run(self.python, "-m", "pip", "install", "-q", *loaded.jupyter)
        kernel = self.folder / "share/jupyter/kernels/loaded"
        kernel.mkdir(parents=True)
        (kernel / "kernel.json").write_text(KERNEL.replace("PYTHON", self.python))

    def frozen(self) -> dict[str, str]:
        """Return what is installed, by name, as `pip freeze` writes it."""
        lines = self._run(self.python, "-m", "pip", "freeze").splitlines()
        return {line.replace(" @ ", "==").split("==")[0].lower(): line for line in lines}

    def run_cell(self, code: str) -> str:
        """Run a cell in a process of the environment; give what it printed."""
        return self._run(self.python, "-c", code)

    def run_all(self, notebooks: list[Path]) -> str:
        """Run notebooks on the environment's kernel as the README's test line runs them."""
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        command += ["--nbval-kernel-name", "loaded", *(str(path) for path in notebooks)]
        return self._run(*command, folder=ROOT)

    def _published(self, address: Address) -> Path:
        """Commit the checkout's files as they are now to a repository of their own."""
        clone = self.folder / "published"
        tracked = ["git", "-C", str(ROOT), "ls-files", "-z", "-co", "--exclude-standard"]
        listed = subprocess.run(tracked, capture_output=True, text=True, check=True)
        for name in filter(None, listed.stdout.split("\0")):
            if (ROOT / name).is_file():
                (clone / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, clone / name)
        git = ["git", "-C", str(clone), "-c", "user.name=test", "-c", "user.email=test@localhost"]
        for arguments in (
            ["init", "-q"],
            ["checkout", "-q", "-B", address.ref],
            ["add", "-A"],
            ["commit", "-q", "-m", "as it is now"],
        ):
            subprocess.run([*git, *arguments], check=True, capture_output=True)
        return clone

    def _run(self, *command: str, folder: Path | None = None) -> str:
        """Run a command where no checkout lies around to be imported by chance."""
        done = subprocess.run(
            command, cwd=folder or self.folder, env=self.environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        assert done.returncode == 0, f"{' '.join(command)[:300]}\n{done.stdout[-6000:]}"
        return done.stdout
