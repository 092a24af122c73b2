"""A read-only server of files with ranges, at a bounded total rate: for mirrors and for rooms."""

from __future__ import annotations

import contextlib
import io
import re
import socket
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from setup_assistant.host import clock, log
from setup_assistant.mirror.connections import MOST, MOST_OF_ONE, Head, Places

_RANGE = re.compile(r"bytes=(\d{1,18})-(\d{0,18})")
_BLOCK = 64 << 10
_SILENCE_SECONDS = 60.0
# For the head of a request, and between two requests of one connection.
_HEAD_SECONDS, _IDLE_SECONDS = 10.0, 30.0
_LONGEST_LINE = 8192
_FULL = (b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Length: 0\r\n"
         b"Connection: close\r\n\r\n")  # fmt: skip


class Rate:
    """Bytes a second that all connections share; 0 means as fast as it goes."""

    def __init__(self, bytes_per_second: int) -> None:
        self._rate = bytes_per_second
        self._lock = threading.Lock()
        self._free_at = 0.0

    @property
    def bounded(self) -> bool:
        """Whether there is a limit at all."""
        return self._rate > 0

    def take(self, count: int) -> None:
        """Wait until so many bytes may be sent."""
        if not self._rate:
            return
        with self._lock:
            now = clock.monotonic()
            begin = max(now, self._free_at)
            self._free_at = begin + count / self._rate
        if begin > now:
            clock.sleep(begin - now)


class FileServer(ThreadingHTTPServer):
    """One thread a connection; `rate` bytes a second for all of them together, 0: unbounded."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(
        self, address: tuple[str, int], handler: type[FileHandler], *, rate: int = 0
    ) -> None:
        self.rate = Rate(rate)
        self.places = Places(MOST, MOST_OF_ONE)
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, handler)

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        """Serve a connection in a thread of its own, where there is a place for one."""
        if self.places.take(client_address[0]):
            super().process_request(request, client_address)
            return
        with contextlib.suppress(OSError):
            request.settimeout(0.1)
            request.sendall(_FULL)
        self.shutdown_request(request)
        log.debug("server: no place for %s", client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        """Serve a connection and give its place back."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.places.leave(client_address[0])

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        """Keep a client that goes away in the middle to the log."""
        log.debug("server: %s broke off %r", client_address, request)


class FileHandler(BaseHTTPRequestHandler):
    """Answers GET and HEAD through `answer`, which says what a path means."""

    protocol_version = "HTTP/1.1"
    server_version = "setup-assistant"
    sys_version = ""
    head_seconds, idle_seconds = _HEAD_SECONDS, _IDLE_SECONDS

    def setup(self) -> None:
        """Read requests within their time."""
        super().setup()
        self._head = Head(self.connection)
        self.rfile = io.BufferedReader(self._head, 8192)
        self._waits = self.head_seconds

    def handle_one_request(self) -> None:
        """Wait for a request and answer it; the first must come soon."""
        self._head.expect(self._waits, afresh=True)
        super().handle_one_request()
        self._waits = self.idle_seconds

    def parse_request(self) -> bool:
        """Read the head of a request within its time and length."""
        self._head.expect(self.head_seconds)
        line: bytes = getattr(self, "raw_requestline", b"")
        if len(line) > _LONGEST_LINE:
            self.requestline, self.request_version, self.command = "", "", ""
            self.send_error(414)
            return False
        if not super().parse_request():
            return False
        if self.headers.get("Content-Length") or self.headers.get("Transfer-Encoding"):
            # A body is not read: what follows is no request.
            self.close_connection = True
        self.connection.settimeout(_SILENCE_SECONDS)
        return True

    def answer(self) -> None:
        """Send the answer to one request."""
        raise NotImplementedError

    def do_GET(self) -> None:  # noqa: D102 - the library's
        self.answer()

    do_HEAD = do_GET  # noqa: N815 - the name is the library's

    def send_file(self, file: Path, headers: Mapping[str, str] | None = None) -> None:
        """Send a file, or the range of it that was asked for; `headers` go with either."""
        size = file.stat().st_size
        asked = _RANGE.fullmatch(self.headers.get("Range", ""))
        first = int(asked[1]) if asked else 0
        last = min(int(asked[2] or size - 1), size - 1) if asked else size - 1
        if asked and first > last:
            self.start(416, 0, {"Content-Range": f"bytes */{size}"})
            return
        part = {"Content-Range": f"bytes {first}-{last}/{size}"} if asked else {}
        self.start(206 if asked else 200, last - first + 1, {**(headers or {}), **part})
        if self.command != "HEAD":
            self._send(file, first, last - first + 1)

    def send_small(
        self, status: int, body: bytes, kind: str, headers: Mapping[str, str] | None = None
    ) -> None:
        """Send a body that is at hand, of a media type."""
        self.start(status, len(body), {"Content-Type": kind, **(headers or {})})
        if self.command != "HEAD":
            self.wfile.write(body)

    def start(self, status: int, length: int, headers: Mapping[str, str]) -> None:
        """Send the head of an answer."""
        self.send_response(status)
        for name, value in {"Content-Type": "application/octet-stream", **headers}.items():
            self.send_header(name, value)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def _send(self, file: Path, first: int, length: int) -> None:
        server = self.server
        assert isinstance(server, FileServer)  # noqa: S101 - no other server has this handler
        sent = 0
        with file.open("rb") as stream, contextlib.suppress(ConnectionError, TimeoutError):
            if not server.rate.bounded:
                # By the kernel, which is several times as fast.
                sent = self.connection.sendfile(stream, first, length) if length else 0
            stream.seek(first + sent)
            while sent < length and (block := stream.read(min(_BLOCK, length - sent))):
                server.rate.take(len(block))
                self.wfile.write(block)
                sent += len(block)
        if sent < length:
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 - as inherited
        """Requests go to the log file."""
        log.debug("server: %s " + format, self.client_address[0], *args)
