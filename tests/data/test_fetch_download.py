"""A server that does everything wrong, and the right file or one line in the end."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile

import numpy as np
import pytest
from tqdm import tqdm

from helpers import archive_server as server
from rcrlib.data.fetch import Archive, download
from rcrlib.data.fetch.transfer import RetryPolicy
from rcrlib.errors import DataError

QUICK = RetryPolicy(attempts=4, connect_timeout=2, read_timeout=0.5, backoff=0.01)


def make_zip(size: int = 40_000) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("a.jpg", np.random.default_rng(0).bytes(size))
    return buffer.getvalue()


CONTENT = make_zip()
SHA256 = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"
MD5 = f"md5:{hashlib.md5(CONTENT).hexdigest()}"


@pytest.fixture
def site():
    with server.serving(server.Site(CONTENT)) as site:
        yield site


def archive(*mirrors: str, checksums: tuple[str, ...] = (SHA256,), size: int | None = None):
    return Archive("set.zip", mirrors, ("*",), checksums=checksums, size=size)


def get(tmp_path, *mirrors, **published):
    return download(archive(*mirrors, **published), tmp_path / "d", policy=QUICK)


def names(tmp_path):
    folder = tmp_path / "d"
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


each_kind_of_trust = pytest.mark.parametrize("checksums", [(SHA256,), ()], ids=["sum", "no sum"])


@each_kind_of_trust
@pytest.mark.parametrize(
    "behaviours",
    [
        (server.truncates, server.good),
        (server.truncates, server.truncates, server.good),
        (server.resets, server.good),
        (server.stalls, server.good),
        (server.status(429, Retry_After="0"), server.good),
        (server.status(500), server.status(503), server.good),
        (server.truncates, server.status(416), server.good),
        (server.truncates, server.ignores_ranges),
        (server.truncates, server.wrong_part, server.good),
        (server.wrong_bytes, server.good),
        (server.web_page, server.good),
        (server.too_short, server.good),
        (server.too_long,),
        (server.no_length,),
        (server.truncates, server.status(500), server.resets, server.good),
    ],
    ids=lambda behaviours: "+".join(getattr(b, "__name__", "status") for b in behaviours),
)
def test_a_server_that_misbehaves_for_a_while_is_asked_again(site, tmp_path, behaviours, checksums):
    site.behaviours = list(behaviours)
    path = get(tmp_path, site.url(), checksums=checksums)
    assert path.read_bytes() == CONTENT
    assert names(tmp_path) == ["set.zip"]


@pytest.mark.parametrize(
    ("behaviour", "says"),
    [
        (server.truncates, "broke off"),
        (server.resets, "connection lost"),
        (server.stalls, "stalled"),
        (server.trickles, "too slow"),
        (server.status(404), "404"),
        (server.status(403), "403"),
        (server.status(416), "416"),
        (server.status(429, Retry_After="0"), "429"),
        (server.status(500), "500"),
        (server.wrong_bytes, "checksum is not a published one"),
        (server.web_page, "checksum"),
        (server.too_short, "checksum"),
        (server.redirects, "redirects in a circle"),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_a_server_that_never_behaves_ends_in_one_line(site, tmp_path, behaviour, says):
    site.behaviours = [behaviour]
    with pytest.raises(DataError, match=says) as raised:
        get(tmp_path, site.url())
    assert "\n" not in str(raised.value)
    assert "--archive" in str(raised.value)
    assert "set.zip" not in names(tmp_path)


def test_a_web_page_is_no_archive_even_where_no_checksum_is_published(site, tmp_path):
    site.behaviours = [server.web_page]
    with pytest.raises(DataError, match="is a web page, no archive"):
        get(tmp_path, site.url(), checksums=())
    assert "set.zip" not in names(tmp_path)


def test_a_server_that_does_not_listen_ends_in_one_line(tmp_path):
    with pytest.raises(DataError, match="connection refused"):
        get(tmp_path, "http://127.0.0.1:9/set.zip")


def test_the_next_mirror_is_asked_and_a_missing_file_is_asked_for_once(site, tmp_path):
    with server.serving(server.Site(CONTENT, [server.status(404)])) as dead:
        assert get(tmp_path, dead.url(), site.url()).read_bytes() == CONTENT
        assert len(dead.requests) == 1


def test_a_mirror_with_another_file_is_passed_over(site, tmp_path):
    with server.serving(server.Site(make_zip(50_000))) as other:
        assert get(tmp_path, other.url(), site.url()).read_bytes() == CONTENT


def test_either_of_two_published_checksums_will_do(site, tmp_path):
    old = "md5:" + 32 * "0"
    assert get(tmp_path, site.url(), checksums=(old, MD5)).is_file()


def test_a_checksum_of_which_only_the_beginning_is_known_is_compared(site, tmp_path):
    assert get(tmp_path, site.url(), checksums=(SHA256[:15],)).is_file()
    with pytest.raises(DataError, match="checksum"):
        get(tmp_path / "other", site.url(), checksums=("sha256:00000000",))


def test_a_file_of_another_size_than_published_is_refused(site, tmp_path):
    with pytest.raises(DataError, match=f"has {len(CONTENT)} bytes, published are 7"):
        get(tmp_path, site.url(), checksums=(), size=7)


def test_what_came_before_a_failure_is_not_asked_for_again(site, tmp_path):
    site.behaviours = [server.truncates, server.status(404), server.good]
    with pytest.raises(DataError):
        get(tmp_path, site.url())
    assert get(tmp_path, site.url()).read_bytes() == CONTENT
    assert site.requests[-1][1] == f"bytes={len(CONTENT) // 2}-"


@each_kind_of_trust
def test_a_file_that_was_replaced_meanwhile_is_not_continued(site, tmp_path, checksums):
    site.behaviours = [server.truncates, server.status(404), server.good]
    with pytest.raises(DataError):
        get(tmp_path, site.url(), checksums=checksums)
    site.content, site.tag = make_zip(41_000), '"two"'
    new = (f"sha256:{hashlib.sha256(site.content).hexdigest()}",) if checksums else ()
    assert get(tmp_path, site.url(), checksums=new).read_bytes() == site.content


def test_without_a_tag_the_rest_is_taken_where_the_size_is_the_same(site, tmp_path):
    site.tag = ""
    site.behaviours = [server.truncates, server.good]
    assert get(tmp_path, site.url(), checksums=()).read_bytes() == CONTENT
    assert site.requests[-1][1] is not None


def test_a_second_call_asks_nobody(site, tmp_path):
    get(tmp_path, site.url())
    asked = len(site.requests)
    get(tmp_path, site.url())
    assert len(site.requests) == asked


def test_a_file_that_went_bad_on_the_disk_is_fetched_again(site, tmp_path):
    path = get(tmp_path, site.url())
    path.write_bytes(CONTENT[:-1])
    assert get(tmp_path, site.url()).read_bytes() == CONTENT


def test_progress_shows_amounts_speed_and_time_left(site, tmp_path, monkeypatch):
    shown = io.StringIO()
    options = {
        "disable": False,
        "file": shown,
        "mininterval": 0,
        "dynamic_ncols": False,
        "ncols": 99,
    }

    class Bar(tqdm):
        def __init__(self, **given):
            super().__init__(**{**given, **options})

    monkeypatch.setattr("rcrlib.data.fetch.mirrors.tqdm", Bar)
    site.pause = 0.02
    get(tmp_path, site.url())
    assert re.search(r"set\.zip: +\d+%.*40\.1k.*\[\d+:\d+<\d+:\d+, .*B/s\]", shown.getvalue())


def test_a_disk_without_room_is_said_before_anything_comes(site, tmp_path, monkeypatch):
    usage = type("Usage", (), {"free": 10_000})
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage)
    with pytest.raises(DataError, match=r"set\.zip needs 40 kB more, 10 kB are free"):
        get(tmp_path, site.url())
