"""Serve a bundle to a room: what its manifest lists and nothing else, at a bounded total rate."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from setup_assistant.bundle import contents
from setup_assistant.bundle.verify import Checked
from setup_assistant.host import clock, log

_RANGE = re.compile(r"bytes=(\d+)-(\d*)")
_BLOCK = 64 << 10
_SILENCE_SECONDS = 60.0


class Rate:
    """Bytes a second that all connections share; 0 means as fast as it goes."""

    def __init__(self, bytes_per_second: int) -> None:
        self._rate = bytes_per_second
        self._lock = threading.Lock()
        self._free_at = 0.0

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


class RoomServer(ThreadingHTTPServer):
    """Serves a checked bundle, read-only."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, address: tuple[str, int], checked: Checked, rate: Rate) -> None:
        listed = [part.path for item in checked.manifest.files for part in item.parts()]
        self.shelf = {
            path: found
            for path in (*listed, contents.NAME, contents.SIGNATURE)
            if (found := contents.find(checked.folders, path)) is not None
        }
        self.rate = rate
        super().__init__(address, _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        """Keep a client that goes away in the middle to the log."""
        log.debug("room: %s broke off %r", client_address, request)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "setup-assistant-room"
    sys_version = ""
    timeout = _SILENCE_SECONDS

    def do_GET(self) -> None:
        server = self.server
        assert isinstance(server, RoomServer)  # noqa: S101 - no other server has this handler
        path = server.shelf.get(self.path.lstrip("/"))
        if path is None:
            self._start(404, 0, {})
            return
        size = path.stat().st_size
        asked = _RANGE.fullmatch(self.headers.get("Range", ""))
        first = int(asked[1]) if asked else 0
        last = min(int(asked[2] or size - 1), size - 1) if asked else size - 1
        if asked and first > last:
            self._start(416, 0, {"Content-Range": f"bytes */{size}"})
            return
        part = {"Content-Range": f"bytes {first}-{last}/{size}"} if asked else {}
        self._start(206 if asked else 200, last - first + 1, part)
        self._send(server, path, first, last - first + 1)

    def _send(self, server: RoomServer, path: Path, first: int, left: int) -> None:
        try:
            with path.open("rb") as stream:
                stream.seek(first)
                while left > 0 and (block := stream.read(min(_BLOCK, left))):
                    server.rate.take(len(block))
                    self.wfile.write(block)
                    left -= len(block)
        except (ConnectionError, TimeoutError):
            self.close_connection = True

    def _start(self, status: int, length: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 - as inherited
        """Requests go to the log file."""
        log.debug("room: %s " + format, self.client_address[0], *args)


@contextlib.contextmanager
def serving(checked: Checked, rate: int, addresses: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Serve a bundle while the block runs; yields address and port.

    Args:
        checked: the bundle.
        rate: bytes a second for the whole room; 0: unbounded.
        addresses: of the hosts, which tell the network to listen on.
    """
    own = {local_address(a) for a in addresses}
    # Hosts of several networks are reached from several addresses.
    listen = own.pop() if len(own) == 1 else "0.0.0.0"  # noqa: S104 - said on the screen
    server = RoomServer((listen, 0), checked, Rate(rate))
    thread = threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True)
    thread.start()
    try:
        yield listen, int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def local_address(host: str) -> str:
    """Return the address of this machine from which a host is reached; sends nothing."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect((host, 9))
            return str(probe.getsockname()[0])
    except OSError:
        return "0.0.0.0"  # noqa: S104
