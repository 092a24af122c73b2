"""A mirror that strangers reach: lines held open, endless requests, more lines than places."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from setup_assistant.cli.mirror import _token
from setup_assistant.errors import SetupError
from setup_assistant.mirror import server
from setup_assistant.mirror.connections import Places
from setup_assistant.mirror.server import MirrorServer
from tests.mirror.test_mirror import ask, of_file

GET = f"GET {of_file('config.json')} HTTP/1.1\r\nHost: x\r\n".encode()


@contextlib.contextmanager
def line(server: MirrorServer) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=600) as found:
        yield found


def rest(of: socket.socket) -> bytes:
    """Return all that still comes, up to the end of the connection."""
    found = b""
    with contextlib.suppress(ConnectionError):
        while block := of.recv(65536):
            found += block
    return found


@pytest.fixture
def hasty(mirror: MirrorServer, monkeypatch: pytest.MonkeyPatch) -> MirrorServer:
    monkeypatch.setattr(mirror.RequestHandlerClass, "head_seconds", 0.5)
    monkeypatch.setattr(mirror.RequestHandlerClass, "idle_seconds", 0.5)
    return mirror


def test_a_request_that_comes_byte_by_byte_is_cut_off(hasty: MirrorServer) -> None:
    with line(hasty) as slow:
        slow.sendall(GET)
        over = threading.Event()

        def trickle() -> None:
            with contextlib.suppress(OSError):
                while not over.wait(0.1):
                    slow.sendall(b"x")

        thread = threading.Thread(target=trickle)
        thread.start()
        # It ends although something arrives all the time.
        assert rest(slow) == b""
        over.set()
        thread.join()
    assert ask(hasty, of_file("config.json"))[0] == 200


def test_a_line_on_which_nothing_comes_is_closed(hasty: MirrorServer) -> None:
    with line(hasty) as silent:
        assert rest(silent) == b""
    with line(hasty) as idle:
        idle.sendall(GET + b"\r\n")
        assert rest(idle).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n\r\n", b"HTTP/1.1 414"),
        (b"GET http://[x HTTP/1.1\r\nConnection: close\r\n\r\n", b"HTTP/1.1 400"),
        (b"GET /?" + b"a=1&" * 900 + b" HTTP/1.1\r\nConnection: close\r\n\r\n", b"HTTP/1.1 400"),
        (
            b"nonsense\r\n\r\n",
            (b"<!DOCTYPE HTML>", b"HTTP/1.1 400"),
        ),  # the latter from Python 3.14 on
        (GET + b"A: " + b"b" * 40_000 + b"\r\n\r\n", b""),
        (GET + b"Content-Length: 9\r\n\r\nGET / HTT", b"HTTP/1.1 200"),
    ],
)
def test_odd_requests_end(
    mirror: MirrorServer, sent: bytes, status: bytes | tuple[bytes, ...]
) -> None:
    with line(mirror) as odd:
        with contextlib.suppress(ConnectionError):
            odd.sendall(sent)
        said = rest(odd)
    assert said.startswith(status)
    assert said.count(b"HTTP/1.1") <= 1
    assert ask(mirror, of_file("config.json"))[0] == 200


def test_there_are_so_many_places(mirror: MirrorServer) -> None:
    mirror.places = Places(2, 2)
    with line(mirror) as one, line(mirror) as two:
        for held in (one, two):
            held.sendall(GET + b"\r\n")
            assert held.recv(12) == b"HTTP/1.1 200"
        with line(mirror) as third:
            assert rest(third).startswith(b"HTTP/1.1 503")
    while True:
        # A place is given back once its thread has seen the end.
        with contextlib.suppress(OSError):
            if ask(mirror, of_file("config.json"))[0] == 200:
                break


def test_one_address_does_not_take_them_all() -> None:
    places = Places(3, 2)
    assert [places.take("a"), places.take("a"), places.take("a")] == [True, True, False]
    assert [places.take("b"), places.take("b")] == [True, False]
    places.leave("a")
    assert places.take("b")


def test_the_addresses_to_use_are_said() -> None:
    found = server.addresses("0.0.0.0", 8000)
    assert found
    assert all("0.0.0.0" not in a for a in found)
    assert "http://127.0.0.1:8000" in found
    assert server.addresses("192.0.2.1", 80) == ["http://192.0.2.1:80"]
    assert server.addresses("2001:db8::1", 80) == ["http://[2001:db8::1]:80"]


def test_a_token_comes_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("lab-token\n")
    assert _token(None, file) == "lab-token"
    file.write_text("\n")
    with pytest.raises(SetupError) as caught:
        _token(None, file)
    assert caught.value.code == "file_invalid"
