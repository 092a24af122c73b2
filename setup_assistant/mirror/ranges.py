"""A read-only server of files with ranges, at a bounded total rate: for mirrors and for rooms."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from setup_assistant.host import clock, log

_RANGE = re.compile(r"bytes=(\d{1,18})-(\d{0,18})")
_BLOCK = 64 << 10
_SILENCE_SECONDS = 60.0


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
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, handler)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        """Keep a client that goes away in the middle to the log."""
        log.debug("server: %s broke off %r", client_address, request)


class FileHandler(BaseHTTPRequestHandler):
    """Answers GET and HEAD through `answer`, which says what a path means."""

    protocol_version = "HTTP/1.1"
    server_version = "setup-assistant"
    sys_version = ""
    timeout = _SILENCE_SECONDS

    def answer(self) -> None:
        """Send the answer to one request."""
        raise NotImplementedError

    def do_GET(self) -> None:  # noqa: D102 - the library's
        self.answer()

    do_HEAD = do_GET  # noqa: N815 - the name is the library's

    def send_file(self, file: Path) -> None:
        """Send a file, or the range of it that was asked for."""
        size = file.stat().st_size
        asked = _RANGE.fullmatch(self.headers.get("Range", ""))
        first = int(asked[1]) if asked else 0
        last = min(int(asked[2] or size - 1), size - 1) if asked else size - 1
        if asked and first > last:
            self.start(416, 0, {"Content-Range": f"bytes */{size}"})
            return
        part = {"Content-Range": f"bytes {first}-{last}/{size}"} if asked else {}
        self.start(206 if asked else 200, last - first + 1, part)
        if self.command != "HEAD":
            self._send(file, first, last - first + 1)

    def send_small(self, status: int, body: bytes, kind: str) -> None:
        """Send a body that is at hand, of a media type."""
        self.start(status, len(body), {"Content-Type": kind})
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
