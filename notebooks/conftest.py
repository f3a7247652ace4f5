"""Run the notebooks as tests (nbval) without leaving anything behind."""

import os
import shutil
import tempfile
from collections.abc import Iterator

import pytest

collect_ignore = ["instructor"]  # the solutions' cells once more
WANTED = {"solutions": "1", "notebooks": "stubs"}
"""What RCR_STRICT asks of the checks in a folder's notebooks: all passed, or none attempted."""


def pytest_configure(config: pytest.Config) -> None:
    """Return kernels a temporary folder that ends with the tests: nbval kills them untidied."""
    tempfile.gettempdir()  # remembered from here on: this process itself stays where it is
    folder = tempfile.mkdtemp(prefix="rcr-notebooks-")
    os.environ["TMPDIR"] = folder
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Let the kernel that a notebook's first cell starts know what its checks have to say."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RCR_STRICT", WANTED.get(item.path.parent.name, ""))
        return (yield)
