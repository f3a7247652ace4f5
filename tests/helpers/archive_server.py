"""An HTTP server on this machine that serves files, and misbehaves as it is told."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count

Behaviour = Callable[["Request"], None]


class Request(BaseHTTPRequestHandler):
    """One request; a behaviour answers it with these words."""

    server: Server  # type: ignore[assignment]
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        site = self.server.site
        number = next(site.numbers)
        site.requests.append((self.path, self.headers.get("Range")))
        self.content = site.files.get(self.path.lstrip("/"), site.content)
        behaviours = site.behaviours
        with suppress(BrokenPipeError, ConnectionResetError):
            behaviours[min(number, len(behaviours) - 1)](self)
        self.close_connection = True

    def log_message(self, *arguments: object) -> None:
        pass

    def begin(self) -> int:
        """Return the first byte that is asked for, honouring If-Range."""
        asked = re.match(r"bytes=(\d+)-", self.headers.get("Range", ""))
        fresh = self.headers.get("If-Range", self.server.site.tag) == self.server.site.tag
        return int(asked[1]) if asked and fresh else 0

    def answer(self, body: bytes, status: int = 200, length: int | None = None, **headers: str):
        self.send_response(status)
        self.send_header("Connection", "close")
        if length != -1:
            self.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        for start in range(0, len(body), 4096):
            self.wfile.write(body[start : start + 4096])
            if self.server.site.pause:
                time.sleep(self.server.site.pause)

    def serve(self, content: bytes, send: int | None = None, length: int | None = None) -> None:
        """Answer as a good server does, with a part of the body or a wrong length if asked to."""
        begin, tag = self.begin(), self.server.site.tag
        if begin >= len(content):
            self.answer(b"", 416, Content_Range=f"bytes */{len(content)}")
            return
        body = content[begin:]
        headers = {"ETag": tag} if tag else {}
        if begin:
            headers["Content-Range"] = f"bytes {begin}-{len(content) - 1}/{len(content)}"
        declared = len(body) if length is None else length
        self.answer(body[:send], 206 if begin else 200, declared, **headers)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    site: Site


@dataclass
class Site:
    """What is served and how; the n-th request is answered by the n-th behaviour, or the last."""

    content: bytes = b""
    behaviours: list[Behaviour] = field(default_factory=lambda: [good])
    tag: str = '"one"'
    files: dict[str, bytes] = field(default_factory=dict)
    pause: float = 0.0
    requests: list[tuple[str, str | None]] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=count)
    address: str = ""

    def url(self, name: str = "set.zip") -> str:
        return f"{self.address}/{name}"


@contextmanager
def serving(site: Site) -> Iterator[Site]:
    server = Server(("127.0.0.1", 0), Request)
    server.site = site
    site.address = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield site
    server.shutdown()
    server.server_close()


def good(request: Request) -> None:
    request.serve(request.content)


def truncates(request: Request) -> None:
    """Promises everything and closes after half of what is left."""
    request.serve(request.content, send=(len(request.content) - request.begin()) // 2)


def resets(request: Request) -> None:
    """Tears the connection down in the middle."""
    import socket
    import struct

    linger = struct.pack("ii", 1, 0)
    request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    request.serve(request.content, send=3000)
    request.connection.close()


def stalls(request: Request) -> None:
    """Sends a little and then nothing."""
    request.serve(request.content, send=1000)
    time.sleep(1.2)


def trickles(request: Request) -> None:
    """Sends a few bytes at a time, for ever."""
    request.send_response(200)
    request.send_header("Content-Length", str(len(request.content)))
    request.end_headers()
    for byte in request.content:
        request.wfile.write(bytes([byte]))
        time.sleep(0.05)


def status(number: int, **headers: str) -> Behaviour:
    return lambda request: request.answer(b"sorry", number, **headers)


def wrong_bytes(request: Request) -> None:
    request.serve(bytes(len(request.content)))


def web_page(request: Request) -> None:
    request.serve(b"<html>please log in</html>")


def too_long(request: Request) -> None:
    """Says that more comes than does."""
    request.serve(request.content, length=len(request.content) - request.begin() + 500)


def too_short(request: Request) -> None:
    """Says that less comes than does."""
    request.serve(request.content, length=len(request.content) - 500)


def no_length(request: Request) -> None:
    request.answer(request.content, length=-1)


def ignores_ranges(request: Request) -> None:
    request.answer(request.content)


def wrong_part(request: Request) -> None:
    """Answers every range with the file's beginning."""
    size = len(request.content)
    headers = {"Content-Range": f"bytes 0-{size - 1}/{size}", "ETag": request.server.site.tag}
    request.answer(request.content, 206, **headers)


def redirects(request: Request) -> None:
    request.answer(b"", 302, Location=request.path)
