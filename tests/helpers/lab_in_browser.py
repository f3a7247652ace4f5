"""A JupyterLab with a copy of the notebooks, and a headless Chromium that looks at it."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

SECONDS = 600
"""For anything that is waited for: a whole notebook on a machine with other work to do."""

SETTINGS = {
    # Draw all cells, also those that are out of sight.
    "notebook-extension/tracker": {"windowingMode": "none"},
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}


def wait(what: str, found: Callable[[], Any], seconds: float = SECONDS) -> Any:
    """Ask until the answer is true, and give it."""
    deadline = time.monotonic() + seconds
    while not (answer := found()):
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(0.1)
    return answer


def programs() -> tuple[str, str]:
    """Return the paths of Chromium and its driver, or skip (fail where they are required)."""
    names = ("chromium", "chromium-browser", "google-chrome")
    browser = next(filter(None, map(shutil.which, names)), None)
    driver = shutil.which("chromedriver")
    if browser is None or driver is None:
        reason = "needs Chromium and its driver: apt-get install chromium chromium-driver"
        if os.environ.get("RCR_REQUIRE_CHROMIUM") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return browser, driver


@contextmanager
def server(notebooks: Path, folder: Path) -> Iterator[tuple[str, str]]:
    """Run JupyterLab with the notebooks of a folder; give its address and its token.

    Args:
        notebooks: the folder that it shows.
        folder: for all that it and its kernels write.
    """
    for name, settings in SETTINGS.items():
        file = folder / f"settings/@jupyterlab/{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(settings), encoding="utf-8")
    token = secrets.token_hex(16)
    (folder / "tmp").mkdir()
    own = {
        "JUPYTER_TOKEN": token,
        "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "IPYTHONDIR": str(folder / "ipython"),
        "TMPDIR": str(folder / "tmp"),
    }
    kept = {name: text for name, text in os.environ.items() if name != "RCR_STRICT"}
    words = [
        "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={_port()}",
        f"--ServerApp.root_dir={notebooks}", "--LabApp.expose_app_in_browser=True",
    ]  # fmt: skip
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, *words], env={**kept, **own}, stdout=log, stderr=log,
            stdin=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        try:
            # It says there where it really listens: somebody may have taken the port meanwhile.
            said = folder / f"runtime/jpserver-{process.pid}.json"
            wait("JupyterLab's start", lambda: said.exists() or process.poll() is not None)
            log.flush()
            assert process.poll() is None, (folder / "server.log").read_text()
            yield wait("JupyterLab's address", lambda: _address(said)), token
        finally:
            _stop(process)


def _port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _address(file: Path) -> str | None:
    try:
        return str(json.loads(file.read_text(encoding="utf-8"))["url"])
    except ValueError:  # it is writing
        return None


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the server; it ends its kernels, and kernels end themselves when it is gone."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(60)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextmanager
def browser(folder: Path) -> Iterator[Chrome]:
    """Run a headless Chromium whose profile lies in a folder."""
    from selenium.webdriver import Chrome, ChromeOptions
    from selenium.webdriver.chrome.service import Service

    program, driver = programs()
    options = ChromeOptions()
    options.binary_location = program
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    for word in (
        "headless=new", "no-sandbox", "disable-dev-shm-usage", "window-size=1300,2000",
        "disable-gpu", f"user-data-dir={folder}",
    ):  # fmt: skip
        options.add_argument(f"--{word}")
    chrome = Chrome(options=options, service=Service(driver))
    try:
        yield chrome
    finally:
        chrome.quit()
