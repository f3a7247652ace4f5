"""Run the notebooks as tests (nbval) without leaving anything behind."""

import os
import shutil
import tempfile

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Give kernels a temporary folder that ends with the tests: nbval kills them untidied."""
    tempfile.gettempdir()  # remembered from here on: this process itself stays where it is
    folder = tempfile.mkdtemp(prefix="rcr-notebooks-")
    os.environ["TMPDIR"] = folder
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
