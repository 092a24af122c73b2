"""Answers that are lies, or broken, down to their bytes; each takes the place of a file's own."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from tests.hub.faults import Fault, Kind
from tests.hub.odd import Answer, Asked

if TYPE_CHECKING:
    from tests.hub.handler import Handler

_ETAGS = itertools.count()


def _raw(handler: Handler, status: str, headers: dict[str, str], body: bytes) -> None:
    """Send just this, and close the connection."""
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    handler.wfile.write(f"{status}\r\n{head}\r\n".encode() + body)
    handler.close_connection = True


def _length(asked: Asked) -> dict[str, str]:
    return {**asked.span(), "Content-Length": str(len(asked.body))}


def _ok(asked: Asked, version: str = "1.1") -> str:
    return f"HTTP/{version} {asked.status} OK"


def _redirect(location: str) -> Answer:
    def answer(handler: Handler, _fault: Fault, _asked: Asked) -> None:
        to = location.replace("PATH", handler.path)
        handler.reply(302, b"", headers={"Location": to} if to else {})

    return answer


def _status(code: int) -> Answer:
    def answer(handler: Handler, _fault: Fault, _asked: Asked) -> None:
        handler.reply(code, b"")

    return answer


def _whole(handler: Handler, _fault: Fault, asked: Asked) -> None:
    handler.reply(200, asked.data)


def _partial(handler: Handler, _fault: Fault, asked: Asked) -> None:
    size = len(asked.data)
    headers = {"Content-Range": f"bytes {asked.first}-{asked.last}/{size}"}
    handler.reply(206, asked.body, headers=headers)


def _no_range(handler: Handler, _fault: Fault, asked: Asked) -> None:
    handler.reply(416, b"", headers={"Content-Range": f"bytes */{len(asked.data)}"})


def _portal(handler: Handler, _fault: Fault, asked: Asked) -> None:
    page = b"<!doctype html><html><form>log in</form>".ljust(len(asked.body))
    handler.reply(asked.status, page[: len(asked.body)], "text/html", headers=asked.span())


def _old(handler: Handler, _fault: Fault, asked: Asked) -> None:
    _raw(handler, _ok(asked, "1.0"), asked.span(), asked.body)


def _twice(handler: Handler, _fault: Fault, asked: Asked) -> None:
    headers = {**_length(asked), "content-length": str(len(asked.body) // 2)}
    _raw(handler, _ok(asked), headers, asked.body)


def _figure(handler: Handler, _fault: Fault, asked: Asked) -> None:
    _raw(handler, _ok(asked), {**asked.span(), "Content-Length": "-1 bytes"}, asked.body)


def _huge(handler: Handler, _fault: Fault, asked: Asked) -> None:
    many = {f"X-{n}": "x" * 5000 for n in range(150)}
    _raw(handler, _ok(asked), {**many, **_length(asked)}, asked.body)


def _head(handler: Handler, _fault: Fault, asked: Asked) -> None:
    handler.wfile.write(f"{_ok(asked)}\r\nContent-Le".encode())
    handler.close_connection = True


def _parts(handler: Handler, _fault: Fault, asked: Asked) -> None:
    span = f"bytes {asked.first}-{asked.last}/{len(asked.data)}"
    head = f"--b\r\nContent-Type: application/octet-stream\r\nContent-Range: {span}\r\n\r\n"
    body = head.encode() + asked.body + b"\r\n--b--\r\n"
    handler.reply(206, body, "multipart/byteranges; boundary=b")


def _trailers(handler: Handler, _fault: Fault, asked: Asked) -> None:
    half = len(asked.body) // 2
    body = b"".join(
        b"%x;name=value\r\n%s\r\n" % (len(part), part)
        for part in (asked.body[:half], asked.body[half:])
        if part
    )
    headers = {**asked.span(), "Transfer-Encoding": "chunked", "Trailer": "X-Sum"}
    _raw(handler, _ok(asked), headers, body + b"0\r\nX-Sum: 1\r\n\r\n")


def _etag(handler: Handler, _fault: Fault, asked: Asked) -> None:
    headers = {**asked.span(), "ETag": f'"{next(_ETAGS)}"'}
    handler.reply(asked.status, asked.body, headers=headers)


def _squeezed(handler: Handler, _fault: Fault, asked: Asked) -> None:
    headers = {**asked.span(), "Content-Encoding": "gzip"}
    handler.reply(asked.status, asked.body, headers=headers)


def _double(handler: Handler, _fault: Fault, asked: Asked) -> None:
    more = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nmore"
    _raw(handler, _ok(asked), _length(asked), asked.body + more)


LIES: dict[Kind, Answer] = {
    "whole": _whole, "partial": _partial, "no_range": _no_range, "portal": _portal,
    "stranger": _redirect("http://127.0.0.1:9PATH"), "relative": _redirect("PATH&again=1"),
    "scheme": _redirect("file:///etc/passwd"), "nowhere": _redirect(""), "old": _old,
    "twice": _twice, "figure": _figure, "huge": _huge, "head": _head, "gone": _status(410),
    "nothing": _status(204), "who": _status(407), "parts": _parts, "trailers": _trailers,
    "etag": _etag, "squeezed": _squeezed, "double": _double,
}  # fmt: skip
