"""The mirror's server: as much of ModelScope's API as clients ask for, and Hugging Face's."""

from __future__ import annotations

import hmac
import ipaddress
import json
import re
import socket
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from setup_assistant.mirror import huggingface
from setup_assistant.mirror.ranges import FileHandler, FileServer
from setup_assistant.mirror.shelf import Shelf

_MODELSCOPE = "/api/v1/"
# What is served is what lies there.
_REVISION = "0" * 39 + "1"
_MOST_FIELDS = 50
_MODEL = re.compile(r"/api/v1/models/(?P<id>[^/]+/[^/]+)(?P<rest>/.*)?")


class MirrorServer(FileServer):
    """Serves a shelf; `token`, where given, is asked of everyone. `rate`: bytes a second."""

    def __init__(
        self, address: tuple[str, int], shelf: Shelf, token: str = "", *, rate: int = 0
    ) -> None:
        self.shelf = shelf
        self.token = token
        super().__init__(address, _Handler, rate=rate)


class _Handler(FileHandler):
    def answer(self) -> None:
        try:
            url = urlsplit(self.path)
            query = {k: v[0] for k, v in parse_qs(url.query, max_num_fields=_MOST_FIELDS).items()}
        except ValueError:
            self._json(400, {"Code": 400, "Message": "bad request"})
            return
        path = unquote(url.path)
        if not path.startswith(_MODELSCOPE):
            self._hugging_face(path, query)
        elif not self._allowed():
            self._json(403, {"Code": 10010201002, "Message": "access denied"})
        else:
            self._modelscope(path, query)

    def _hugging_face(self, path: str, query: Mapping[str, str]) -> None:
        found: huggingface.Answer | None
        if self._allowed():
            found = huggingface.answer(self._shelf, path, query)
        else:
            found = huggingface.refused(401, "Unauthorized", "This mirror asks for a token")
        if found is None:
            self._json(404, {"Code": 404, "Message": "not found"})
        elif found.item is not None:
            self.send_file(found.item.file, found.headers)
        else:
            body = json.dumps(found.value).encode()
            self.send_small(found.status, body, "application/json", found.headers)

    def _modelscope(self, path: str, query: Mapping[str, str]) -> None:
        found = _MODEL.fullmatch(path)
        model, rest = (found["id"], found["rest"] or "") if found else ("", "")
        if model not in self._shelf.models:
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
        every = query.get("Recursive", "True").lower() == "true"
        folders, items = self._shelf.listed(
            model, query.get("Root", "").strip("/"), recursive=every
        )
        entries: list[dict[str, Any]] = [
            {"Path": f, "Name": f.rsplit("/", 1)[-1], "Type": "tree", "Size": 0} for f in folders
        ]
        entries += [
            {"Path": i.path, "Name": i.file.name, "Type": "blob", "Mode": "33188", "Size": i.size,
             "Sha256": i.sha256, "Revision": _REVISION, "IsLFS": i.large} for i in items
        ]  # fmt: skip
        self._json(200, {"Data": {"Files": entries, "IsVisual": 0}})

    def _file(self, model: str, path: str) -> None:
        file = self._shelf.find(model, path)
        if file is None:
            self._json(404, {"Code": 10010205001, "Message": "file not found"})
            return
        self.send_file(file)

    def _json(self, status: int, value: Mapping[str, Any]) -> None:
        head = {"Code": 200, "Message": "success", "RequestId": "0", "Success": status == 200}
        body = json.dumps({**head, **value}).encode()
        self.send_small(status, body, "application/json")


EVERYWHERE = ("0.0.0.0", "::", "")  # noqa: S104 - recognised, never the default


def addresses(host: str, port: int) -> list[str]:
    """Return the addresses to use for a server that listens on `host`.

    Of one that listens on every network, that is one for each address of this machine; this
    machine's own comes last.
    """
    if host not in EVERYWHERE:
        return [_shown(host, port)]
    return [_shown(found, port) for found in _own(six=host == "::")] or [_shown("127.0.0.1", port)]


def _shown(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _own(*, six: bool) -> list[str]:
    import psutil

    families = (socket.AF_INET, socket.AF_INET6) if six else (socket.AF_INET,)
    try:
        said = [a for found in psutil.net_if_addrs().values() for a in found]
    except OSError:
        return []
    found = [ipaddress.ip_address(a.address.partition("%")[0]) for a in said
             if a.family in families]  # fmt: skip
    # One that holds on one wire only needs its interface said as well.
    use = [a for a in found if not a.is_link_local]
    return [str(a) for a in sorted(use, key=lambda a: (a.is_loopback, a.version))]
