"""The mirror's server: as much of ModelScope's API as clients ask for."""

from __future__ import annotations

import contextlib
import hmac
import json
import re
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from setup_assistant.host import log
from setup_assistant.mirror.shelf import Shelf

_MODEL = re.compile(r"/api/v1/models/(?P<id>[^/]+/[^/]+)(?P<rest>/.*)?")
_RANGE = re.compile(r"bytes=(\d+)-(\d*)")
_SILENCE_SECONDS = 60.0


class MirrorServer(ThreadingHTTPServer):
    """Serves a shelf; `token`, where given, is asked of everyone."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], shelf: Shelf, token: str = "") -> None:
        self.shelf = shelf
        self.token = token
        super().__init__(address, _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        """Keep a client that goes away in the middle to the log."""
        log.debug("mirror: %s broke off %r", client_address, request)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "setup-assistant-mirror"
    sys_version = ""
    timeout = _SILENCE_SECONDS

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        query = {k: v[0] for k, v in parse_qs(url.query).items()}
        found = _MODEL.fullmatch(unquote(url.path))
        model, rest = (found["id"], found["rest"] or "") if found else ("", "")
        if not self._allowed():
            self._json(403, {"Code": 10010201002, "Message": "access denied"})
        elif model not in self._shelf.models:
            self._json(404, {"Code": 10010205001, "Message": "record not found"})
        elif rest == "/repo":
            self._file(model, query.get("FilePath", ""))
        elif rest == "/repo/files":
            self._listing(model, query)
        elif rest == "/revisions":
            branches = [{"Revision": "master"}]
            self._json(200, {"Data": {"RevisionMap": {"Branches": branches, "Tags": []}}})
        elif not rest.strip("/"):
            owner, name = model.split("/")
            self._json(200, {"Data": {"Path": owner, "Name": name}})
        else:
            self._json(404, {"Code": 404, "Message": "not found"})

    do_HEAD = do_GET  # noqa: N815 - the name is the library's

    @property
    def _shelf(self) -> Shelf:
        server = self.server
        assert isinstance(server, MirrorServer)  # noqa: S101 - no other server has this handler
        return server.shelf

    def _allowed(self) -> bool:
        token: str = getattr(self.server, "token", "")
        if not token:
            return True
        given = self.headers.get("Authorization", "").removeprefix("Bearer ").strip()
        cookie = re.search(r"(?:^|;\s*)m_session_id=([^;]+)", self.headers.get("Cookie", ""))
        offered = [given, cookie[1].strip() if cookie else ""]
        return any(hmac.compare_digest(o.encode(), token.encode()) for o in offered)

    def _listing(self, model: str, query: Mapping[str, str]) -> None:
        root = query.get("Root", "").strip("/")
        below = f"{root}/" if root else ""
        entries = [e for e in self._shelf.entries(model) if str(e["Path"]).startswith(below)]
        if query.get("Recursive", "True").lower() != "true":
            entries = [e for e in entries if "/" not in str(e["Path"])[len(below) :]]
        self._json(200, {"Data": {"Files": entries, "IsVisual": 0}})

    def _file(self, model: str, path: str) -> None:
        file = self._shelf.find(model, path)
        if file is None:
            self._json(404, {"Code": 10010205001, "Message": "file not found"})
            return
        size = file.stat().st_size
        asked = _RANGE.fullmatch(self.headers.get("Range", ""))
        first = int(asked[1]) if asked else 0
        last = min(int(asked[2] or size - 1), size - 1) if asked else size - 1
        if asked and first > last:
            self._start(416, 0, {"Content-Range": f"bytes */{size}"})
            return
        part = {"Content-Range": f"bytes {first}-{last}/{size}"} if asked else {}
        self._start(206 if asked else 200, last - first + 1, part)
        if self.command != "HEAD":
            self._send(file, first, last - first + 1)

    def _send(self, file: Path, first: int, length: int) -> None:
        if not length:
            return
        with file.open("rb") as stream:
            sent = 0
            with contextlib.suppress(ConnectionError, TimeoutError):
                sent = self.connection.sendfile(stream, first, length)
        if sent < length:
            self.close_connection = True

    def _json(self, status: int, value: Mapping[str, Any]) -> None:
        head = {"Code": 200, "Message": "success", "RequestId": "0", "Success": status == 200}
        body = json.dumps({**head, **value}).encode()
        self._start(status, len(body), {"Content-Type": "application/json"})
        if self.command != "HEAD":
            self.wfile.write(body)

    def _start(self, status: int, length: int, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/octet-stream", **headers}.items():
            self.send_header(name, value)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 - as inherited
        """Requests go to the log file."""
        log.debug("mirror: %s " + format, self.client_address[0], *args)
