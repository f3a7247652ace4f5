"""One HTTP request for a file or the rest of it, and everything that can go wrong with it.

`httpx` speaks HTTP; this module decides when a download may be resumed.
"""

from __future__ import annotations

import json
import re
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import httpx

from rcrlib.errors import RcrError

HEADERS = {"User-Agent": "rcrlib (data set download)", "Accept-Encoding": "identity"}
MAX_WAIT = 60.0


@dataclass(frozen=True)
class RetryPolicy:
    """How long to wait and how often to try.

    Attributes:
        attempts: per mirror, of those in a row that bring less than a megabyte.
        connect_timeout: seconds until a server must answer.
        read_timeout: seconds without a byte after which a connection counts as dead.
        backoff: seconds before the second attempt; doubled before each further one.
    """

    attempts: int = 5
    connect_timeout: float = 15
    read_timeout: float = 30
    backoff: float = 1


class DownloadError(RcrError):
    """An attempt to download a file that failed; its text says why, in a few words.

    Attributes:
        retry: another attempt may do better.
        wait: seconds until then, where the server says so.
        ended: the server has no more bytes than are there.
    """

    def __init__(
        self, why: str, *, retry: bool, wait: float | None = None, ended: bool = False
    ) -> None:
        super().__init__(why)
        self.retry, self.wait, self.ended = retry, wait, ended


@dataclass
class PartialDownload:
    """The first bytes of a file, downloaded before, and the version of the file they belong to.

    The version (address, entity tag or date, size) is stored beside them in a JSON file. A download
    is resumed only if the server still has that version at that address.
    """

    path: Path

    @property
    def version_file(self) -> Path:
        """The JSON file with the version."""
        return self.path.with_name(self.path.name + ".json")

    @property
    def size(self) -> int:
        """Bytes that are there."""
        return self.path.stat().st_size if self.path.is_file() else 0

    def version(self) -> dict[str, Any]:
        """Read the stored metadata; empty where it is missing or unreadable."""
        try:
            noted = json.loads(self.version_file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return noted if isinstance(noted, dict) else {}

    def start(self, version: dict[str, Any]) -> None:
        """Discard the bytes and store the version of the download that begins."""
        self.discard()
        self.version_file.write_text(json.dumps(version), encoding="utf-8")

    def discard(self) -> None:
        """Delete the bytes and their version."""
        self.path.unlink(missing_ok=True)
        self.version_file.unlink(missing_ok=True)


def transfer(
    url: str,
    partial: PartialDownload,
    policy: RetryPolicy,
    *,
    progress: Callable[[int, int | None], None],
    check_space: Callable[[int], None],
) -> int | None:
    """Download what is missing and append it.

    Args:
        url: the address.
        partial: what is there already.
        policy: how long to wait.
        progress: called with the bytes that are there, and how many there will be, if known.
        check_space: called with how many bytes will come; raises if the disk is too full.

    Returns:
        How many bytes the whole file has according to the server; None where it does not say.

    Raises:
        DownloadError: the connection or the server failed; what had come is kept.
    """
    noted = partial.version()
    begin = partial.size if noted.get("url") == url else 0
    headers = {**HEADERS, **_resume_headers(begin, noted)}
    timeout = httpx.Timeout(policy.read_timeout, connect=policy.connect_timeout)
    try:
        with (
            httpx.Client(verify=_tls_context(), follow_redirects=True, timeout=timeout) as client,
            client.stream("GET", url, headers=headers) as response,
        ):
            _check_status(response, begin)
            begin = _resume_offset(response, partial, begin, {**noted, "url": url})
            total = _full_size(response, begin)
            check_space((total or begin) - begin)
            _append(response, partial, policy, lambda there: progress(there, total))
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise DownloadError(_describe_error(error), retry=True) from error
    return total


@cache
def _tls_context() -> ssl.SSLContext:
    """Return the TLS context, loaded once: that takes longer than downloading a small file."""
    return httpx.create_ssl_context()


def _resume_headers(begin: int, noted: dict[str, Any]) -> dict[str, str]:
    """Return `Range` and `If-Range` headers, which ask for the rest of the same version."""
    validator = noted.get("validator")
    rest = {"Range": f"bytes={begin}-"} if begin else {}
    return {**rest, "If-Range": validator} if rest and isinstance(validator, str) else rest


def _check_status(response: httpx.Response, begin: int) -> None:
    """Raise `DownloadError` for a status other than 200 and 206."""
    status = response.status_code
    if status in (200, 206):
        return
    if status == 416 and begin:
        raise DownloadError("416, no byte more", retry=True, wait=0, ended=True)
    words = f"{status} {response.reason_phrase}".strip()
    again = status in (408, 425, 429) or status >= 500
    raise DownloadError(words, retry=again, wait=_retry_after(response))


def _resume_offset(
    response: httpx.Response, partial: PartialDownload, begin: int, noted: dict[str, Any]
) -> int:
    """Return the offset that the response starts at; 0 if the server sends the whole file."""
    if response.status_code == 206:
        start = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
        same = _total_of_range(response) in (None, noted.get("total"))
        if begin and start and int(start[1]) == begin and same:
            return begin
        partial.discard()
        raise DownloadError("sent another part than was asked for", retry=True)
    tag = response.headers.get("ETag", "")
    strong = tag if tag and not tag.startswith("W/") else ""
    validator = strong or response.headers.get("Last-Modified")
    total = _full_size(response, 0)
    partial.start({"url": noted["url"], "validator": validator, "total": total})
    return 0


def _full_size(response: httpx.Response, begin: int) -> int | None:
    ranged = _total_of_range(response)
    if ranged is not None:
        return ranged
    if response.headers.get("Content-Encoding", "identity") != "identity":
        return None  # the length is that of what was sent, not of the file
    length = response.headers.get("Content-Length", "")
    return begin + int(length) if length.isdecimal() else None


def _total_of_range(response: httpx.Response) -> int | None:
    total = re.search(r"/(\d+)$", response.headers.get("Content-Range", ""))
    return int(total[1]) if total else None


def _append(
    response: httpx.Response,
    partial: PartialDownload,
    policy: RetryPolicy,
    progress: Callable[[int], None],
) -> None:
    """Append the response as it arrives; less than 1 kB/s counts as a stalled connection."""
    there = partial.size
    window, before = time.monotonic(), there
    with partial.path.open("ab") as file:
        progress(there)
        for chunk in response.iter_raw():
            file.write(chunk)
            there += len(chunk)
            progress(there)
            now = time.monotonic()
            if now - window > policy.read_timeout:
                if there - before < 1024 * policy.read_timeout:
                    raise DownloadError("too slow", retry=True)
                window, before = now, there


def _retry_after(response: httpx.Response) -> float | None:
    seconds = response.headers.get("Retry-After", "")
    return min(float(seconds), MAX_WAIT) if seconds.isdecimal() else None


def _describe_error(error: Exception) -> str:
    """Describe an error of the connection in a few words."""
    text = str(error)
    kinds = (
        (httpx.ConnectTimeout, "no answer"),
        (httpx.TimeoutException, "stalled"),
        (httpx.RemoteProtocolError, "broke off"),
        (httpx.TooManyRedirects, "redirects in a circle"),
        (httpx.UnsupportedProtocol, "no web address"),
        (httpx.InvalidURL, "no web address"),
    )
    if isinstance(error, httpx.ConnectError):
        if "refused" in text:
            return "connection refused"
        if "certificate" in text.lower() or "ssl" in text.lower():
            return "no secure connection"
        return "no such host, or no network"
    return next((words for kind, words in kinds if isinstance(error, kind)), "connection lost")
