"""A process that is killed while it gets a data set leaves nothing that is trusted wrongly."""

from __future__ import annotations

import hashlib
import random
import time

import numpy as np
import pytest

from helpers import archive_server as server
from helpers.fetch_in_process import get_from
from helpers.processes import run_process, start_process
from helpers.published_archives import packed
from rcrlib.data.fetch import find_set

EVERYDAY, FULL = 3, 20
NAME = "DAVIS-data.zip"


@pytest.fixture
def content(mini):
    """A data set of 240 files and 0.6 MB, so that unpacking takes time too."""
    noise = np.random.default_rng(0)
    for index in range(120):
        mini.image(
            f"JPEGImages/480p/bear/{index:05d}.png", noise.integers(0, 256, (40, 40, 3), np.uint8)
        )
        mini.mask(f"Annotations/480p/bear/{index:05d}.png", size=(40, 40))
    return packed(mini.root, around="DAVIS")


def files(root):
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("published", [True, False], ids=["checksum", "no checksum"])
def test_kills_at_any_moment_leave_a_set_that_can_be_finished(content, tmp_path, full, published):
    checksums = (f"sha256:{hashlib.sha256(content).hexdigest()}",) if published else ()
    pause = 0.4 / (len(content) / 4096)
    with server.serving(server.Site(files={NAME: content}, pause=pause)) as site:
        url = site.url(NAME)
        run_process(find_set, "davis2016")  # the first process takes long to start
        start = time.perf_counter()
        assert run_process(get_from, url, tmp_path / "whole", checksums) == 0
        duration = time.perf_counter() - start
        whole = files(tmp_path / "whole")
        assert len(whole) == 241
        moments = random.Random(0)
        for number in range(FULL if full else EVERYDAY):
            root = tmp_path / f"killed-{number}"
            process = start_process(get_from, url, root, checksums)
            time.sleep(moments.uniform(0, duration))
            process.kill()
            process.join()
            _nothing_wrong_has_a_good_name(root, whole, content)
            assert run_process(get_from, url, root, checksums) == 0
            assert files(root) == whole, f"kill {number}"
            assert [path.name for path in root.iterdir()] == ["DAVIS2016"]


def _nothing_wrong_has_a_good_name(root, whole, content):
    if (root / "DAVIS2016").exists():
        kept = {name: data for name, data in files(root).items() if name.startswith("DAVIS2016/")}
        assert kept == whole
    if (root / "downloads" / NAME).exists():
        assert (root / "downloads" / NAME).read_bytes() == content


def test_a_killed_download_goes_on_where_it_was(content, tmp_path):
    with server.serving(server.Site(files={NAME: content}, pause=0.02)) as site:
        process = start_process(get_from, site.url(NAME), tmp_path, ())
        part = tmp_path / "downloads" / f"{NAME}.part"
        deadline = time.monotonic() + 60
        while not (part.is_file() and part.stat().st_size > len(content) / 4):
            assert time.monotonic() < deadline
            time.sleep(0.005)
        process.kill()
        process.join()
        there = part.stat().st_size
        site.pause = 0
        assert run_process(get_from, site.url(NAME), tmp_path, ()) == 0
        assert site.requests[-1][1] == f"bytes={there}-"
