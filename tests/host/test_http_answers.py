"""Answers that no server gives who means well: they end in an error that says so, and soon."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from setup_assistant.host.http import Http, WebError

_LONG = b"9" * 5000
_BAD_NUMBERS = {
    "length-superscript": b"200 OK\r\nContent-Length: \xb2",
    "length-of-thousands-of-digits": b"200 OK\r\nContent-Length: " + _LONG,
    "total-of-thousands-of-digits": b"206 OK\r\nContent-Range: bytes 0-1/" + _LONG,
    "first-of-thousands-of-digits": b"206 OK\r\nContent-Range: bytes " + _LONG + b"-1/2",
}


@contextmanager
def answering(first: bytes, *, endless: bytes = b"") -> Iterator[str]:
    """Answer each connection with the same bytes, then with others as long as they are taken."""
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer(line: socket.socket) -> None:
            with line, contextlib.suppress(OSError):
                line.recv(1 << 16)
                line.sendall(first)
                while endless and not done.wait(0.01):
                    line.sendall(endless)

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    line = server.accept()[0]
                    threading.Thread(target=answer, args=(line,), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}/a"
        finally:
            done.set()
            server.shutdown(socket.SHUT_RDWR)


def read(url: str) -> bytes:
    http = Http(silence=10, connect=10)
    try:
        return http.read(url, 1000)[0]
    finally:
        http.close()


@pytest.mark.parametrize("head", _BAD_NUMBERS.values(), ids=_BAD_NUMBERS)
def test_a_number_that_is_none_says_nothing(head: bytes) -> None:
    with answering(b"HTTP/1.1 " + head + b"\r\n\r\nxx") as url:
        assert read(url) == b"xx"


def test_a_size_that_is_none_in_a_refusal_says_nothing() -> None:
    head = b"HTTP/1.1 416 x\r\nContent-Length: 0\r\nContent-Range: bytes */"
    with answering(head + _LONG + b"\r\n\r\n") as url, pytest.raises(WebError) as caught:
        read(url)
    assert (caught.value.reason, caught.value.detail.args) == ("range", {"size": None})


@pytest.mark.timeout(60)
@pytest.mark.parametrize("chunked", [True, False])
def test_a_redirect_whose_page_has_no_end_is_followed(chunked: bool) -> None:
    with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok") as target:
        head = b"HTTP/1.1 302 x\r\nLocation: " + target.encode() + b"\r\n"
        head += b"Transfer-Encoding: chunked\r\n\r\n" if chunked else b"\r\n"
        with answering(head, endless=b"5\r\nhello\r\n") as url:
            assert read(url) == b"ok"
