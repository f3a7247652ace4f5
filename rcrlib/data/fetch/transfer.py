"""One request for (the rest of) a file, and everything that can go wrong with it.

`httpx` speaks HTTP; what is here decides what may be added to the bytes that are there already.
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
WAIT_AT_MOST = 60.0


@dataclass(frozen=True)
class Patience:
    """How long to wait and how often to try.

    Attributes:
        attempts: per mirror, of those in a row that bring less than a megabyte.
        connect: seconds until a server must answer.
        stall: seconds without a byte that make a connection count as dead.
        pause: seconds before the second attempt; doubled before each further one.
    """

    attempts: int = 5
    connect: float = 15
    stall: float = 30
    pause: float = 1


class Failed(RcrError):
    """An attempt that brought no whole file; says why, in a few words.

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
class Partial:
    """The bytes of a file that are there already, and which version of the file they are of.

    The version (address, entity tag, date, size) is beside them in a file of its own: what another
    mirror served, or what was there before the file was replaced, is never continued.
    """

    path: Path

    @property
    def notes(self) -> Path:
        """The file that says what the bytes are of."""
        return self.path.with_name(self.path.name + ".json")

    @property
    def size(self) -> int:
        """Bytes that are there."""
        return self.path.stat().st_size if self.path.is_file() else 0

    def version(self) -> dict[str, Any]:
        """Read the stored metadata; empty where it is missing or unreadable."""
        try:
            noted = json.loads(self.notes.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return noted if isinstance(noted, dict) else {}

    def start(self, version: dict[str, Any]) -> None:
        """Begin anew, with another version of the file."""
        self.discard()
        self.notes.write_text(json.dumps(version), encoding="utf-8")

    def discard(self) -> None:
        """Forget the bytes."""
        self.path.unlink(missing_ok=True)
        self.notes.unlink(missing_ok=True)


def transfer(
    url: str,
    partial: Partial,
    patience: Patience,
    *,
    progress: Callable[[int, int | None], None],
    room: Callable[[int], None],
) -> int | None:
    """Ask for what is missing and add it.

    Args:
        url: the address.
        partial: what is there already.
        patience: how long to wait.
        progress: called with the bytes that are there, and how many there will be, if known.
        room: called with how many bytes will come; raises where the disk has no room for them.

    Returns:
        How many bytes the whole file has according to the server; None where it does not say.

    Raises:
        Failed: the connection or the server failed; what had come is kept.
    """
    noted = partial.version()
    begin = partial.size if noted.get("url") == url else 0
    headers = {**HEADERS, **_resume_headers(begin, noted)}
    timeout = httpx.Timeout(patience.stall, connect=patience.connect)
    try:
        with (
            httpx.Client(verify=_security(), follow_redirects=True, timeout=timeout) as client,
            client.stream("GET", url, headers=headers) as response,
        ):
            _refuse(response, begin)
            begin = _accepted_from(response, partial, begin, {**noted, "url": url})
            total = _whole_size(response, begin)
            room((total or begin) - begin)
            _append(response, partial, patience, lambda there: progress(there, total))
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Failed(_in_words(error), retry=True) from error
    return total


@cache
def _security() -> ssl.SSLContext:
    """Return the TLS context, loaded once: that takes longer than downloading a small file."""
    return httpx.create_ssl_context()


def _resume_headers(begin: int, noted: dict[str, Any]) -> dict[str, str]:
    """Ask for the rest only if the file is still the one that the bytes are of."""
    validator = noted.get("validator")
    rest = {"Range": f"bytes={begin}-"} if begin else {}
    return {**rest, "If-Range": validator} if rest and isinstance(validator, str) else rest


def _refuse(response: httpx.Response, begin: int) -> None:
    """Raise `Failed` for an answer that brings no bytes of the file."""
    status = response.status_code
    if status in (200, 206):
        return
    if status == 416 and begin:
        raise Failed("416, no byte more", retry=True, wait=0, ended=True)
    words = f"{status} {response.reason_phrase}".strip()
    again = status in (408, 425, 429) or status >= 500
    raise Failed(words, retry=again, wait=_retry_after(response))


def _accepted_from(
    response: httpx.Response, partial: Partial, begin: int, noted: dict[str, Any]
) -> int:
    """Tell from which byte on the answer goes; from 0 where the server sends the whole file."""
    if response.status_code == 206:
        start = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
        same = _total_of_range(response) in (None, noted.get("total"))
        if begin and start and int(start[1]) == begin and same:
            return begin
        partial.discard()
        raise Failed("sent another part than was asked for", retry=True)
    tag = response.headers.get("ETag", "")
    strong = tag if tag and not tag.startswith("W/") else ""
    validator = strong or response.headers.get("Last-Modified")
    total = _whole_size(response, 0)
    partial.start({"url": noted["url"], "validator": validator, "total": total})
    return 0


def _whole_size(response: httpx.Response, begin: int) -> int | None:
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
    partial: Partial,
    patience: Patience,
    progress: Callable[[int], None],
) -> None:
    """Add the answer's bytes as they come; a trickle counts as a stalled connection."""
    there = partial.size
    window, before = time.monotonic(), there
    with partial.path.open("ab") as file:
        progress(there)
        for chunk in response.iter_raw():
            file.write(chunk)
            there += len(chunk)
            progress(there)
            now = time.monotonic()
            if now - window > patience.stall:
                if there - before < 1024 * patience.stall:
                    raise Failed("too slow", retry=True)
                window, before = now, there


def _retry_after(response: httpx.Response) -> float | None:
    seconds = response.headers.get("Retry-After", "")
    return min(float(seconds), WAIT_AT_MOST) if seconds.isdecimal() else None


def _in_words(error: Exception) -> str:
    """Say in a few words what went wrong on the way."""
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
