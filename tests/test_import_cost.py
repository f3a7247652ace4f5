"""What importing the library costs, and what it leaves alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median

import pytest

import rcrlib

MEASURE = """
import json, sys, time
started = time.process_time()
import torch, torchvision
beside = time.process_time() - started
import rcrlib
package = time.process_time() - started - beside
import rcrlib.models, rcrlib.data, rcrlib.flow, rcrlib.metrics, rcrlib.show
rooms = time.process_time() - started - beside
modules = list(sys.modules)
print(json.dumps({"package": package / beside, "rooms": rooms / beside, "modules": modules}))
"""
RUNS = 3

HEAVY = ("scipy", "ptlflow", "lightning", "jupyter", "IPython", "ipywidgets", "matplotlib", "click")


def python(code: str) -> str:
    """Run code in a fresh Python that finds this package."""
    env = {**os.environ, "PYTHONPATH": str(Path(rcrlib.__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.fixture(scope="module")
def runs():
    return [json.loads(python(MEASURE)) for _ in range(RUNS)]


def test_importing_costs_little_beside_torch(runs):
    """As a share of what torch and torchvision take in the same process, however slow it is."""
    package, rooms = (median(run[what] for run in runs) for what in ("package", "rooms"))
    print(f"beside torch and torchvision: rcrlib {package:.1%}, with all its rooms {rooms:.0%}")
    assert package <= 0.02
    assert rooms <= 0.15  # most of it is OpenCV's


def test_importing_leaves_heavy_packages_alone(runs):
    found = {name.split(".")[0] for name in runs[0]["modules"]}
    assert {name for name in found if name.startswith(HEAVY)} == set()


def test_the_command_does_not_wait_for_torch_before_it_is_asked_to():
    """`rcr --help` answers at once."""
    found = python("import sys, rcrlib.cli; print(*sys.modules)").split()
    assert {"torch", "numpy", "cv2"} & set(found) == set()
