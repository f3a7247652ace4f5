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
import torch, torchvision
def seconds():
    return time.process_time()
start = seconds()
import rcrlib
package = seconds() - start
import rcrlib.models, rcrlib.data, rcrlib.flow, rcrlib.metrics, rcrlib.show
rooms = seconds() - start
print(json.dumps({"package": package, "rooms": rooms, "modules": list(sys.modules)}))
"""
RUNS = 3
AT_MOST = 0.5
"""Seconds beyond `import torch, torchvision`."""

HEAVY = ("ptlflow", "lightning", "jupyter", "IPython", "ipywidgets", "matplotlib", "click")


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
    """Time of the processor: what else runs on the machine does not count."""
    package, rooms = (median(run[what] for run in runs) for what in ("package", "rooms"))
    print(f"beyond torch and torchvision: rcrlib {package:.4f} s, all its rooms {rooms:.2f} s")
    assert package <= AT_MOST
    assert rooms <= 2 * AT_MOST  # most of it is OpenCV's


def test_importing_leaves_heavy_packages_alone(runs):
    found = {name.split(".")[0] for name in runs[0]["modules"]}
    assert {name for name in found if name.startswith(HEAVY)} == set()


def test_the_command_does_not_wait_for_torch_before_it_is_asked_to():
    """`rcr --help` answers at once."""
    found = python("import sys, rcrlib.cli; print(*sys.modules)").split()
    assert {"torch", "numpy", "cv2"} & set(found) == set()
