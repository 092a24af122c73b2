"""One connection of the hub."""

from __future__ import annotations

import contextlib
import gzip
import json
import re
import socket
import struct
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.hub.lies import LIES
from tests.hub.odd import ANSWERS, Asked
from tests.hub.server import Seen

if TYPE_CHECKING:
    from tests.hub.server import Hub

_BLOCK = 1 << 16
_MODEL = re.compile(r"/api/v1/models/(?P<id>[^/]+/[^/]+)(?P<rest>/.*)?")


class _BrokenOffError(Exception):
    """The connection was ended on purpose."""


class Handler(BaseHTTPRequestHandler):
    """Answers the client's requests; see `Hub` for what can be switched."""

    protocol_version = "HTTP/1.1"
    server_version = "loopback-hub"

    @property
    def hub(self) -> Hub:
        hub: Hub = self.server.hub  # type: ignore[attr-defined]
        return hub

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def handle(self) -> None:
        """Count the connection, and reset it where it is one too many."""
        with self.hub.lock:
            self.hub.connections += 1
            too_many = self.hub.connections > (self.hub.most_connections or 1000)
        try:
            if too_many:
                with contextlib.suppress(_BrokenOffError):
                    self._break_off("reset", 0)
            else:
                super().handle()
        finally:
            with self.hub.lock:
                self.hub.connections -= 1

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        query = {k: v[0] for k, v in parse_qs(url.query).items()}
        found = _MODEL.fullmatch(unquote(url.path))
        model = found["id"] if found else ""
        if self.hub.token and self.hub.token not in self.headers.get("Authorization", ""):
            self._json(403, {"Code": 10010201002, "Message": "access denied"})
        elif model not in self.hub.models:
            self._json(404, {"Code": 10010205001, "Message": "record not found"})
        elif found and found["rest"] == "/repo/files":
            self._listing(model, query)
        elif found and found["rest"] == "/repo":
            self._file(model, query.get("FilePath", ""), query.get("Revision", ""))
        elif found and found["rest"] == "/revisions":
            branches = [{"Revision": "master"}]
            self._json(200, {"Data": {"RevisionMap": {"Branches": branches, "Tags": []}}})
        elif found and not found["rest"]:
            self._json(200, {"Data": {"Path": model.split("/")[0], "Name": model.split("/")[1]}})
        else:
            self._json(404, {"Code": 404, "Message": "not found"})

    def _listing(self, model: str, query: dict[str, str]) -> None:
        if self._busy(""):
            return
        if self.hub.listing is not None:
            self.reply(200, self.hub.listing, "text/html")
            return
        root = query.get("Root", "").strip("/")
        below = f"{root}/" if root else ""
        revision = query.get("Revision", "")
        other = revision in self.hub.revisions
        known = self.hub.entries(model, revision) if other else self.hub.entries(model)
        entries = [e for e in known if str(e["Path"]).startswith(below)]
        if query.get("Recursive", "True") != "True":
            entries = [e for e in entries if "/" not in str(e["Path"])[len(below) :]]
        entries, more = entries[: self.hub.cut_at], {}
        if size := self.hub.page_size:
            more = {"TotalCount": len(entries)}
            first = (int(query.get("PageNumber", "1")) - 1) * size
            entries = entries[first : first + size]
        self._json(200, {"Data": {"Files": entries, "IsVisual": 0, **more}})

    def _files(self, model: str, revision: str) -> dict[str, Path]:
        other = revision in self.hub.revisions
        return self.hub.files(model, revision) if other else self.hub.files(model)

    def _file(self, model: str, path: str, revision: str) -> None:
        if self._busy(path):
            return
        file = self._files(model, revision).get(path)
        if file is None:
            self._json(404, {"Code": 10010205001, "Message": "file not found"})
            return
        size = file.stat().st_size
        try:
            first, last = _range(self.headers.get("Range"), size)
        except ValueError:
            self.reply(416, b"", headers={"Content-Range": f"bytes */{size}"})
            return
        ranged = bool(self.headers.get("Range")) and self.hub.ranges != "ignored"
        if not ranged:
            first, last = 0, size - 1
        for kind, answer in {**ANSWERS, **LIES}.items():
            if fault := self.hub.faults.take(kind, path):
                self.hub.seen.append(Seen(path, 0, 0, self.headers.get("Range", "")))
                answer(self, fault, Asked(file.read_bytes(), first, last, ranged))
                return
        self._send_file(path, file, first, last, ranged=ranged)

    def _send_file(self, path: str, file: Path, first: int, last: int, *, ranged: bool) -> None:
        length = last - first + 1
        if short := self.hub.faults.take("short", path):
            length = min(length, short.after)
        announced = length
        if long := self.hub.faults.take("long", path):
            announced += long.after
            self.close_connection = True
        status = 206 if ranged and self.hub.ranges != "200" else 200
        seen = Seen(path, status, 0, self.headers.get("Range", ""), self._authorization())
        self.hub.seen.append(seen)
        self.send_response(status)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(announced))
        if version := self.hub.versions.get(path):
            self.send_header("ETag", f'"{version}"')
        if ranged and self.hub.ranges != "unplaced":
            self.send_header("Content-Range", f"bytes {first}-{last}/{file.stat().st_size}")
        self.end_headers()
        with contextlib.suppress(_BrokenOffError):
            for block in self._blocks(path, file, first, length):
                # Counted first: a client that has the bytes may look at the count at once.
                seen.sent += len(block)
                self.wfile.write(block)

    def _blocks(self, path: str, file: Path, first: int, length: int) -> Any:
        """Yield the body, with whatever is to go wrong on the way."""
        faults = self.hub.faults
        drops = faults.take("drops", path)
        flip, middle = faults.take("flip", path), file.stat().st_size // 2
        ends = {kind: faults.take(kind, path) for kind in ("reset", "fin", "stall")}
        stops = {f.after for f in ends.values() if f}
        with file.open("rb") as stream:
            stream.seek(first)
            at = 0
            while True:
                for kind, fault in ends.items():
                    if fault and at == fault.after:
                        self._break_off(kind, fault.seconds)
                if at >= length:
                    return
                until = min([length, at + _BLOCK, *(s for s in stops if s > at)])
                if drops:
                    until = min(length, max(drops.after, at + 1))
                    self.hub.ended.wait(drops.seconds if at >= drops.after else 0)
                block = bytearray(stream.read(until - at))
                if flip and first + at <= middle < first + until:
                    block[middle - first - at] ^= 1
                at = until
                if self.hub.bytes_per_second:
                    self.hub.ended.wait(len(block) / self.hub.bytes_per_second)
                yield block

    def _break_off(self, kind: str, seconds: float) -> None:
        if kind == "stall":
            self.hub.ended.wait(seconds)
            return
        self.close_connection = True
        if kind == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        else:
            self.connection.shutdown(socket.SHUT_RDWR)
        self.rfile.close()
        self.connection.close()
        raise _BrokenOffError

    def _busy(self, path: str) -> bool:
        fault = self.hub.faults.take("busy", path)
        if fault:
            self.hub.seen.append(Seen(path, 503))
            self.reply(503, b"", headers={"Retry-After": str(int(fault.seconds))})
        return fault is not None

    def _json(self, status: int, value: dict[str, Any]) -> None:
        body = {"Code": 200, "Message": "success", "RequestId": "0", "Success": status == 200}
        self.hub.seen.append(
            Seen(urlsplit(self.path).path, status, authorization=self._authorization())
        )
        data, headers = json.dumps(body | value).encode(), {}
        if self.hub.packed:
            data, headers = gzip.compress(data), {"Content-Encoding": "gzip"}
        self.reply(status, data, "application/json", headers)

    def reply(
        self,
        status: int,
        body: bytes,
        kind: str = "text/plain",
        headers: dict[str, str] | None = None,
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _authorization(self) -> str:
        return str(self.headers.get("Authorization", ""))


def _range(header: str | None, size: int) -> tuple[int, int]:
    """Return first and last byte that are asked for; ValueError where there are none."""
    found = re.fullmatch(r"bytes=(\d+)-(\d*)", header or "bytes=0-")
    if not found:
        return 0, size - 1
    first = int(found[1])
    last = min(int(found[2] or size - 1), size - 1)
    if header and first > last:
        raise ValueError(header)
    return first, last
