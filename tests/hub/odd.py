"""Answers that a hub should not give: each takes the place of a file's own answer."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.hub.faults import Fault, Kind

if TYPE_CHECKING:
    from tests.hub.handler import Handler


@dataclass(frozen=True)
class Asked:
    """What was asked for: the whole file, and the range of it where there was one."""

    data: bytes
    first: int
    last: int
    ranged: bool

    @property
    def body(self) -> bytes:
        return self.data[self.first : self.last + 1]

    def span(self, shift: int = 0, more: int = 0) -> dict[str, str]:
        """Return the headers of a range, moved by some bytes, of a longer file."""
        if not self.ranged:
            return {}
        ends = f"{self.first + shift}-{self.last}"
        return {"Content-Range": f"bytes {ends}/{len(self.data) + more}"}

    @property
    def status(self) -> int:
        return 206 if self.ranged else 200


Answer = Callable[["Handler", Fault, Asked], None]


def _status(handler: Handler, fault: Fault, _asked: Asked) -> None:
    handler.reply(fault.after or 403, b"no")


def _later(handler: Handler, fault: Fault, _asked: Asked) -> None:
    handler.reply(429, b"", headers={"Retry-After": fault.text})


def _shifted(handler: Handler, fault: Fault, asked: Asked) -> None:
    handler.reply(206, asked.body[fault.after :], headers=asked.span(fault.after))


def _total(handler: Handler, fault: Fault, asked: Asked) -> None:
    handler.reply(asked.status, asked.body, headers=asked.span(more=fault.after))


def _page(handler: Handler, _fault: Fault, _asked: Asked) -> None:
    handler.reply(200, b"<html><form>log in</form></html>", "text/html")


def _empty(handler: Handler, _fault: Fault, asked: Asked) -> None:
    handler.reply(asked.status, b"", headers=asked.span())


def _hangup(handler: Handler, _fault: Fault, _asked: Asked) -> None:
    handler.close_connection = True


def _nonsense(handler: Handler, _fault: Fault, _asked: Asked) -> None:
    handler.wfile.write(b"\x16\x03\x01 SSH-2.0 220 ready\r\n\r\n")
    handler.close_connection = True


def _chunked(handler: Handler, fault: Fault, asked: Asked) -> None:
    handler.send_response(asked.status)
    handler.send_header("Content-Type", "application/octet-stream")
    handler.send_header("Transfer-Encoding", "chunked")
    for name, value in asked.span().items():
        handler.send_header(name, value)
    handler.end_headers()
    half = len(asked.body) // 2
    for part in (asked.body[:half], asked.body[half:]):
        if part:
            handler.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
        if fault.kind == "torn":
            handler.wfile.write(b"no-number\r\n\r\n")
            handler.close_connection = True
            return
    handler.wfile.write(b"0\r\n\r\n")


def _packed(handler: Handler, _fault: Fault, asked: Asked) -> None:
    headers = {**asked.span(), "Content-Encoding": "gzip"}
    handler.reply(asked.status, gzip.compress(asked.body, 1), headers=headers)


def _loop(handler: Handler, _fault: Fault, _asked: Asked) -> None:
    handler.reply(302, b"", headers={"Location": handler.path})


def _other(handler: Handler, _fault: Fault, asked: Asked) -> None:
    handler.reply(asked.status, bytes(len(asked.body)), headers=asked.span())


def _early(handler: Handler, _fault: Fault, asked: Asked) -> None:
    handler.wfile.write(b"HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n")
    handler.reply(asked.status, asked.body, headers=asked.span())


ANSWERS: dict[Kind, Answer] = {
    "denied": _status, "status": _status, "later": _later, "shifted": _shifted, "total": _total,
    "page": _page, "empty": _empty, "hangup": _hangup, "nonsense": _nonsense,
    "chunked": _chunked, "torn": _chunked, "packed": _packed, "loop": _loop, "other": _other,
    "early": _early,
}  # fmt: skip
