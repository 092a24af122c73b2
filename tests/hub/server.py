"""The hub: as much of the ModelScope API as its own client asks for."""

from __future__ import annotations

import hashlib
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal

from tests.hub.faults import Fault, Faults, Kind

REVISION = "0" * 39 + "1"


@dataclass
class Seen:
    """One request that was answered. `sent` grows with the bytes of a file's body."""

    path: str
    status: int
    sent: int = 0
    range: str = ""
    authorization: str = ""


class Hub:
    """Serves folders as models, from 127.0.0.1, on threads of its own.

    `ranges` says how a Range request is answered: "200" with Content-Range as the real hub does,
    "206", "ignored" (the whole file), or "unplaced" (206 that does not say which part). `listing`
    replaces the body of the file list, `more_files` adds entries to it, `with_sha` leaves the
    sums out. `token` refuses those who do not bring it. `bytes_per_second` slows every connection
    down. `packed` sends lists as gzip though nobody asked for it; `page_size` sends them in
    pages, `cut_at` only their beginning. `versions` are the ETags of files; above
    `most_connections` every other one is reset. `revisions` are other states of every model.
    """

    def __init__(self, models: Mapping[str, Path], host: str = "127.0.0.1", port: int = 0) -> None:
        from tests.hub.handler import Handler

        self.models = dict(models)
        self.revisions: dict[str, Path] = {}
        self.faults = Faults()
        self.ranges: Literal["200", "206", "ignored", "unplaced"] = "200"
        self.listing: bytes | None = None
        self.more_files: list[dict[str, Any]] = []
        self.with_sha = True
        self.token = ""
        self.bytes_per_second: int | None = None
        self.packed = False
        self.page_size: int | None = None
        self.cut_at: int | None = None
        self.versions: dict[str, str] = {}
        self.most_connections: int | None = None
        self.connections = 0
        self.lock = threading.Lock()
        self.seen: list[Seen] = []
        self.ended = threading.Event()
        self._sums: dict[tuple[Path, int, int], str] = {}
        self._server = _Server((host, port), Handler)
        self._server.hub = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    def __enter__(self) -> Hub:  # noqa: PYI034 - Self is newer than the oldest Python
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}"

    def encrypt(self, context: ssl.SSLContext) -> None:
        """Speak TLS from now on; each connection shakes hands on its own thread."""
        self._server.socket = context.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )

    def fail(self, kind: Kind, **settings: Any) -> None:
        """Add a fault; see `faults.Fault`."""
        self.faults.add(Fault(kind, **settings))

    def sent(self, path: str) -> int:
        """Return how many bytes of a file went out so far."""
        return sum(s.sent for s in self.seen if s.path == path)

    def asked(self, path: str) -> int:
        """Return how often a file was asked for."""
        return sum(s.path == path for s in self.seen)

    def files(self, model: str, revision: str = "") -> dict[str, Path]:
        """Return what is served: relative path → file. Nothing else can be reached."""
        root = self.revisions.get(revision, self.models[model])
        return {
            p.relative_to(root).as_posix(): p
            for p in sorted(root.rglob("*"))
            if p.is_file() and "__pycache__" not in p.parts
        }

    def entries(self, model: str, revision: str = "") -> list[dict[str, Any]]:
        """Return the file list, with the fields of the real one."""
        found = [
            {
                "Path": name,
                "Name": path.name,
                "Type": "blob",
                "Mode": "33188",
                "Size": path.stat().st_size,
                "Revision": REVISION,
                "IsLFS": path.suffix == ".safetensors",
                **({"Sha256": self.sha256(path)} if self.with_sha else {}),
            }
            for name, path in self.files(model, revision).items()
        ]
        names = list(self.files(model))
        folders = {"/".join(n.split("/")[:i]) for n in names for i in range(1, n.count("/") + 1)}
        found += [{"Path": f, "Name": f, "Type": "tree", "Size": 0} for f in sorted(folders)]
        return found + self.more_files

    def sha256(self, path: Path) -> str:
        stat = path.stat()
        key = (path, stat.st_size, stat.st_mtime_ns)
        if key not in self._sums:
            with path.open("rb") as stream:
                digest = hashlib.sha256()
                while block := stream.read(1 << 20):
                    digest.update(block)
            self._sums[key] = digest.hexdigest()
        return self._sums[key]


class _Server(ThreadingHTTPServer):
    hub: Hub

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in the middle is part of the game."""
